"""`GET /models`: search, filters, sorting and cursors, with the hub's own traps."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from loradex.demo.hub_documents import Documents
from loradex.demo.hub_errors import error, message, too_big, zod
from loradex.demo.hub_http import Reply, Request, json_reply
from loradex.demo.hub_index import WorldIndex
from loradex.demo.hub_parts import Document
from loradex.demo.hub_trouble import too_many_pages
from loradex.demo.hub_world import WorldModel

MODEL_TYPES = (
    "Checkpoint",
    "TextualInversion",
    "Hypernetwork",
    "AestheticGradient",
    "LORA",
    "LoCon",
    "DoRA",
    "Controlnet",
    "Upscaler",
    "MotionModule",
    "VAE",
    "TextEncoder",
    "UNet",
    "CLIPVision",
    "Poses",
    "Wildcards",
    "Workflows",
    "ComfyWorkflows",
    "Detection",
    "VisionLanguage",
    "CLIP",
    "LLM",
    "Other",
)

_SORTS: dict[str, Callable[[WorldModel], tuple[int, int]]] = {
    "Highest Rated": lambda m: (m.likes, m.downloads),
    "Most Downloaded": lambda m: (m.downloads, m.likes),
    "Most Liked": lambda m: (m.likes, 0),
    "Most Discussed": lambda m: (0, 0),
    "Most Collected": lambda m: (0, 0),
    "Most Images": lambda m: (sum(len(v.images) for v in m.versions), 0),
    "Newest": lambda m: (_published(m), 0),
    "Oldest": lambda m: (-_published(m), 0),
}
_CHOICES = {
    "sort": tuple(_SORTS),
    "period": ("Day", "Week", "Month", "Year", "AllTime"),
    "periodMode": ("stats", "published"),
    "checkpointType": ("Trained", "Merge"),
}
_DAYS = {"Day": 1, "Week": 7, "Month": 31, "Year": 366}
_TRUE = ("true", "1", "yes", "on")
_FALSE = ("false", "0", "no", "off")
# Wants a number or boolean that no text can be: always refused.
_UNCOERCED = (
    "browsingLevel",
    "collectionId",
    "allowNoCredit",
    "allowDerivatives",
    "allowDifferentLicense",
)
_LARGEST_PAGE = 100
_DEEPEST = 1000


class _Refused(Exception):
    """A parameter that ends the request with `reply`."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


@dataclass(frozen=True, slots=True)
class _Page:
    models: list[WorldModel]
    next_cursor: str | None


class ListingRoute:
    """Lists models (docs/civitai.md)."""

    def __init__(self, index: WorldIndex, documents: Documents) -> None:
        self._index = index
        self._documents = documents

    def answer(self, request: Request, *, signed_in: bool) -> Reply:
        """Return a page of models, or the refusal of a parameter."""
        try:
            _check(request, signed_in=signed_in)
            limit = _limit(request)
            page = self._page(request, limit, self._filtered(request))
            mature = _flag(request, "nsfw")
            primary_only = _flag(request, "primaryFileOnly")
        except _Refused as refused:
            return refused.reply
        items = [
            self._documents.list_item(m, mature=mature, primary_only=primary_only)
            for m in page.models
        ]
        metadata = self._metadata(request, limit, page.next_cursor)
        return json_reply({"items": items, "metadata": metadata})

    def _filtered(self, request: Request) -> list[WorldModel]:
        models = [m for m in self._index.world.models if not m.real_person]
        # Loose: any text at all means yes, "false" included.
        if not request.value("archived"):
            models = [m for m in models if m.mode != "Archived"]
        if not _flag(request, "nsfw"):
            models = [m for m in models if m.content_level & 1]
        if (ids := _numbers(request, "ids")) is not None:
            models = [m for m in models if m.id in ids]
        if (ids := _numbers(request, "modelVersionIds")) is not None:
            models = [m for m in models if any(v.id in ids for v in m.versions)]
        if request.value("earlyAccess"):
            models = [m for m in models if any(v.early_access_until for v in m.versions)]
        if request.value("supportsGeneration"):
            models = []  # nothing here is drawn on the site
        if (days := _DAYS.get(request.value("period") or "")) is not None:
            since = datetime.now(UTC) - timedelta(days=days)
            oldest = int(f"{since:%Y%m%d%H%M%S}")
            models = [m for m in models if _published(m) >= oldest]
        if types := request.values("types"):
            models = [m for m in models if m.type in types]
        if bases := request.values("baseModels"):
            models = [_only_bases(m, bases) for m in models]
            models = [m for m in models if m.versions]
        tag = request.value("tag")
        if tag and any(tag in m.tags for m in self._index.world.models):
            models = [m for m in models if tag in m.tags]
        if username := request.value("username"):
            models = self._by(username, models)
        return models

    def _by(self, username: str, models: list[WorldModel]) -> list[WorldModel]:
        name = re.sub(r"[^\w]", "", username.replace(" ", "_", 1)).lower()
        if all((m.creator or "").lower() != name for m in self._index.world.models):
            raise _Refused(message("User not found", 404))
        return [m for m in models if (m.creator or "").lower() == name]

    def _page(self, request: Request, limit: int, models: list[WorldModel]) -> _Page:
        query = request.value("query")
        cursor = request.value("cursor")
        if query:
            return _search(query, cursor, limit, models)
        sort_key = _SORTS[request.value("sort") or "Highest Rated"]
        keyed = sorted(
            (((*sort_key(m), m.id), m) for m in models), reverse=True, key=lambda k: k[0]
        )
        if cursor:
            after = _parse_cursor(cursor)
            keyed = [entry for entry in keyed if entry[0] < after]
        shown = keyed[:limit]
        more = len(keyed) > limit and bool(shown)
        return _Page(
            [model for _, model in shown],
            "|".join(map(str, shown[-1][0])) if more else None,
        )

    def _metadata(self, request: Request, limit: int, next_cursor: str | None) -> Document:
        metadata: Document = {}
        if next_cursor is not None:
            # Every parameter comes back, a key in `token` included.
            echo = [(k, v) for k, v in request.query if k != "cursor"] + [("cursor", next_cursor)]
            query = "&".join(f"{quote(key)}={quote(value)}" for key, value in echo)
            metadata["nextCursor"] = next_cursor
            metadata["nextPage"] = f"{self._documents.parts.base}{request.path}?{query}"
        if page := request.value("page"):
            metadata |= {"currentPage": int(page), "pageSize": limit}
        return metadata


def _check(request: Request, *, signed_in: bool) -> None:
    for name in _UNCOERCED:
        if request.value(name) is not None:
            raise _Refused(zod(name, "Invalid input", "invalid_type"))
    for name, choices in _CHOICES.items():
        value = request.value(name)
        if value is not None and value not in choices:
            raise _Refused(zod(name, f"Invalid option: expected one of {'|'.join(choices)}"))
    for value in request.values("types"):
        if value not in MODEL_TYPES:
            raise _Refused(zod("types", "Invalid option"))
    if len(request.values("fileFormats")) == 1:
        raise _Refused(zod("fileFormats", "Invalid input: expected array", "invalid_type"))
    wants_login = any(request.value(name) is not None for name in ("favorites", "hidden"))
    if wants_login and not signed_in:
        raise _Refused(error("Unauthorized", 401))
    if request.value("query") and request.value("page"):
        raise _Refused(
            error("Cannot use page param with query search. Use cursor-based pagination.", 400)
        )


def _limit(request: Request) -> int:
    limit = _number(request, "limit", _LARGEST_PAGE)
    if limit > _LARGEST_PAGE:
        raise _Refused(too_big("limit", _LARGEST_PAGE))
    if _number(request, "page", 1) * limit > _DEEPEST:
        raise _Refused(too_many_pages())
    return limit


def _number(request: Request, name: str, default: int) -> int:
    text = request.value(name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,9}", text):
        raise _Refused(zod(name, "Invalid input: expected number", "invalid_type"))
    return int(text)


def _numbers(request: Request, name: str) -> set[int] | None:
    text = request.value(name)
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,10}(,\d{1,10})*", text):
        raise _Refused(zod(name, "Invalid input: expected number", "invalid_type"))
    return {int(part) for part in text.split(",")}


def _flag(request: Request, name: str) -> bool:
    text = (request.value(name) or "false").lower()
    if text not in _TRUE + _FALSE:
        raise _Refused(zod(name, "Invalid boolean"))
    return text in _TRUE


def _only_bases(model: WorldModel, bases: list[str]) -> WorldModel:
    return replace(model, versions=tuple(v for v in model.versions if v.base_model in bases))


def _search(query: str, cursor: str | None, limit: int, models: list[WorldModel]) -> _Page:
    """Return models whose name has all the words; the cursor is a plain offset here."""
    if cursor is not None and not re.fullmatch(r"\d{1,6}", cursor):
        raise _Refused(message("Invalid cursor: expected a number", 400))
    start = int(cursor or 0)
    words = query.casefold().split()
    found = [m for m in models if all(word in m.name.casefold() for word in words)]
    end = start + limit
    return _Page(found[start:end], str(end) if end < len(found) else None)


def _parse_cursor(cursor: str) -> tuple[int, ...]:
    parts = cursor.split("|")
    if len(parts) != 3:
        raise _Refused(
            message(
                f"Invalid cursor: expected 3 value(s) for this sort, received {len(parts)}", 400
            )
        )
    if not all(re.fullmatch(r"-?\d{1,18}", part) for part in parts):
        raise _Refused(message("Invalid cursor: expected numbers", 400))
    return tuple(int(part) for part in parts)


def _published(model: WorldModel) -> int:
    """Return when the newest version came out, as a number that sorts by time."""
    times = (re.sub(r"\D", "", version.published_at)[:14] for version in model.versions)
    return int(max(times, default="") or 0)
