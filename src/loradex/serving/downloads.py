"""`GET /api/download/models/:id`: the bytes of a file, whole or in part."""

from __future__ import annotations

from email.utils import formatdate
from urllib.parse import quote

import anyio
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from loradex.catalog.catalog import Catalog
from loradex.serving.answers import error
from loradex.serving.current import CurrentShelf
from loradex.serving.endpoints import id_in
from loradex.serving.files import File, file_document, files_of
from loradex.serving.links import Links
from loradex.serving.loaded import load
from loradex.serving.opening import OpenFile, open_content
from loradex.serving.ranges import Span, wanted_span
from loradex.serving.sending import READERS, SendFile
from loradex.serving.shelf import Shelf, Version
from loradex.serving.workers import Workers

_DESCRIBED = ("format", "size", "fp", "quantType")


class Downloads:
    """Sends files of the catalog. A request gives numbers; the catalog says where the file is."""

    def __init__(self, catalog: Catalog, current: CurrentShelf, workers: Workers) -> None:
        self._catalog = catalog
        self._current = current
        self._workers = workers
        self._readers = anyio.CapacityLimiter(READERS)

    async def download(self, request: Request) -> Response | SendFile:
        """Answer with the bytes that are asked for."""
        version_id = id_in(request)
        found = await self._workers.run(lambda: self._find(version_id, request.query_params))
        if found is None:
            return error(404, "File not found")
        file, opened = found
        etag = f'"{file.content.sha256}"'
        span = wanted_span(request.headers, opened.size, etag)
        if span.status == 412:
            opened.close()
            return error(412, "The file is another one")
        if span.status == 416:
            opened.close()
            beyond = {"Content-Range": f"bytes */{opened.size}"}
            return error(416, "Range not satisfiable", headers=beyond)
        return SendFile(opened, span, _headers(file, opened, span, etag), self._readers)

    def _find(self, version_id: int, query: QueryParams) -> tuple[File, OpenFile] | None:
        shelf = self._current.now()
        version = shelf.versions.get(version_id)
        if version is None:
            return None
        for file in self._wanted(shelf, version, query):
            opened = open_content(file.content, self._catalog.served.places(file.content.id))
            if opened is not None:
                return file, opened
        return None

    def _wanted(self, shelf: Shelf, version: Version, query: QueryParams) -> list[File]:
        """Return the file that is meant: by its id, else the first that fits its description."""
        told = load(self._catalog, [version]).files.get((version.hub or "", version.id), ())
        files = files_of(shelf, version, told)
        if "fileId" in query:
            return [file for file in files if str(file.id) == query["fileId"]][:1]
        return [file for file in files if _fits(file, version, query)][:1]


def _fits(file: File, version: Version, query: QueryParams) -> bool:
    document = file_document(file, version, Links(""), primary=False)
    metadata = document["metadata"]
    has = {"type": document["type"]} | (metadata if isinstance(metadata, dict) else {})
    return all(query[name] == has.get(name) for name in ("type", *_DESCRIBED) if name in query)


def _headers(file: File, opened: OpenFile, span: Span, etag: str) -> dict[str, str]:
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": _disposition(file.name),
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Last-Modified": formatdate(opened.mtime_ns / 1e9, usegmt=True),
        "Cache-Control": "private, no-cache",
    }
    if span.status != 304:
        headers["Content-Length"] = str(span.length)
    if span.status == 206:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{opened.size}"
    return headers


def _disposition(name: str) -> str:
    """Return the header that names the file: plainly, and in UTF-8 (RFC 6266, RFC 8187)."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"%' else "_" for c in last)
    encoded = quote(last.encode("utf-8", "backslashreplace"), safe="")
    return f"attachment; filename=\"{plain or 'model'}\"; filename*=UTF-8''{encoded or 'model'}"
