"""Whether the records in a plugin's answer hold what their types promise, and not too much."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields
from functools import cache
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from loradex.domain.text import display_text
from loradex.errors import PluginError

MOST_ROWS = 100_000
"""Records in one answer."""
MOST_ITEMS = 20_000
"""Entries in a list or table inside a record."""
LONGEST_TEXT = 16 * 1024 * 1024
"""Characters of one text; the longest are whole documents."""
_LARGEST_INT = 2**63 - 1

_T = TypeVar("_T")


def checked_rows(answer: object, kind: type[_T]) -> list[_T]:
    """Return copies of the records in `answer`; raise `PluginError` if it is no list of `kind`."""
    if not isinstance(answer, list | tuple):
        raise PluginError(f"It answered {shown(answer)} where a list was due.")
    if len(answer) > MOST_ROWS:
        raise PluginError(f"It answered with {len(answer)} records; {MOST_ROWS} are the most.")
    return [checked_record(row, kind) for row in answer]


def checked_optional(answer: object, kind: type[_T]) -> _T | None:
    """Return a copy of the record, or None; raise `PluginError` if `answer` is neither."""
    return None if answer is None else checked_record(answer, kind)


def checked_record(answer: object, kind: type[_T]) -> _T:
    """Return a copy of a record whose fields all hold what they should; raise `PluginError`.

    `kind` is a dataclass of plain values, of such dataclasses, and of tuples and tables of them.
    """
    if not isinstance(answer, kind):
        raise PluginError(f"It answered {shown(answer)} where a {kind.__name__} was due.")
    values = {
        name: _checked(getattr(answer, name), hint, f"{kind.__name__}.{name}")
        for name, hint in _hints(cast("Hashable", kind)).items()
    }
    return kind(**values)


def shown(value: object) -> str:
    """Return what a message can say of an untrusted value."""
    return display_text(repr(value), 80)


@cache
def _hints(kind: Hashable) -> dict[str, object]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(cast("Any", kind))}


def _checked(value: object, hint: object, where: str) -> object:
    options = get_args(hint) if NoneType in get_args(hint) else (hint,)
    if value is None and NoneType in options:
        return None
    wanted = next(option for option in options if option is not NoneType)
    origin = get_origin(wanted)
    if origin is tuple and isinstance(value, list | tuple) and len(value) <= MOST_ITEMS:
        return tuple(_checked(item, get_args(wanted)[0], where) for item in value)
    if origin is dict and isinstance(value, dict) and len(value) <= MOST_ITEMS:
        key, item = get_args(wanted)
        return {_checked(k, key, where): _checked(v, item, where) for k, v in value.items()}
    if origin is None and hasattr(wanted, "__dataclass_fields__"):
        return checked_record(value, cast("type[object]", wanted))
    if origin is None and _fits(value, cast("type[object]", wanted)):
        return value
    raise PluginError(f"{where} is {shown(value)}, which does not fit.")


def _fits(value: object, wanted: type[object]) -> bool:
    if wanted is int:
        return type(value) is int and abs(value) <= _LARGEST_INT
    if wanted is str:
        return type(value) is str and len(value) <= LONGEST_TEXT
    return isinstance(value, wanted)
