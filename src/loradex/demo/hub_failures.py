"""Every failure known of the hub, its edge and its storage, by name (hub_failures.json).

An entry has a status, headers and a body, which is JSON unless it is text.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from loradex.demo.hub_http import Reply


def failure(name: str) -> Reply:
    """Return the answer that this failure gives; raise `KeyError` for a name there is not."""
    return _replies()[name]


def failure_names() -> tuple[str, ...]:
    """Return all names, in the order of the file."""
    return tuple(_replies())


@cache
def _replies() -> dict[str, Reply]:
    text = files("loradex.demo").joinpath("hub_failures.json").read_text(encoding="utf-8")
    return {
        entry["name"]: Reply(entry["status"], dict(entry["headers"]), _body(entry["body"]))
        for entry in json.loads(text)
    }


def _body(body: object) -> bytes:
    return (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode()
