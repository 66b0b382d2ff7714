"""The server's application: which path is answered by what."""

from __future__ import annotations

import logging

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from loradex.catalog.catalog import Catalog
from loradex.errors import CatalogError
from loradex.serving.answers import Refused, busy, error, failed
from loradex.serving.current import CurrentShelf
from loradex.serving.downloads import Downloads
from loradex.serving.endpoints import Endpoints
from loradex.serving.gate import ME, Gate
from loradex.serving.guard import Guard
from loradex.serving.hosts import Hosts
from loradex.serving.workers import Workers

_log = logging.getLogger(__name__)


def make_app(
    catalog: Catalog, current: CurrentShelf, guard: Guard, hosts: Hosts, workers: Workers
) -> ASGIApp:
    """Return the application that serves what `current` holds."""
    endpoints = Endpoints(catalog, current, guard, workers)
    downloads = Downloads(catalog, current, workers)
    at = workers.endpoint
    api = "/api/v1"
    get = ["GET"]
    routes = [
        Route("/", at(endpoints.about), methods=get),
        Route(f"{api}/models", at(endpoints.models), methods=get),
        Route(f"{api}/models/{{id}}", at(endpoints.model), methods=get),
        Route(f"{api}/model-versions/by-hash", endpoints.by_hashes, methods=["POST"]),
        Route(f"{api}/model-versions/by-hash/ids", endpoints.ids_by_hashes, methods=["POST"]),
        Route(f"{api}/model-versions/by-hash/{{digest}}", at(endpoints.by_hash), methods=get),
        Route(f"{api}/model-versions/mini/{{id}}", at(endpoints.mini), methods=get),
        Route(f"{api}/model-versions/{{id}}", at(endpoints.version), methods=get),
        Route(f"{api}/images", at(endpoints.images), methods=get),
        Route(f"{api}/tags", at(endpoints.tags), methods=get),
        Route(f"{api}/creators", at(endpoints.creators), methods=get),
        Route(f"{api}/enums", at(endpoints.enums), methods=get),
        Route(ME, at(endpoints.me), methods=get),
        Route("/api/download/models/{id}", downloads.download, methods=get),
        Route(
            "/pictures/{ticket}/{version_id}/{picture_id}.jpg", at(endpoints.picture), methods=get
        ),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: _http_error,
            Refused: _refused,
            CatalogError: _catalog_error,
            Exception: _fault,
        },
    )
    app.router.redirect_slashes = False
    return Gate(app, hosts=hosts, guard=guard, workers=workers)


def _http_error(_request: Request, fault: Exception) -> Response:
    """Return the answer to a path or method that is none here."""
    status = fault.status_code if isinstance(fault, HTTPException) else 500
    headers = fault.headers if isinstance(fault, HTTPException) else None
    return error(status, "Not found" if status == 404 else "Method not allowed", headers=headers)


def _refused(_request: Request, fault: Exception) -> Response:
    return fault.response if isinstance(fault, Refused) else failed()


def _catalog_error(_request: Request, fault: Exception) -> Response:
    _log.warning("%s", fault)
    return busy()


def _fault(_request: Request, _fault: Exception) -> Response:
    """Return the answer to a fault of ours; the gate writes it into the log."""
    return failed()
