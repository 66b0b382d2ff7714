"""Answers that are no success, in the shapes that the API's clients read (docs/civitai.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response


def error(
    status: int,
    text: str,
    *,
    message: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return `{"error": text}`, with a `message` for people where there is one."""
    body = {"error": text} | ({"message": message} if message else {})
    return JSONResponse(body, status, headers)


def bad_parameter(name: str, text: str) -> Response:
    """Return the 400 of a list: the message is JSON text inside JSON."""
    issues = json.dumps([{"code": "invalid_value", "path": [name], "message": text}])
    return JSONResponse({"error": {"name": "ZodError", "message": issues}}, 400)


def bad_batch(text: str) -> Response:
    """Return the refusal of a whole batch of hashes."""
    issues = json.dumps([{"code": "custom", "path": [], "message": text}])
    return error(400, f"Request must include an array of SHA256 Hashes. {issues}")


def key_wanted(message: str) -> Response:
    """Return the 401 that says that a key is needed."""
    return error(401, "Unauthorized", message=message, headers={"WWW-Authenticate": "Bearer"})


def busy() -> Response:
    """Return the 503 for a catalog that cannot be read just now."""
    return error(503, "The catalog cannot be read just now", headers={"Retry-After": "5"})


def failed() -> Response:
    """Return the 500 for a fault of ours; what it was stays here."""
    return JSONResponse(
        {"message": "An unexpected error occurred", "error": "Internal Server Error"}, 500
    )


class Refused(Exception):
    """Ends a request with `response`."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response
