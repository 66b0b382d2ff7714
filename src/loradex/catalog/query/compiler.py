"""Turn a query into one SQL condition and order over the `content` table."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from loradex.catalog.folding import folded
from loradex.catalog.query import patterns, text
from loradex.catalog.query.builders import Field
from loradex.catalog.query.condition import (
    Condition,
    Param,
    among,
    any_of,
    every,
    negated,
    plain,
)
from loradex.catalog.query.custom import custom_field
from loradex.catalog.query.fields import ALIASES, FIELDS
from loradex.catalog.query.lexer import MAX_TERMS, Term, Value
from loradex.catalog.query.own_fields import is_member
from loradex.catalog.query.parser import AnyOf, Every, Node, Nothing, parse
from loradex.catalog.query.scene import Lore, Saved, Scene, nearest
from loradex.catalog.query.sorts import SORTS, custom_value
from loradex.domain.text import storable
from loradex.errors import QueryError

MAX_LIMIT = 2**31
_MEMBERLESS = "content.id NOT IN (SELECT content_id FROM collection_member)"
_NAMED = ("collection", "sort", "limit")
"""Words before a colon that are no fields of the table."""


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """What a query asks of rows of `content`, and an ORDER BY list; `by_name` is the usual one."""

    found: Condition
    order: str
    by_name: bool = True

    @property
    def where(self) -> str:
        """The condition as one piece of SQL."""
        return self.found.sql

    @property
    def params(self) -> tuple[Param, ...]:
        """The parameters of `where`."""
        return self.found.params


def compile_query(query: str, now: float | None = None, lore: Lore | None = None) -> CompiledQuery:
    """Return the SQL of `query`; an empty one means everything, by name.

    `lore` tells the collections and custom fields there are. Raises `QueryError`, which knows the
    place and says what would be right.
    """
    query = storable(query, len(query))  # a shell hands on bytes that are no Unicode
    lore = lore or Lore()
    trail = () if lore.saving is None else (lore.saving,)
    return _compiled(Scene(query, time.time() if now is None else now, lore, trail))


def _compiled(scene: Scene) -> CompiledQuery:
    parsed = parse(scene.query)
    found = _condition(scene, parsed.tree)
    order: list[str] = []
    limit: int | None = None
    for term in parsed.shown:
        if term.field == "sort":
            order.extend(_sort(scene, term))
        else:
            limit = min(_limit(scene, term), limit or MAX_LIMIT)
    by_name = not order
    order += ["content.sort_name", "content.id"]
    ordered = ", ".join(dict.fromkeys(order))
    if limit is not None:
        ids = f"SELECT content.id FROM content WHERE {found.sql} ORDER BY {ordered} LIMIT ?"
        found = among(ids, *found.params, limit)
    return CompiledQuery(found, ordered, by_name)


def _condition(scene: Scene, node: Node) -> Condition:
    if isinstance(node, Every):
        return every([_condition(scene, part) for part in node.parts])
    if isinstance(node, AnyOf):
        return any_of([_condition(scene, part) for part in node.parts])
    if isinstance(node, Nothing):
        return negated(_condition(scene, node.part))
    scene.budget.left -= 1
    if scene.budget.left < 0:
        raise scene.wrong(node, "With its saved queries, the query has too many terms.")
    found = _words(scene, node) if node.field is None else _field_condition(scene, node, node.field)
    return negated(found) if node.negated else found


def _words(scene: Scene, term: Term) -> Condition:
    value = term.values[0] if term.values else None
    if value is None or not value.text:
        raise scene.wrong(term, "There is nothing to look for here.")
    return text.anywhere(value.text, phrase=value.quoted)


def _field_condition(scene: Scene, term: Term, name: str) -> Condition:
    if name == "collection":
        return _collections(scene, term)
    field = _field(scene, term, name)
    values = [value for value in term.values if value.text]
    if not values:
        if field.empty is None or term.pattern:
            raise scene.wrong(term, f"{name}: needs a value.", f"Use {name}: with {field.help}.")
        return plain(field.empty)
    if term.pattern:
        return _pattern(scene, term, name, field)
    if len(values) > MAX_TERMS:
        raise scene.wrong(term, f"{name}: has more than {MAX_TERMS} values.")
    return any_of([field.build(scene, value) for value in values])


def _field(scene: Scene, term: Term, name: str) -> Field:
    field = FIELDS.get(ALIASES.get(name, name))
    if field is not None:
        return field
    custom = scene.lore.fields.get(name)
    if custom is not None:
        return custom_field(custom)
    known = [*FIELDS, *_NAMED, *scene.lore.fields]
    near = nearest(name, [*known, *ALIASES])
    hint = f"Did you mean {near}:?" if near else f"Fields: {', '.join(known)}."
    raise scene.wrong(
        term,
        f"There is no field {name!r}.",
        f"{hint} Put the text in quotation marks to look for it as it is.",
    )


def _pattern(scene: Scene, term: Term, name: str, field: Field) -> Condition:
    value = term.values[0]
    if field.pattern is None:
        raise scene.wrong(term, f"{name}: takes no pattern.", f"Use {name}: with {field.help}.")
    try:
        patterns.check(value.text)
    except patterns.PatternError as error:
        place = value.position + value.quoted + min(error.place, len(value.text))
        raise QueryError(
            str(error),
            query=scene.query,
            position=min(place, max(len(scene.query) - 1, 0)),
            hint="Patterns are regular expressions: name::^neon.*v[0-9]$",
        ) from error
    literal = folded(patterns.required(value.text))
    if name == "name" and len(literal) >= text.TRIGRAM:
        start = "^ " if value.text.startswith(f"^{literal}") else ""  # fewer have it there
        needle = f"name : {start}{text.quoted(literal)}"
        return among(f"{text.NAMED} AND name REGEXP ?", needle, value.text)
    return replace(plain(field.pattern), params=(value.text,))


def _collections(scene: Scene, term: Term) -> Condition:
    values = [value for value in term.values if value.text]
    if term.pattern:
        raise scene.wrong(term, "collection: takes no pattern.", "Use the collection's name.")
    if not values:
        return plain(_MEMBERLESS)
    return any_of([_collection(scene, value) for value in values])


def _collection(scene: Scene, value: Value) -> Condition:
    saved = scene.lore.collections.get(folded(value.text))
    if saved is None:
        raise scene.unknown(value, "collection", scene.lore.collections)
    if saved.query is None:
        return is_member(saved.id)
    if saved.id in scene.trail:
        raise scene.wrong(
            value,
            f"The collection {saved.name!r} leads back to itself.",
            f"Change it: loradex collection add {_quoted(saved.name)} --query 'QUERY' --replace",
        )
    return _saved(scene, value, saved, saved.query)


def _saved(scene: Scene, value: Value, saved: Saved, query: str) -> Condition:
    inner = Scene(query, scene.now, scene.lore, (*scene.trail, saved.id), scene.budget)
    try:
        compiled = _compiled(inner)
    except QueryError as error:
        hint = f"Its query is: {query}"
        raise scene.wrong(
            value,
            f"The collection {saved.name!r} cannot be read any more: {error.message}",
            f"{error.hint} {hint}" if error.hint else hint,
        ) from error
    return compiled.found


def _quoted(name: str) -> str:
    return f"'{name}'" if " " in name else name


def _limit(scene: Scene, term: Term) -> int:
    value = term.values[0] if len(term.values) == 1 else None
    if term.negated or value is None or not value.text.isdecimal() or len(value.text) > 9:
        raise scene.wrong(value or term, "limit: needs a number.", "For example limit:50.")
    return int(value.text)


def _sort(scene: Scene, term: Term) -> Iterable[str]:
    if term.negated or not any(value.text for value in term.values):
        raise scene.wrong(
            term,
            "An order cannot be negated." if term.negated else "sort: needs a value.",
            "For example sort:size, or sort:size- for the largest first.",
        )
    for value in term.values:
        direction = "DESC" if value.text.endswith("-") else "ASC"
        yield f"{_sort_value(scene, value)} {direction} NULLS LAST"


def _sort_value(scene: Scene, value: Value) -> str:
    name = value.text.lower().rstrip("-+")
    name = ALIASES.get(name, name)
    if name in SORTS:
        return SORTS[name]
    custom = scene.lore.fields.get(name)
    if custom is not None:
        return custom_value(custom.id, custom.type)
    known: Sequence[str] = [*SORTS, *scene.lore.fields]
    near = nearest(name, known)
    raise scene.wrong(
        value,
        f"There is no order by {name!r}.",
        f"Did you mean sort:{near}?" if near else f"Known: {', '.join(known)}.",
    )
