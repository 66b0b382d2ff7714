"""The plain look-ups: one model, one version, the gallery, creators, tags, enums."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from loradex.demo.hub_documents import Documents
from loradex.demo.hub_errors import bare_issues, error, message, too_big, zod
from loradex.demo.hub_http import Reply, Request, json_reply
from loradex.demo.hub_index import Place, WorldIndex
from loradex.demo.hub_listing import MODEL_TYPES
from loradex.demo.hub_parts import primary_file
from loradex.demo.hub_trouble import too_many_pages

_BAD_ID = "✖ Invalid input: expected number, received NaN\n  → at id"
_LARGEST_ID = 2**31 - 1
_LEVEL_MASKS = {"none": 1, "soft": 3, "mature": 7, "x": 31, "blocked": 63, "true": 60, "false": 1}


class LookupRoutes:
    """Answers everything that needs neither filters nor hashes."""

    def __init__(self, index: WorldIndex, documents: Documents) -> None:
        self._index = index
        self._documents = documents

    def model(self, request: Request, text: str) -> Reply:
        """Answer `GET /models/:id`."""
        id_ = _id(text)
        if id_ is None:
            return error(_BAD_ID, 400)
        model = self._index.models.get(id_)
        if model is None:
            return error(f"No model with id {id_}", 404)
        return json_reply(self._documents.model(model))

    def version(self, request: Request, text: str) -> Reply:
        """Answer `GET /model-versions/:id`; an unrated version does not exist here."""
        place = self._place(text)
        if isinstance(place, Reply):
            return place
        if not place.version.content_level:
            return error("Model not found", 404)
        if not place.version.files:
            return error("Missing model file", 404)
        return json_reply(self._documents.version(place.model, place.version, by_hash=False))

    def mini(self, request: Request, text: str) -> Reply:
        """Answer `GET /model-versions/mini/:id`."""
        place = self._place(text)
        if isinstance(place, Reply):
            return place
        wanted = request.value("modelFileId")
        file = primary_file(place.version)
        if wanted is not None:
            file = next((f for f in place.version.files if str(f.id) == wanted), None)
            if file is None:
                return error(f"Model file {wanted} not found in version {text}", 404)
        if file is None:
            return error("Missing model file", 404)
        return json_reply(self._documents.mini(place.model, place.version, file))

    def images(self, request: Request) -> Reply:
        """Answer `GET /images`, newest version first."""
        limit = request.value("limit") or "100"
        if not re.fullmatch(r"\d{1,9}", limit) or int(limit) > 200:
            return too_big("limit", 200)
        page = request.value("page") or "1"
        if not re.fullmatch(r"\d{1,9}", page):
            return zod("page", "Invalid input: expected number", "invalid_type")
        if int(page) * int(limit) > 1000:
            return too_many_pages()
        mask = _LEVEL_MASKS.get((request.value("nsfw") or "false").lower())
        if mask is None:
            return zod("nsfw", "Invalid option")
        cursor = request.value("cursor") or "0"
        if not re.fullmatch(r"\d{1,9}", cursor):
            return message("Invalid cursor", 400)
        items = [
            _with_meta(
                self._documents.gallery_item(place.model, place.version, image, with_meta=True),
                request,
            )
            for place in self._places_for(request)
            for image in place.version.images
            if image.content_level & mask and request.value("imageId") in (None, str(image.id))
        ]
        end = int(cursor) + int(limit)
        metadata: dict[str, object] = {}
        if 0 < end < len(items):
            metadata["nextCursor"] = str(end)
            metadata["nextPage"] = f"{self._documents.parts.base}/api/v1/images?cursor={end}"
        return json_reply({"items": items[int(cursor) : end], "metadata": metadata})

    def creators(self, request: Request) -> Reply:
        """Answer `GET /creators`."""
        counts = Counter(m.creator for m in self._index.world.models if m.creator)
        wanted = (request.value("query") or "").lower()
        items = [
            {
                "username": name,
                "modelCount": count,
                "link": f"{self._documents.parts.base}/api/v1/models?username={name}",
            }
            for name, count in counts.most_common()
            if wanted in name.lower()
        ]
        return _numbered_page(request, items, f"{self._documents.parts.base}/api/v1/creators")

    def tags(self, request: Request) -> Reply:
        """Answer `GET /tags`: it never says how many there are, nor which page is next."""
        names = dict.fromkeys(t for m in self._index.world.models for t in m.tags)
        wanted = (request.value("query") or "").lower()
        items: list[dict[str, object]] = [
            {"name": name, "link": f"{self._documents.parts.base}/api/v1/models?tag={name}"}
            for name in names
            if name.lower().startswith(wanted)
        ]
        return _numbered_page(request, items, None)

    def enums(self, request: Request) -> Reply:
        """Answer `GET /enums` with the types, and the base models of this world."""
        bases = _unique(v.base_model for m in self._index.world.models for v in m.versions)
        return json_reply(
            {
                "ModelType": MODEL_TYPES,
                "ModelFileType": _unique(
                    f.type for m in self._index.world.models for v in m.versions for f in v.files
                ),
                "ActiveBaseModel": bases,
                "BaseModel": bases,
                "BaseModelType": ["Standard", "Inpainting", "Refiner", "Pix2Pix"],
            }
        )

    def _place(self, text: str) -> Place | Reply:
        id_ = _id(text)
        if id_ is None:
            return error(_BAD_ID, 400)
        place = self._index.versions.get(id_)
        if place is None or not place.published:
            return error("Model not found", 404)
        return place

    def _places_for(self, request: Request) -> list[Place]:
        places = [place for place in self._index.versions.values() if place.published]
        if version_id := request.value("modelVersionId"):
            places = [place for place in places if str(place.version.id) == version_id]
        if model_id := request.value("modelId"):
            places = [place for place in places if str(place.model.id) == model_id]
        if username := request.value("username"):
            places = [place for place in places if place.model.creator == username]
        return sorted(places, key=lambda place: place.version.published_at, reverse=True)


def _with_meta(item: dict[str, object], request: Request) -> dict[str, object]:
    """Return an item with how it was made only on demand, then nested or flat as the hub does."""
    if request.value("withMeta") != "true":
        return item | {"meta": None}
    alone = request.value("modelId") and not request.value("modelVersionId")
    flat = request.value("flatMeta") == "true" or not (alone or request.value("imageId"))
    return item if flat else item | {"meta": {"id": item["id"], "meta": item["meta"]}}


def _id(text: str) -> int | None:
    if re.fullmatch(r"\d{1,10}", text) and 0 < int(text) <= _LARGEST_ID:
        return int(text)
    return None


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _numbered_page(request: Request, items: list[dict[str, object]], link: str | None) -> Reply:
    """Return one page by number; with `link` it says what is next, without it nothing."""
    limit_text = request.value("limit") or "20"
    page_text = request.value("page") or "1"
    if not re.fullmatch(r"\d{1,9}", limit_text) or not 1 <= int(limit_text) <= 200:
        return bare_issues("limit", "Invalid limit")
    if not re.fullmatch(r"\d{1,9}", page_text) or int(page_text) < 1:
        return bare_issues("page", "Invalid page")
    limit, page = int(limit_text), int(page_text)
    start = (page - 1) * limit
    metadata: dict[str, object] = {
        "totalItems": len(items) if link else 0,
        "currentPage": page,
        "pageSize": limit,
        "totalPages": -(-len(items) // limit) if link else 1,
    }
    if link and start + limit < len(items):
        metadata["nextPage"] = f"{link}?limit={limit}&page={page + 1}"
    return json_reply({"items": items[start : start + limit], "metadata": metadata})
