"""What a value is read in: the whole query, the time, and what the person added to the catalog."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from loradex.catalog.folding import folded
from loradex.catalog.query.lexer import Term, Value
from loradex.errors import QueryError

Rows = Callable[[str], Sequence[tuple[object, ...]]]

UNSAVED = -1
"""The id of a collection that is not written yet."""

MAX_CONDITIONS = 1_000
"""Conditions in a query with all the saved queries that it names."""


@dataclass(frozen=True, slots=True)
class Custom:
    """A field that a person added."""

    id: int
    name: str
    type: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """A collection; `query` is None for one picked by hand."""

    id: int
    name: str
    query: str | None


class Lore:
    """Custom fields, collections and libraries by what a person types for them.

    Each is read when a query first names one. Without `rows` there are none.
    """

    def __init__(self, rows: Rows | None = None) -> None:
        self._rows = rows or (lambda _sql: ())
        self.saving: int | None = None
        """The collection that the query at hand will be: it must not name that."""

    @cached_property
    def fields(self) -> Mapping[str, Custom]:
        """Custom fields by name."""
        return {
            str(name): Custom(int(str(id_)), str(name), str(type_), tuple(json.loads(str(choices))))
            for id_, name, type_, choices in self._rows(
                "SELECT id, name, type, choices FROM custom_field ORDER BY name"
            )
        }

    @cached_property
    def collections(self) -> Mapping[str, Saved]:
        """Collections by folded name."""
        return {
            str(folded): Saved(int(str(id_)), str(name), None if query is None else str(query))
            for folded, id_, name, query in self._rows(
                "SELECT folded, id, name, query FROM collection ORDER BY folded"
            )
        }

    def with_saved(self, name: str, query: str) -> Lore:
        """Return what there would be with this query saved; it must not name itself."""
        other = Lore(self._rows)
        key = folded(name)
        known = self.collections.get(key)
        saved = Saved(known.id if known else UNSAVED, name, query)
        other.__dict__["collections"] = {**self.collections, key: saved}
        other.saving = saved.id
        return other

    @cached_property
    def libraries(self) -> Mapping[str, tuple[int, ...]]:
        """Ids of libraries by name in lower case."""
        found: dict[str, tuple[int, ...]] = {}
        for id_, name in self._rows("SELECT id, name FROM library ORDER BY name"):
            key = str(name).casefold()
            found[key] = (*found.get(key, ()), int(str(id_)))
        return found


@dataclass(slots=True)
class Budget:
    """How many conditions a query may still have, its saved queries included."""

    left: int = MAX_CONDITIONS


@dataclass(frozen=True, slots=True)
class Scene:
    """What a value is read in. `trail` are the saved queries that lead here."""

    query: str
    now: float
    lore: Lore = field(default_factory=Lore)
    trail: tuple[int, ...] = ()
    budget: Budget = field(default_factory=Budget)

    def wrong(self, what: Term | Value, message: str, hint: str | None = None) -> QueryError:
        """Return the error that marks a term or a value."""
        return QueryError(
            message,
            query=self.query,
            position=what.position,
            length=max(what.length, 1),
            hint=hint,
        )

    def unknown(
        self, value: Value, what: str, known: Iterable[str], *, spell: str = ""
    ) -> QueryError:
        """Return the error for a word that is none of the known ones, with the nearest."""
        words = sorted(set(known))
        close = nearest(value.text.lower(), words)
        shown = ", ".join(words[:60]) + (" …" if len(words) > 60 else "")
        hint = f"Did you mean {spell}{close}?" if close else f"Known: {shown}."
        return self.wrong(value, f"There is no {what} {value.text!r}.", hint if words else None)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - only wrong queries need it

    near = get_close_matches(word, list(known), n=1, cutoff=0.7)
    return near[0] if near else None
