"""Which path is answered by what, and the rules all paths of one kind share."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from loradex.demo.hub_documents import Documents
from loradex.demo.hub_downloads import DownloadRoute
from loradex.demo.hub_errors import error
from loradex.demo.hub_hashes import HashRoutes
from loradex.demo.hub_http import PRIVATE_CACHE, Reply, Request, json_reply
from loradex.demo.hub_index import WorldIndex
from loradex.demo.hub_listing import ListingRoute
from loradex.demo.hub_lookups import LookupRoutes

Handler = Callable[..., Reply]


@dataclass(frozen=True, slots=True)
class _Route:
    """`kind` is the wrapper that decides on methods and caching (docs/civitai.md)."""

    pattern: re.Pattern[str]
    kind: str
    handler: Handler


class Routes:
    """Answers the API's requests; `accounts` says which keys are good."""

    def __init__(
        self,
        index: WorldIndex,
        documents: Documents,
        downloads: DownloadRoute,
        hashes: HashRoutes,
    ) -> None:
        self._index = index
        lookups = LookupRoutes(index, documents)
        listing = ListingRoute(index, documents)

        def listed(request: Request) -> Reply:
            return listing.answer(request, signed_in=self._user(request) is not None)

        def by_hash(request: Request) -> Reply:
            return hashes.batch(request)

        api = "/api/v1"
        self._routes = [
            _route(f"{api}/models", "mixed", listed),
            _route(f"{api}/models/([^/]+)", "public", lookups.model),
            _route(f"{api}/model-versions/by-hash", "public", by_hash),
            _route(f"{api}/model-versions/by-hash/ids", "public", hashes.ids),
            _route(f"{api}/model-versions/by-hash/([^/]+)", "public", hashes.one),
            _route(f"{api}/model-versions/mini/([^/]+)", "mixed", lookups.mini),
            _route(f"{api}/model-versions/([^/]+)", "mixed", lookups.version),
            _route(f"{api}/images", "public", lookups.images),
            _route(f"{api}/creators", "public", lookups.creators),
            _route(f"{api}/tags", "public", lookups.tags),
            _route(f"{api}/enums", "public", lookups.enums),
            _route(f"{api}/me", "authed", self._me),
            _route("/api/download/models/([^/]+)", "public", self._download),
            _route("/api/download/.*", "public", _to_login),
            _route("/login|/model-versions/[^/]+", "public", _page),
        ]
        self._downloads = downloads

    def answer(self, request: Request) -> Reply:
        """Return the reply to a request of any kind."""
        for route in self._routes:
            match = route.pattern.fullmatch(request.path)
            if match is not None:
                return self._wrapped(route, request, match.groups())
        return error("Not found", 404)

    def _wrapped(self, route: _Route, request: Request, parts: tuple[str, ...]) -> Reply:
        if request.method == "OPTIONS" and route.kind != "mixed":
            return Reply(200, {})
        if route.kind == "public":
            return route.handler(request, *parts)
        if request.method != "GET":
            return json_reply({"error": "Method not allowed"}, 405, cache=PRIVATE_CACHE)
        reply = route.handler(request, *parts)
        if route.kind == "authed" or self._user(request) is not None:
            return replace(reply, headers=reply.headers | {"Cache-Control": PRIVATE_CACHE})
        return reply

    def _user(self, request: Request) -> str | None:
        """Return whose key came along; a bad key counts as none."""
        header = request.headers.get("authorization")
        key = request.value("token") if header is None else header.partition(" ")[2]
        return self._index.world.accounts.get(key or "")

    def _me(self, request: Request) -> Reply:
        user = self._user(request)
        if user is None:
            return error("Unauthorized", 401)
        return json_reply(
            {
                "id": 1,
                "username": user,
                "tier": "free",
                "status": "active",
                "isMember": False,
                "subscriptions": [],
                "email": f"{user}@example.com",
                "emailVerified": True,
            }
        )

    def _download(self, request: Request, version_id: str) -> Reply:
        return self._downloads.answer(
            request, version_id, signed_in=self._user(request) is not None
        )


def _to_login(request: Request) -> Reply:
    """Answer what is no download: strangers are sent to sign in."""
    return Reply(307, {"Location": "/login?reason=download-auth", "Content-Type": "text/plain"})


def _page(request: Request) -> Reply:
    """Answer with a page for people, which a careless client keeps as a model."""
    body = "<!DOCTYPE html><html><head><title>Local hub</title></head><body>Hello</body></html>"
    return Reply(200, {"Content-Type": "text/html; charset=utf-8"}, body.encode())


def _route(pattern: str, kind: str, handler: Handler) -> _Route:
    return _Route(re.compile(pattern), kind, handler)
