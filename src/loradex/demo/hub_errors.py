"""The hub's error bodies: there is no single shape, and clients must read them all."""

from __future__ import annotations

import json

from loradex.demo.hub_http import PUBLIC_CACHE, Reply, json_reply

HASH_CACHE = "public, s-maxage=3600, stale-while-revalidate=1800"


def error(text: str, status: int, *, cache: str = PUBLIC_CACHE) -> Reply:
    """Return `{"error": text}`, the most common shape."""
    return json_reply({"error": text}, status, cache=cache)


def message(text: str, status: int) -> Reply:
    """Return `{"message": text}`, the shape of failures deeper in the service."""
    return json_reply({"message": text}, status)


def zod(parameter: str, text: str, code: str = "invalid_value") -> Reply:
    """Return a 400 for a parameter: its message is JSON text inside JSON."""
    return _zod([{"code": code, "path": [parameter], "message": text}])


def too_big(parameter: str, most: int) -> Reply:
    """Return a 400 for a number beyond the largest."""
    return _zod(
        [
            {"origin": "number"}
            | _beyond(most)
            | {"path": [parameter], "message": f"Too big: expected number to be <={most}"}
        ]
    )


def _beyond(most: int) -> dict[str, object]:
    return {"code": "too_big", "maximum": most, "inclusive": True}


def _zod(document: list[dict[str, object]]) -> Reply:
    issues = json.dumps(document, indent=2)
    return json_reply({"error": {"name": "ZodError", "message": issues}}, 400)


def bare_issues(parameter: str, text: str) -> Reply:
    """Return a 400 that is a bare array of issues, as `/creators` and `/tags` give it."""
    return json_reply([{"code": "invalid_value", "path": [parameter], "message": text}], 400)


def bad_batch(text: str, position: int | None = None) -> Reply:
    """Return the refusal of a whole hash batch."""
    path = [] if position is None else [position]
    return _refused_batch([{"code": "custom", "path": path, "message": text}])


def long_batch(most: int) -> Reply:
    """Return the refusal of a batch with more than `most` hashes."""
    return _refused_batch(
        [{"origin": "array"} | _beyond(most) | {"path": [], "message": "Too many hashes"}]
    )


def _refused_batch(document: list[dict[str, object]]) -> Reply:
    issues = json.dumps(document, indent=2)
    return error(f"Request must include an array of SHA256 Hashes. {issues}", 400)
