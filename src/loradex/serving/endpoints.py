"""The API's endpoints: what is asked, looked up on the shelf, and answered as documents."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from loradex.catalog.catalog import Catalog
from loradex.serving.answers import Refused, bad_batch, bad_parameter, error, key_wanted
from loradex.serving.current import CurrentShelf
from loradex.serving.documents import Documents
from loradex.serving.guard import Guard
from loradex.serving.hub_words import MODEL_TYPES
from loradex.serving.links import Links
from loradex.serving.listing import Listing, limit_in, number_in
from loradex.serving.pictures import Pictures
from loradex.serving.shelf import Shelf, Version
from loradex.serving.workers import Workers

MOST_RECORDS = 100
MOST_IDS = 10_000
MOST_BODY = 1024 * 1024
BODY_SECONDS = 30.0
LARGEST_ID = 2**31 - 1
MOST_LOOKED_THROUGH = 1_000
"""Versions whose pictures are looked for in one request: each means a look at the disk."""

_NUMBER = re.compile(r"[0-9]{1,10}")
_DIGEST = re.compile(r"[0-9A-Fa-f]{8,64}")
_MASKS = {"none": 1, "soft": 3, "mature": 7, "x": 31, "blocked": 63, "true": 60, "false": 1}


class Endpoints:
    """Answers of the API, for one catalog. Those that are no coroutines block."""

    def __init__(
        self, catalog: Catalog, current: CurrentShelf, guard: Guard, workers: Workers
    ) -> None:
        self._catalog = catalog
        self._current = current
        self._guard = guard
        self._workers = workers
        self._pictures = Pictures(catalog, current.limit)

    def about(self, _request: Request) -> Response:
        """Answer `GET /`: what this is."""
        return JSONResponse({"name": "loradex hub serve", "api": "/api/v1"})

    def models(self, request: Request) -> Response:
        """Answer `GET /models`."""
        listing = Listing.of(request.query_params)
        shelf = self._current.now()
        if listing.unknown_user(shelf):
            return JSONResponse({"message": "User not found"}, 404)
        models, cursor = listing.page(shelf)
        documents = self._documents(request, shelf)
        metadata: dict[str, object] = {}
        if cursor is not None:
            kept = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
            metadata["nextCursor"] = cursor
            metadata["nextPage"] = documents.links.listing(
                request.url.path, [*kept, ("cursor", cursor)]
            )
        items = documents.list_items(
            models, mask=-1 if listing.mature else 1, primary_only=listing.primary_only
        )
        return JSONResponse({"items": items, "metadata": metadata})

    def model(self, request: Request) -> Response:
        """Answer `GET /models/:id`."""
        id_ = id_in(request)
        shelf = self._current.now()
        model = shelf.models.get(id_)
        if model is None:
            return error(404, f"No model with id {id_}")
        return JSONResponse(self._documents(request, shelf).model(model))

    def version(self, request: Request) -> Response:
        """Answer `GET /model-versions/:id`."""
        id_ = id_in(request)
        shelf = self._current.now()
        version = shelf.versions.get(id_)
        if version is None:
            return error(404, "Model not found")
        return JSONResponse(self._documents(request, shelf).versions([version])[0])

    def mini(self, request: Request) -> Response:
        """Answer `GET /model-versions/mini/:id`: one file of a version, in short."""
        id_ = id_in(request)
        shelf = self._current.now()
        version = shelf.versions.get(id_)
        if version is None:
            return error(404, "Model not found")
        wanted = request.query_params.get("modelFileId")
        if wanted is not None and not _NUMBER.fullmatch(wanted):
            return bad_parameter("modelFileId", "Invalid input: expected number")
        document = self._documents(request, shelf).mini(
            version, wanted, with_key=request.state.key is not None
        )
        if document is None:
            return error(404, f"Model file {wanted} not found in version {id_}")
        return JSONResponse(document)

    def by_hash(self, request: Request) -> Response:
        """Answer `GET /model-versions/by-hash/:hash`: a digest of any kind, in any case."""
        digest = request.path_params["digest"]
        shelf = self._current.now()
        version = shelf.version_of(digest) if _DIGEST.fullmatch(digest) else None
        if version is None:
            return error(404, "Model not found")
        return JSONResponse(self._documents(request, shelf).versions([version])[0])

    async def by_hashes(self, request: Request) -> Response:
        """Answer `POST /model-versions/by-hash`: records of at most `MOST_RECORDS` digests."""
        digests = await hashes_in(request, MOST_RECORDS)

        def answer() -> Response:
            shelf = self._current.now()
            versions = {v.id: v for v in map(shelf.version_of, digests) if v is not None}
            return JSONResponse(self._documents(request, shelf).versions(list(versions.values())))

        return await self._workers.run(answer)

    async def ids_by_hashes(self, request: Request) -> Response:
        """Answer `POST /model-versions/by-hash/ids`: a row per digest that is here."""
        digests = await hashes_in(request, MOST_IDS)

        def answer() -> Response:
            shelf = self._current.now()
            return JSONResponse(
                [
                    {"modelVersionId": v.id, "modelId": v.model_id, "hash": digest}
                    for digest, v in ((d, shelf.version_of(d)) for d in digests)
                    if v is not None
                ]
            )

        return await self._workers.run(answer)

    def images(self, request: Request) -> Response:
        """Answer `GET /images`: the pictures that are here, of one version, model or all."""
        query = request.query_params
        limit = limit_in(query, default=100, most=200, least=0)
        mask = _MASKS.get(query.get("nsfw", "false").lower(), 1)
        shelf = self._current.now()
        versions = self._asked(request, shelf)[:MOST_LOOKED_THROUGH]
        documents = self._documents(request, shelf)
        items: list[dict[str, object]] = []
        for start in range(0, len(versions), 20):
            if len(items) >= limit:
                break
            items += documents.gallery(versions[start : start + 20], mask=mask)
        return JSONResponse({"items": items[:limit], "metadata": {}})

    def _asked(self, request: Request, shelf: Shelf) -> list[Version]:
        query = request.query_params
        versions: Sequence[Version] = list(shelf.versions.values())
        if "modelVersionId" in query:
            wanted = number_in(query, "modelVersionId", default=0, least=1, most=LARGEST_ID)
            versions = [shelf.versions[wanted]] if wanted in shelf.versions else []
        if "modelId" in query:
            wanted = number_in(query, "modelId", default=0, least=1, most=LARGEST_ID)
            versions = [version for version in versions if version.model_id == wanted]
        return sorted(versions, key=lambda version: version.id, reverse=True)

    def tags(self, request: Request) -> Response:
        """Answer `GET /tags`: those of models that are here, the most frequent first."""
        counts = Counter(tag for m in self._current.now().models.values() for tag in m.tags)
        wanted = request.query_params.get("query", "").casefold()
        names = [tag for tag, _ in counts.most_common() if tag.casefold().startswith(wanted)]
        return self._numbered(request, names, lambda name: {"name": name}, "tag")

    def creators(self, request: Request) -> Response:
        """Answer `GET /creators`: those of models that are here, with the most models first."""
        counts = Counter(m.creator for m in self._current.now().models.values() if m.creator)
        wanted = request.query_params.get("query", "").casefold()
        names = [name for name, _ in counts.most_common() if wanted in name.casefold()]
        return self._numbered(
            request,
            names,
            lambda name: {"username": name, "modelCount": counts[name]},
            "username",
        )

    def enums(self, _request: Request) -> Response:
        """Answer `GET /enums`: the types and base models that are here."""
        shelf = self._current.now()
        bases = sorted({version.base for version in shelf.versions.values()})
        types = {model.type for model in shelf.models.values()}
        return JSONResponse(
            {
                "ModelType": [*MODEL_TYPES, *sorted(types - set(MODEL_TYPES))],
                "ActiveBaseModel": bases,
                "BaseModel": bases,
            }
        )

    def me(self, request: Request) -> Response:
        """Answer `GET /me`: whose key came along."""
        key = request.state.key
        if key is None:
            return key_wanted("No key came along, or none that is known here.")
        return JSONResponse(
            {
                "id": 1,
                "username": key.name,
                "tier": "free",
                "status": "active",
                "isMember": False,
                "subscriptions": [],
            }
        )

    def picture(self, request: Request) -> Response:
        """Answer with a picture, to whom a document gave its address."""
        version_id, picture_id = id_in(request, "version_id"), id_in(request, "picture_id")
        if not self._guard.good_ticket(request.path_params["ticket"], version_id, picture_id):
            return error(403, "Forbidden", message="This address is not good any more.")
        shelf = self._current.now()
        version = shelf.versions.get(version_id)
        found = None
        if version is not None:
            images = self._catalog.served.images(version.hub or "", [version_id])
            found = self._pictures.read(version, images, shelf.numbers, picture_id)
        if found is None:
            return error(404, "Image not found")
        return Response(found[0], media_type=found[1])

    def _documents(self, request: Request, shelf: Shelf) -> Documents:
        base = f"{request.url.scheme}://{request.headers['host']}"
        ticket = self._guard.tickets_for(request.state.key)
        return Documents(self._catalog, shelf, Links(base), self._pictures, ticket)

    def _numbered(
        self,
        request: Request,
        names: Sequence[str],
        item: Callable[[str], dict[str, object]],
        parameter: str,
    ) -> Response:
        """Return one page, by number, of a list of names; each links to its models."""
        query = request.query_params
        limit = limit_in(query, default=20, most=200)
        page = number_in(query, "page", default=1, least=1, most=10**9 - 1)
        links = Links(f"{request.url.scheme}://{request.headers['host']}")
        start = (page - 1) * limit
        metadata: dict[str, object] = {
            "totalItems": len(names),
            "currentPage": page,
            "pageSize": limit,
            "totalPages": -(-len(names) // limit),
        }
        if start + limit < len(names):
            following = [("limit", str(limit)), ("page", str(page + 1))]
            metadata["nextPage"] = links.listing(request.url.path, following)
        items = [
            item(name) | {"link": links.listing("/api/v1/models", [(parameter, name)])}
            for name in names[start : start + limit]
        ]
        return JSONResponse({"items": items, "metadata": metadata})


def id_in(request: Request, name: str = "id") -> int:
    """Return an id from the path; raise `Refused` when it is none."""
    text = request.path_params[name]
    if not re.fullmatch(r"\d{1,10}", text, re.ASCII) or not 0 < int(text) <= LARGEST_ID:
        raise Refused(error(400, f"Invalid input: expected number\n  → at {name}"))
    return int(text)


async def hashes_in(request: Request, most: int) -> list[str]:
    """Return the SHA-256 digests in a request, each once, in upper case.

    Raises `Refused` when there are more than `most`, or one of them is none.
    """
    try:
        document = json.loads(await _body(request))
    except (ValueError, RecursionError) as fault:
        raise Refused(error(400, "Invalid JSON")) from fault
    if not isinstance(document, list):
        raise Refused(bad_batch("Invalid input: expected array"))
    if len(document) > most:
        raise Refused(bad_batch("Too many hashes"))
    if not all(isinstance(text, str) and len(text) == 64 for text in document):
        raise Refused(bad_batch("Invalid hash"))
    return list(dict.fromkeys(text.upper() for text in document))


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > MOST_BODY:
                    raise Refused(
                        error(413, "Body exceeded 1mb limit", headers={"Connection": "close"})
                    )
    except TimeoutError as fault:
        raise Refused(
            error(408, "The request took too long", headers={"Connection": "close"})
        ) from fault
    return bytes(body)
