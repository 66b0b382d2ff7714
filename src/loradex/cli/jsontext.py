"""JSON for scripts: stable keys, and text that no terminal obeys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from itertools import islice

import click

JsonObject = Mapping[str, object]

BATCH = 500
"""Items of a list that are written at once: each write is flushed."""

_NOT_ASCII = re.compile(r"[^\n -~]+")


def print_json(value: JsonObject) -> None:
    """Print one object, indented. Control characters leave as \\u escapes."""
    click.echo(_safe(json.dumps(value, ensure_ascii=False, indent=2)))


def print_json_list(items: Iterable[JsonObject]) -> None:
    """Print an array, an item a line, as the items come."""
    rest, before = iter(items), "["
    while batch := [_safe(json.dumps(item, ensure_ascii=False)) for item in islice(rest, BATCH)]:
        click.echo(f"{before}\n" + ",\n".join(batch), nl=False)
        before = ","
    click.echo("[]" if before == "[" else "\n]")


def print_json_line(value: JsonObject) -> None:
    """Print one object on one line."""
    click.echo(_safe(json.dumps(value, ensure_ascii=False)))


def _safe(text: str) -> str:
    """Escape what JSON leaves raw and a terminal may obey: C1, bidi and invisible characters."""
    return _NOT_ASCII.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    run = match.group()
    if run.isprintable():
        return run
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in run)
