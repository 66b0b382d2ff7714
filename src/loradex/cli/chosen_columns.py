"""`loradex list --columns`: values as people read them, and as scripts do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from loradex.cli.columns import Column, print_table
from loradex.cli.words import level_text, size_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.domain.models import ModelRow

MOST = 20

_TIMES = ("added", "trained", "used", "probed")
_FLAGS = ("favourite", "matched")
_LISTS = ("tag", "tags", "trigger", "words", "verdict")


def names_of(text: str) -> list[str]:
    """Return the columns that a person named; raise `UsageError` for none or too many."""
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    if not names or len(names) > MOST:
        raise UsageError(
            f"--columns takes 1 to {MOST} names.", hint="For example --columns name,size,rank"
        )
    return names


def print_columns(catalog: Catalog, rows: Sequence[ModelRow], names: Sequence[str]) -> None:
    """Print these columns of models, after the number of each."""
    values = catalog.columns([row.id for row in rows], names)
    dates = {each.name for each in catalog.fields.all() if each.type == "date"}
    flags = {each.name for each in catalog.fields.all() if each.type == "flag"}
    print_table(
        [
            Column("Id", right=True),
            *(Column(name.capitalize(), right=name == "size", shrink=True) for name in names),
        ],
        [
            (
                str(row.id),
                *(
                    _text(name, value, dates, flags)
                    for name, value in zip(names, values[row.id], strict=True)
                ),
            )
            for row in rows
        ],
    )


def values_json(
    catalog: Catalog, rows: Sequence[ModelRow], names: Sequence[str]
) -> dict[int, dict[str, object]]:
    """Return these columns of models for scripts: numbers as they are, lists as lists."""
    values = catalog.columns([row.id for row in rows], names)
    return {
        id_: {
            name: json.loads(str(value)) if name in _LISTS else value
            for name, value in zip(names, found, strict=True)
        }
        for id_, found in values.items()
    }


def _text(name: str, value: object, dates: set[str], flags: set[str]) -> str:
    if value is None:
        return ""
    if name in dates:
        return time.strftime("%Y-%m-%d", time.gmtime(float(str(value))))
    if name in flags or name in _FLAGS:
        return "yes" if value else "no"
    if name in _LISTS:
        return ", ".join(json.loads(str(value)))
    shown = _SHOWN.get(name)
    if shown is not None:
        return shown(float(str(value)))
    return f"{value:g}" if isinstance(value, float) else str(value).partition("\n")[0]


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(seconds))


_SHOWN: Mapping[str, Callable[[float], str]] = {
    "size": size_text,
    "level": lambda level: level_text(int(level)),
    "changed": lambda nanoseconds: _day(nanoseconds / 1e9),
    **dict.fromkeys(_TIMES, _day),
}
