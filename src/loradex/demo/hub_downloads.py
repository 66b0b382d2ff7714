"""`GET /api/download/models/:id`: the hub's checks in their order, then a signed link elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from loradex.demo.hub_http import NO_STORE, Reply, Request, json_reply
from loradex.demo.hub_index import Place, WorldIndex
from loradex.demo.hub_parts import primary_file
from loradex.demo.hub_storage import Storage
from loradex.demo.hub_world import WorldFile

BROWSER_WORDS = ("mozilla", "chrome", "safari", "firefox", "opera", "edge")
"""A User-Agent with one of these gets pages to look at in place of errors to read."""

_FORMATS = ("SafeTensor", "PickleTensor", "GGUF", "Diffusers", "Core ML", "ONNX", "Other")
_DISABLED = "The creator of this asset has disabled downloads on this file"
_LOGIN = "The creator of this asset requires you to be logged in to download it"
_EARLY = "This asset is in Early Access. You can use Buzz access it now!"


@dataclass(slots=True)
class DownloadScenario:
    """Switches for the redirect.

    `location` replaces the target; in it `{link}` stands for the true one, and `{schemeless}`
    for the same without `http:`. `granted`: whether accounts may have what they ask for.
    """

    location: str | None = None
    granted: bool = True


class DownloadRoute:
    """Redirects to storage, or says why not (docs/civitai.md)."""

    def __init__(self, index: WorldIndex, storage: Storage) -> None:
        self._index = index
        self._storage = storage
        self.scenario = DownloadScenario()

    def answer(self, request: Request, version_id: str, *, signed_in: bool) -> Reply:
        """Return a 307 to storage, or the first check that fails."""
        outcome = self._checked(request, version_id, signed_in=signed_in)
        if isinstance(outcome, WorldFile):
            link = self._storage.link_to(outcome)
            location = self.scenario.location or "{link}"
            location = location.format(link=link, schemeless=link.partition(":")[2])
            return Reply(307, {"Location": location, "Cache-Control": NO_STORE})
        agent = request.headers.get("user-agent", "").lower()
        if any(word in agent for word in BROWSER_WORDS):
            return _for_browser(outcome, version_id)
        return outcome

    def _checked(self, request: Request, version_id: str, *, signed_in: bool) -> WorldFile | Reply:
        wanted_format = request.value("format")
        wanted_size = request.value("size")
        if (
            not re.fullmatch(r"\d{1,9}", version_id)
            or wanted_format not in (None, *_FORMATS)
            or wanted_size not in (None, "full", "pruned")
        ):
            return _refusal(400, "Invalid request")
        place = self._index.versions.get(int(version_id))
        if place is None or place.model.real_person:
            return _refusal(404, "File not found")
        refusal = _forbidden(place, signed_in=signed_in)
        if refusal is not None:
            return refusal
        if not self.scenario.granted:
            return _refusal(403, "You do not have access to download this file")
        file = _wanted_file(request, place)
        if file is None or file.path is None:
            return _refusal(404, "File not found")
        return file


def _forbidden(place: Place, *, signed_in: bool) -> Reply | None:
    if place.model.mode == "Archived":
        return _refusal(410, "Model archived, not available for download")
    if not place.published:
        return _refusal(404, "File not found")
    if place.version.usage_control != "Download":
        return _refusal(401, "Unauthorized", message=_DISABLED)
    if not signed_in:
        return _refusal(401, "Unauthorized", message=_LOGIN)
    until = place.version.early_access_until
    if until is not None and datetime.fromisoformat(until) > datetime.now(UTC):
        return _refusal(403, "Early Access", deadline=until, message=_EARLY)
    return None


def _wanted_file(request: Request, place: Place) -> WorldFile | None:
    """Return the file that the query means: exactly by `fileId`, else the first that fits."""
    file_id = request.value("fileId")
    if file_id is not None:
        return next((f for f in place.version.files if str(f.id) == file_id), None)
    wanted = {name: request.value(name) for name in ("type", "format", "size", "fp", "quantType")}
    if not any(wanted.values()):
        return primary_file(place.version)
    return next((f for f in place.version.files if _fits(f, wanted)), None)


def _fits(file: WorldFile, wanted: dict[str, str | None]) -> bool:
    has = {
        "type": file.type,
        "format": file.format,
        "size": file.size,
        "fp": file.precision,
        "quantType": file.quantisation,
    }
    return all(value is None or has[name] == value for name, value in wanted.items())


def _refusal(status: int, error: str, **more: str) -> Reply:
    return json_reply({"error": error} | more, status, cache=NO_STORE)


def _for_browser(reply: Reply, version_id: str) -> Reply:
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": NO_STORE}
    if reply.status == 401:
        back = f"%2Fmodel-versions%2F{version_id}"
        location = f"/login?returnUrl={back}&reason=download-auth"
        return Reply(307, headers | {"Location": location})
    if reply.status == 403:
        return Reply(307, headers | {"Location": f"/model-versions/{version_id}"})
    return Reply(reply.status, headers, b"File not found")
