"""Custom fields: added, removed and filled, with every value checked against its type."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from loradex.domain.finding import CustomField, CustomValue, FieldType
from loradex.domain.text import storable
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog

LONGEST = 4_000
"""Characters of a text."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_YES, _NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")
_CHOICES = 200


def field(catalog: Catalog, name: str) -> CustomField:
    """Return a custom field; raise `UsageError`, with the nearest name, when there is none."""
    known = {each.name: each for each in catalog.fields.all()}
    found = known.get(name.lower())
    if found is None:
        from difflib import get_close_matches  # noqa: PLC0415

        near = get_close_matches(name.lower(), known, n=1)
        raise UsageError(
            f"There is no custom field {name!r}.",
            hint=f"Did you mean {near[0]}?"
            if near
            else f"Add it: loradex field add {name} text|number|date|flag|choice",
        )
    return found


def add_field(catalog: Catalog, name: str, type_: FieldType, choices: Sequence[str] = ()) -> str:
    """Add a field and return its name as it is kept.

    Raises `UsageError` for a name that is no name, is taken, or is a field of the query language,
    and for choices where there may be none or must be some.
    """
    clean = name.lower()
    if not _NAME.fullmatch(clean):
        raise UsageError(
            f"{name!r} is no name for a field.",
            hint="Use up to 40 letters a to z, digits, - and _, and begin with a letter.",
        )
    if clean in _taken():
        raise UsageError(
            f"{clean}: is a field of the query language already.", hint="Choose another name."
        )
    if any(each.name == clean for each in catalog.fields.all()):
        raise UsageError(f"There is a custom field {clean} already.", hint="loradex field list")
    catalog.fields.add(clean, type_, _checked_choices(type_, choices))
    return clean


def _taken() -> set[str]:
    """Return what a colon may follow, or a sort may name, already."""
    from loradex.catalog.query.fields import ALIASES, FIELDS  # noqa: PLC0415
    from loradex.catalog.query.sorts import SORTS  # noqa: PLC0415

    return {*FIELDS, *ALIASES, *SORTS, "collection", "sort", "limit"}


def _checked_choices(type_: FieldType, choices: Sequence[str]) -> list[str]:
    clean = list(dict.fromkeys(" ".join(storable(choice, 100).split()) for choice in choices))
    if type_ is not FieldType.CHOICE:
        if choices:
            raise UsageError(f"A {type_} has no choices.", hint="Leave them out.")
        return []
    folded = {choice.casefold() for choice in clean}
    if not clean or "" in clean or len(folded) < len(clean) or len(clean) > _CHOICES:
        raise UsageError(
            f"A choice needs 1 to {_CHOICES} different choices.",
            hint="For example: loradex field add stage choice idea draft done",
        )
    if any("," in choice for choice in clean):
        raise UsageError("A choice has no comma in it: queries could not name it.")
    return clean


def set_values(
    catalog: Catalog, content_ids: Sequence[int], assigned: Sequence[tuple[CustomField, str]]
) -> None:
    """Give models values, written as a person writes them; an empty one is taken off.

    Raises `UsageError` for the first value that is none, before anything is written.
    """
    read = [(each, parse_value(each, text) if text else None) for each, text in assigned]
    for each, value in read:
        if value is None:
            catalog.fields.clear(each, content_ids)
        else:
            catalog.fields.set(each, content_ids, value)


def parse_value(field: CustomField, text: str) -> CustomValue:
    """Return what a person's text means for a field; raise `UsageError` when it means nothing."""
    return _PARSE[field.type](field, text.strip())


def _text(field: CustomField, text: str) -> CustomValue:
    value = storable(text, len(text))
    if len(value) > LONGEST:
        raise _wrong(field, text[:20] + "…", f"a text of at most {LONGEST:,} characters")
    return value


def _number(field: CustomField, text: str) -> CustomValue:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _wrong(field, text, "a number, as in 4 or 0.75")
    return value


def _date(field: CustomField, text: str) -> CustomValue:
    today = datetime.now(UTC).date()
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    try:
        return (named.get(text.lower()) or date.fromisoformat(text)).isoformat()
    except ValueError as error:
        raise _wrong(field, text, "a date, as in 2026-01-31 or today") from error


def _flag(field: CustomField, text: str) -> CustomValue:
    if text.lower() not in _YES + _NO:
        raise _wrong(field, text, "yes or no")
    return text.lower() in _YES


def _choice(field: CustomField, text: str) -> CustomValue:
    for choice in field.choices:
        if choice.casefold() == text.casefold():
            return choice
    raise _wrong(field, text, f"one of {', '.join(field.choices)}")


_PARSE = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: _number,
    FieldType.DATE: _date,
    FieldType.FLAG: _flag,
    FieldType.CHOICE: _choice,
}


def _wrong(field: CustomField, text: str, wanted: str) -> UsageError:
    return UsageError(f"{field.name} cannot be {text!r}.", hint=f"It takes {wanted}.")


def value_text(value: CustomValue) -> str:
    """Return a value as a person writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
