"""Where downloads and pictures come from: another origin, which must never see the key."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from loradex.demo.hub_file_bytes import FileBytes, StorageScenario
from loradex.demo.hub_http import LoopbackServer, Misbehaviour, Reply, Request
from loradex.demo.hub_world import World, WorldFile

__all__ = ["Storage", "StorageScenario"]

_XML = {"Content-Type": "application/xml"}
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


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
        scenario = self.scenario
        if scenario.instead is not None:
            return scenario.instead
        info = path.stat()
        size = info.st_size
        etag = scenario.etag if scenario.etag is not None else f'"{info.st_mtime_ns:x}-{size:x}"'
        headers = {
            "Content-Type": "application/octet-stream",
            # The bytes are UTF-8 although headers are Latin-1: so does the real storage.
            "Content-Disposition": disposition.encode().decode("latin-1"),
            "Accept-Ranges": "none" if scenario.ignore_range else "bytes",
        }
        if etag:
            headers["ETag"] = etag
        asked = _RANGE.fullmatch(request.headers.get("range", ""))
        another = request.headers.get("if-range", etag) != etag
        if asked is None or another or scenario.ignore_range:
            return FileBytes(200, headers, path, 0, size, scenario)
        start = int(asked[1])
        end = min(int(asked[2]) + 1 if asked[2] else size, size)
        if start >= end or scenario.refuse_range:
            headers = _XML | {"Content-Range": f"bytes */{size}"}
            return Reply(416, headers, _xml("InvalidRange", "The range is not satisfiable"))
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        return FileBytes(206, headers, path, start, end, scenario)

    def _picture(self, image_id: int) -> Reply | Misbehaviour:
        image = self._images.get(image_id)
        if image is None or image.path is None or not Path(image.path).is_file():
            return _refusal(404, "NotFound", "No such image")
        suffix = Path(image.path).suffix.lower().removeprefix(".")
        kind = {"jpg": "image/jpeg", "mp4": "video/mp4"}.get(suffix, f"image/{suffix}")
        path = Path(image.path)
        size = path.stat().st_size
        return FileBytes(200, {"Content-Type": kind}, path, 0, size, StorageScenario())


def _signature(file_id: int, expires: int) -> str:
    return hashlib.sha256(f"local hub {file_id} {expires}".encode()).hexdigest()


def _xml(code: str, text: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
    ).encode()


def _refusal(status: int, code: str, text: str) -> Reply:
    return Reply(status, _XML, _xml(code, text))
