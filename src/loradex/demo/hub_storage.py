"""Where downloads and pictures come from: another origin, which must never see the key."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from loradex.demo.hub_http import Connection, LoopbackServer, Misbehaviour, Reply, Request
from loradex.demo.hub_world import World, WorldFile

_XML = {"Content-Type": "application/xml"}
_BLOCK = 1024 * 1024
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


@dataclass(slots=True)
class StorageScenario:
    """Switches for trouble with the bytes themselves.

    `link_seconds`: how long a signed link lives. `ignore_range`: answer 200 to a range.
    `wrong_bytes`: right length, wrong content. `cut_after`: hang up after so many bytes.
    """

    link_seconds: float = 86_400
    ignore_range: bool = False
    wrong_bytes: bool = False
    cut_after: int | None = None


class Storage:
    """Serves files of the world by signed links, and its pictures to anybody."""

    def __init__(self, world: World, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.scenario = StorageScenario()
        self.server = LoopbackServer(self._answer)
        self._files = {
            file.id: file for model in world.models for v in model.versions for file in v.files
        }
        self._images = {
            image.id: image for model in world.models for v in model.versions for image in v.images
        }

    def link_to(self, file: WorldFile) -> str:
        """Return a link to the bytes of `file` that is good for a while."""
        expires = int(self._clock() + self.scenario.link_seconds)
        signature = _signature(file.id, expires)
        disposition = quote(f'attachment; filename="{file.name}"')
        return (
            f"{self.server.url}/files/{file.id}?X-Amz-Expires={expires}"
            f"&response-content-disposition={disposition}&X-Amz-Signature={signature}"
        )

    def _answer(self, request: Request) -> Reply | Misbehaviour:
        if "authorization" in request.headers:
            return _refusal(400, "InvalidRequest", "Only one auth mechanism allowed")
        if request.method != "GET":
            return _refusal(403, "SignatureDoesNotMatch", "The signature covers the method")
        if match := re.fullmatch(r"/files/(\d{1,18})", request.path):
            return self._file(request, int(match[1]))
        if match := re.fullmatch(r"/[^/]+/[^/]+/[^/]+/(\d{1,18})\.\w+", request.path):
            return self._picture(int(match[1]))
        return _refusal(404, "NoSuchKey", "The specified key does not exist")

    def _file(self, request: Request, file_id: int) -> Reply | Misbehaviour:
        file = self._files.get(file_id)
        given = request.value("X-Amz-Expires") or ""
        expires = int(given) if re.fullmatch(r"\d{1,12}", given) else 0
        if request.value("X-Amz-Signature") != _signature(file_id, expires):
            return _refusal(403, "SignatureDoesNotMatch", "The signature does not match")
        if expires <= self._clock():
            return _refusal(403, "AccessDenied", "Request has expired")
        if file is None or file.path is None or not Path(file.path).is_file():
            return _refusal(404, "NoSuchKey", "The specified key does not exist")
        disposition = request.value("response-content-disposition") or "attachment"
        return self._bytes(request, Path(file.path), disposition)

    def _bytes(self, request: Request, path: Path, disposition: str) -> Reply | Misbehaviour:
        size = path.stat().st_size
        headers = {
            "Content-Type": "application/octet-stream",
            # The bytes are UTF-8 although headers are Latin-1: so does the real storage.
            "Content-Disposition": disposition.encode().decode("latin-1"),
            "Accept-Ranges": "bytes",
        }
        asked = _RANGE.fullmatch(request.headers.get("range", ""))
        if asked is None or self.scenario.ignore_range:
            return _FileBytes(200, headers, path, 0, size, self.scenario)
        start = int(asked[1])
        end = min(int(asked[2]) + 1 if asked[2] else size, size)
        if start >= end:
            headers = _XML | {"Content-Range": f"bytes */{size}"}
            return Reply(416, headers, _xml("InvalidRange", "The range is not satisfiable"))
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        return _FileBytes(206, headers, path, start, end, self.scenario)

    def _picture(self, image_id: int) -> Reply | Misbehaviour:
        image = self._images.get(image_id)
        if image is None or image.path is None or not Path(image.path).is_file():
            return _refusal(404, "NotFound", "No such image")
        suffix = Path(image.path).suffix.lower().removeprefix(".")
        kind = {"jpg": "image/jpeg", "mp4": "video/mp4"}.get(suffix, f"image/{suffix}")
        path = Path(image.path)
        return _FileBytes(
            200, {"Content-Type": kind}, path, 0, path.stat().st_size, StorageScenario()
        )


@dataclass(frozen=True, slots=True)
class _FileBytes:
    """Streams `path[start:end]` without holding it in memory."""

    status: int
    headers: dict[str, str]
    path: Path
    start: int
    end: int
    scenario: StorageScenario

    def perform(self, connection: Connection) -> None:
        """Send the bytes, or those that the scenario lets through."""
        connection.start(self.status, self.headers | {"Content-Length": str(self.end - self.start)})
        left = self.end - self.start
        if self.scenario.cut_after is not None:
            left = min(left, self.scenario.cut_after)
        with self.path.open("rb") as file:
            file.seek(self.start)
            while left > 0 and (block := file.read(min(left, _BLOCK))):
                sent = bytes(len(block)) if self.scenario.wrong_bytes else block
                connection.wfile.write(sent)
                left -= len(block)


def _signature(file_id: int, expires: int) -> str:
    return hashlib.sha256(f"local hub {file_id} {expires}".encode()).hexdigest()


def _xml(code: str, text: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
    ).encode()


def _refusal(status: int, code: str, text: str) -> Reply:
    return Reply(status, _XML, _xml(code, text))
