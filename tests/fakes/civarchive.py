"""A CivArchive of a few documents, with the habits of the real one.

cd tests && python -m fakes.civarchive --port 8701
"""

from __future__ import annotations

import argparse
import json
import re
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from loradex.demo.hub_http import LoopbackServer, Misbehaviour, Reply, Request
from loradex.demo.hub_plan import Plan

SAMPLES = Path(__file__).parents[1] / "hub" / "samples"
_ODD = 100_000_000


class FakeCivArchive:
    """A server on loopback; a context manager. `documents` are answers as the archive gives them.

    It follows a version whatever model it is asked for, takes whole SHA-256 digests in lower case
    only, and breaks on ids of its own making. `plan` replaces answers.
    """

    def __init__(self, *documents: dict[str, Any], port: int = 0) -> None:
        self.documents = list(documents)
        self.plan = Plan()
        self._server = LoopbackServer(self.plan.before(self._answer), port)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def requests(self) -> list[Request]:
        return self._server.requests

    def asked(self) -> list[str]:
        """Return the paths that were asked for."""
        return [request.path for request in self.requests]

    def __enter__(self) -> Self:
        self._server.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()

    def _answer(self, request: Request) -> Reply | Misbehaviour:
        if request.method != "GET":
            return answer({"error": "Method not allowed"}, 405)
        if match := re.fullmatch(r"/api/sha256/([0-9a-f]{64})", request.path):
            return self._first(lambda document: match[1] in _digests(document))
        if match := re.fullmatch(r"/api/models/(\d+)", request.path):
            version = request.value("modelVersionId")
            if int(match[1]) >= _ODD or int(version or 0) >= _ODD:
                return answer({"error": "Internal Server Error"}, 500)
            if version is not None:
                return self._first(lambda document: _version(document).get("id") == int(version))
            return self._first(lambda document: _content(document).get("id") == int(match[1]))
        return answer({"error": "Not found"}, 404)

    def _first(self, fits: Any) -> Reply:
        found = next((document for document in self.documents if fits(document)), None)
        return answer({"error": "Not found"}, 404) if found is None else answer(found)


def answer(document: object, status: int = 200) -> Reply:
    """Return a document as the archive's answer."""
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(document).encode())


def too_much(seconds: int | None = 1500) -> Reply:
    """Return the refusal that asks to be left alone for long."""
    refused = answer({"error": "Too many requests"}, 429)
    if seconds is not None:
        refused.headers["Retry-After"] = str(seconds)
    return refused


def sample_document() -> dict[str, Any]:
    """Return the sample: the SDXL LoRA, gone from CivitAI, mirrored on Hugging Face."""
    text = (SAMPLES / "civarchive/sha256.lora-sdxl.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def _content(document: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = document.get("data", document)
    return content


def _version(document: dict[str, Any]) -> dict[str, Any]:
    content = _content(document)
    version: dict[str, Any] = content.get("version") or content.get("model", {}).get("version", {})
    return version


def _digests(document: dict[str, Any]) -> list[str]:
    files = _version(document).get("files") or _content(document).get("files", [])
    return [file.get("sha256", "") for file in files]


def main() -> None:
    """Serve the sample until interrupted; print the archive's address first."""
    parser = argparse.ArgumentParser(description="A CivArchive on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    options = parser.parse_args()
    with FakeCivArchive(sample_document(), port=options.port) as archive:
        print(archive.url, flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
