"""JSON for scripts: stable keys, and text that no terminal obeys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import click

JsonObject = Mapping[str, object]


def print_json(value: JsonObject) -> None:
    """Print one object, indented. Control characters leave as \\u escapes."""
    click.echo(_safe(json.dumps(value, ensure_ascii=False, indent=2)))


def print_json_list(items: Iterable[JsonObject]) -> None:
    """Print an array, an item a line, as the items come."""
    first = True
    for item in items:
        click.echo("[" if first else ",", nl=first)
        if not first:
            click.echo()
        click.echo(_safe(json.dumps(item, ensure_ascii=False)), nl=False)
        first = False
    click.echo("[]" if first else "\n]")


def print_json_line(value: JsonObject) -> None:
    """Print one object on one line."""
    click.echo(_safe(json.dumps(value, ensure_ascii=False)))


def _safe(text: str) -> str:
    """Escape what JSON leaves raw and a terminal may obey: C1, bidi and invisible characters."""
    return "".join(
        character if character == "\n" or character.isprintable() else json.dumps(character)[1:-1]
        for character in text
    )
