"""A Hugging Face Hub of a few repositories: its API, its files, and the storage they lie in.

cd tests && python -m fakes.huggingface --port 8700
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from loradex.demo.hub_http import LoopbackServer, Misbehaviour, Reply, Request
from loradex.demo.hub_plan import Plan
from loradex.demo.hub_sample_world import rebuilt

SAMPLES = Path(__file__).parents[1] / "hub" / "samples"
_LARGE = (".safetensors", ".gguf", ".bin", ".ckpt", ".pt", ".png", ".mp4")
_SORTS = {
    "downloads": lambda repo: repo.downloads,
    "likes": lambda repo: repo.likes,
    "createdAt": lambda repo: repo.created_at,
    "lastModified": lambda repo: repo.last_modified,
}
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repo:
    """One repository. `files` are paths to bytes; large ones lie in the storage (LFS).

    `gated` and `private` ones give their files, or anything at all, only to tokens in `allowed`.
    """

    id: str
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    card: dict[str, Any] | None = None
    tags: tuple[str, ...] = ()
    pipeline_tag: str | None = "text-to-image"
    downloads: int | None = 0
    likes: int | None = 0
    gated: str | bool = False
    private: bool = False
    disabled: bool = False
    allowed: tuple[str, ...] = ()
    created_at: str = "2026-02-11T11:20:00.000Z"
    last_modified: str = "2026-02-12T10:02:11.000Z"
    commit: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    """Keys that replace those of its documents."""

    @property
    def sha(self) -> str:
        """Return its one commit; `main` points to it."""
        return self.commit or hashlib.sha1(self.id.encode()).hexdigest()  # noqa: S324 - as git does

    def knows(self, revision: str | None) -> bool:
        return revision in (None, "main", self.sha)

    def document(self, *, siblings: bool, blobs: bool, card: bool) -> dict[str, Any]:
        document: dict[str, Any] = {
            "id": self.id,
            "modelId": self.id,
            "sha": self.sha,
            "private": self.private,
            "gated": self.gated,
            "disabled": self.disabled,
            "downloads": self.downloads,
            "likes": self.likes,
            "tags": list(self.tags),
            "createdAt": self.created_at,
            "lastModified": self.last_modified,
        }
        if "/" in self.id:
            document["author"] = self.id.partition("/")[0]
        if self.pipeline_tag:
            document["pipeline_tag"] = self.pipeline_tag
        if card and self.card is not None:
            document["cardData"] = self.card
        if siblings:
            document["siblings"] = [
                _sibling(path, data, blobs) for path, data in self.files.items()
            ]
        return document | self.more


def _sibling(path: str, data: bytes, blobs: bool) -> dict[str, Any]:
    sibling: dict[str, Any] = {"rfilename": path}
    if blobs:
        sibling |= {"size": len(data), "blobId": _git_id(data)}
        if _is_large(path):
            sibling["lfs"] = {"sha256": _sha256(data), "size": len(data), "pointerSize": 130}
    return sibling


def _entry(path: str, data: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "file",
        "oid": _git_id(data),
        "size": len(data),
        "path": path,
    }
    if _is_large(path):
        entry["lfs"] = {"oid": _sha256(data), "size": len(data), "pointerSize": 130}
    return entry


class FakeHuggingFace:
    """Two servers on loopback, the Hub and its storage. A context manager.

    `tokens` are the good ones and whom they belong to. `plan` and `storage_plan` replace answers.
    """

    def __init__(
        self, *repos: Repo, tokens: dict[str, str] | None = None, port: int = 0, page: int = 1000
    ) -> None:
        self.repos = {repo.id: repo for repo in repos}
        self.tokens = tokens or {}
        self.page = page
        """Most results on a page."""
        self.plan = Plan()
        self.storage_plan = Plan()
        self._server = LoopbackServer(self.plan.before(self._answer), port)
        self._storage = LoopbackServer(self.storage_plan.before(self._stored))

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def requests(self) -> list[Request]:
        return self._server.requests

    @property
    def storage_requests(self) -> list[Request]:
        return self._storage.requests

    def asked(self) -> list[str]:
        """Return methods and paths of the requests so far."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def __enter__(self) -> Self:
        self._storage.open()
        self._server.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        self._storage.close()

    def _answer(self, request: Request) -> Reply | Misbehaviour:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if key and key not in self.tokens:
            return refusal(401, None, "Invalid credentials in Authorization header")
        routes: tuple[tuple[str, Callable[..., Reply]], ...] = (
            (r"/api/whoami-v2", self._whoami),
            (r"/api/models", self._list),
            (r"/api/models/([^/]+/[^/]+|[^/]+)", self._info),
            (r"/api/models/(.+?)/revision/(.+)", self._info),
            (r"/api/models/(.+?)/tree/([^/]+)(?:/.*)?", self._tree),
            (r"/api/models/(.+?)/paths-info/([^/]+)", self._paths),
            (r"/(.+?)/resolve/([^/]+)/(.+)", self._resolve),
        )
        for pattern, handler in routes:
            if match := re.fullmatch(pattern, request.path):
                return handler(request, key, *match.groups())
        return refusal(404, None, "Not found")

    def _whoami(self, request: Request, key: str) -> Reply:
        if not key:
            return refusal(401, None, "Invalid credentials in Authorization header")
        token = {"accessToken": {"role": "read"}}
        return reply({"type": "user", "name": self.tokens[key], "auth": token})

    def _list(self, request: Request, key: str) -> Reply:
        found = [repo for repo in self.repos.values() if _fits(repo, request)]
        sort = _SORTS.get(request.value("sort") or "")
        if sort is not None:
            found.sort(key=lambda repo: sort(repo) or 0, reverse=True)
        limit = min(int(request.value("limit") or self.page), self.page)
        start = int(request.value("cursor") or 0)
        full = request.value("full") is not None
        card = request.value("cardData") is not None
        documents = [
            repo.document(siblings=full, blobs=False, card=card)
            for repo in found[start : start + limit]
        ]
        answer = reply(documents)
        if start + limit < len(found):
            rest = [(k, v) for k, v in request.query if k != "cursor"]
            pairs = [*rest, ("cursor", str(start + limit))]
            query = "&".join(f"{quote(key)}={quote(value)}" for key, value in pairs)
            answer.headers["Link"] = f'<{self.url}/api/models?{query}>; rel="next"'
        return answer

    def _info(self, request: Request, key: str, slug: str, revision: str | None = None) -> Reply:
        repo = self._repo(slug, revision, key)
        if isinstance(repo, Reply):
            return repo
        blobs = request.value("blobs") is not None
        return reply(repo.document(siblings=True, blobs=blobs, card=True))

    def _tree(self, request: Request, key: str, slug: str, revision: str) -> Reply:
        repo = self._repo(slug, revision, key)
        if isinstance(repo, Reply):
            return repo
        return reply([_entry(path, data) for path, data in repo.files.items()])

    def _paths(self, request: Request, key: str, slug: str, revision: str) -> Reply:
        repo = self._repo(slug, revision, key)
        if isinstance(repo, Reply):
            return repo
        asked = re.findall(r"paths=([^&]+)", request.body.decode())
        wanted = {quote(path, safe=""): path for path in repo.files}
        found = [wanted[path] for path in asked if path in wanted]
        return reply([_entry(path, repo.files[path]) for path in found])

    def _resolve(self, request: Request, key: str, slug: str, revision: str, path: str) -> Reply:
        repo = self._repo(slug, revision, key)
        if isinstance(repo, Reply):
            return repo
        if repo.gated and key not in repo.allowed:
            return refusal(403, "GatedRepo", f"Access to model {slug} is restricted.")
        data = repo.files.get(path)
        if data is None:
            return refusal(404, "EntryNotFound", "Entry not found")
        headers = {"X-Repo-Commit": repo.sha, "Accept-Ranges": "bytes"}
        if not _is_large(path):
            return Reply(200, headers | {"ETag": f'"{_git_id(data)}"'}, data)
        digest = _sha256(data)
        link = f"{self._storage.url}/{digest}?X-Amz-Signature={_signature(digest)}"
        linked = {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(data))}
        return Reply(302, headers | linked | {"Location": link})

    def _repo(self, slug: str, revision: str | None, key: str) -> Repo | Reply:
        repo = self.repos.get(slug)
        if repo is None or (repo.private and key not in repo.allowed):
            # Whether it is private or not there at all is not told.
            return refusal(404 if key else 401, "RepoNotFound", "Repository not found")
        if repo.disabled:
            return refusal(403, None, "Access to this resource is disabled.")
        if not repo.knows(revision):
            return refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return repo

    def _stored(self, request: Request) -> Reply | Misbehaviour:
        if "authorization" in request.headers:
            return Reply(400, {"Content-Type": "application/xml"}, b"<Error/>")
        digest = request.path.strip("/")
        if request.value("X-Amz-Signature") != _signature(digest):
            return Reply(403, {"Content-Type": "application/xml"}, b"<Error/>")
        contents = (data for repo in self.repos.values() for data in repo.files.values())
        data = next((data for data in contents if _sha256(data) == digest), b"")
        headers = {"ETag": f'"{digest}"', "Content-Type": "application/octet-stream"}
        asked = _RANGE.fullmatch(request.headers.get("range", ""))
        if asked is None:
            return Reply(200, headers, data)
        start = int(asked[1])
        end = min(int(asked[2]) + 1 if asked[2] else len(data), len(data))
        if start >= end:
            return Reply(416, headers | {"Content-Range": f"bytes */{len(data)}"})
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        return Reply(206, headers, data[start:end])


def reply(document: object, status: int = 200) -> Reply:
    """Return a document as the Hub's answer, with its limits: 500 requests in five minutes."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "RateLimit": '"api";r=499;t=300',
        "RateLimit-Policy": '"fixed window";"api";q=500;w=300',
    }
    return Reply(status, headers, json.dumps(document).encode())


def refusal(status: int, code: str | None, message: str) -> Reply:
    """Return an error as the Hub tells it: in two headers and in the body."""
    answer = reply({"error": message}, status)
    answer.headers["X-Error-Message"] = message
    if code is not None:
        answer.headers["X-Error-Code"] = code
    return answer


def limited(seconds: int) -> Reply:
    """Return the answer to too many requests, which says when the next may come."""
    answer = refusal(429, None, "We had to rate limit you")
    answer.headers["RateLimit"] = f'"api";r=0;t={seconds}'
    return answer


def sample_repos() -> tuple[Repo, Repo]:
    """Return the two repositories of the samples; the LoRA's bytes are CivitAI's 910102."""
    info = json.loads((SAMPLES / "huggingface/model-info.lora-blobs.json").read_text())
    listed = json.loads((SAMPLES / "huggingface/models-list.lora.json").read_text())
    recipes = json.loads((SAMPLES / "support/fixture-files.json").read_text())["files"]
    lora = rebuilt(recipes[0])
    lantern = Repo(
        id=info["id"],
        files={
            ".gitattributes": b"*.safetensors filter=lfs\n",
            "README.md": b"---\ntags: [lora]\n---\n",
            "images/street.png": b"\x89PNG\r\n\x1a\n a street",
            "pytorch_lora_weights.safetensors": lora,
        },
        card=info["cardData"],
        tags=tuple(info["tags"]),
        downloads=info["downloads"],
        likes=info["likes"],
        commit=info["sha"],
        more={"widgetData": info["widgetData"], "library_name": info["library_name"]},
    )
    fog = listed[1]
    gated = Repo(
        id=fog["id"],
        files={sibling["rfilename"]: b"fog" for sibling in fog["siblings"]},
        tags=tuple(fog["tags"]),
        downloads=fog["downloads"],
        likes=fog["likes"],
        gated=fog["gated"],
        created_at=fog["createdAt"],
        last_modified=fog["lastModified"],
        commit=fog["sha"],
    )
    return lantern, gated


def _fits(repo: Repo, request: Request) -> bool:
    author = request.value("author")
    task = request.value("pipeline_tag")
    return (
        not repo.private
        and set(request.values("filter")) <= set(repo.tags)
        and all(text.lower() in repo.id.lower() for text in request.values("search"))
        and (author is None or repo.id.startswith(f"{author}/"))
        and (task is None or repo.pipeline_tag == task)
    )


def _is_large(path: str) -> bool:
    return path.endswith(_LARGE)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _git_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # noqa: S324 - as git does


def _signature(digest: str) -> str:
    return hashlib.sha256(f"storage {digest}".encode()).hexdigest()


def main() -> None:
    """Serve the samples' repositories until interrupted; print the Hub's address first."""
    parser = argparse.ArgumentParser(description="A Hugging Face Hub on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    options = parser.parse_args()
    with FakeHuggingFace(
        *sample_repos(), tokens={"hf_local": "paperlantern"}, port=options.port
    ) as hub:
        print(hub.url, flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
