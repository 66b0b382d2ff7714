"""Turn a query into one SQL condition and order over the `content` table."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from loradex.catalog.query import text
from loradex.catalog.query.fields import FIELDS, SORTS, Scene
from loradex.catalog.query.lexer import Or, Term, tokenize
from loradex.catalog.query.text import Condition
from loradex.domain.text import storable
from loradex.errors import QueryError


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """SQL for a `SELECT … FROM content`: a condition, its parameters, and an ORDER BY list."""

    where: str
    params: tuple[str | float, ...]
    order: str


def compile_query(query: str, now: float | None = None) -> CompiledQuery:
    """Return the SQL of `query`; an empty one means everything, by name.

    Raises `QueryError`, which knows the place and says what would be right.
    """
    query = storable(query, len(query))  # a shell hands on bytes that are no Unicode
    scene = Scene(query, time.time() if now is None else now)
    groups: list[list[Condition]] = [[]]
    order: list[str] = []
    for token in tokenize(query):
        if isinstance(token, Or):
            if not groups[-1]:
                raise QueryError(
                    "A comma needs something before it.", query=query, position=token.position
                )
            groups.append([])
        elif token.field == "sort":
            order.extend(_sort(scene, token))
        else:
            groups[-1].append(_condition(scene, token))
    if len(groups) > 1 and not groups[-1]:
        raise QueryError(
            "A comma needs something after it.", query=query, position=max(len(query) - 1, 0)
        )
    where, params = _join(" OR ", (_join(" AND ", group, "1") for group in groups), "1")
    order.append("content.name")
    order.append("content.id")
    return CompiledQuery(where, tuple(params), ", ".join(dict.fromkeys(order)))


def _condition(scene: Scene, term: Term) -> Condition:
    if term.field is None:
        value = term.values[0] if term.values else None
        if value is None or not value.text:
            raise QueryError(
                "There is nothing to look for here.",
                query=scene.query,
                position=term.position,
                length=term.length,
            )
        sql, params = text.anywhere(value.text, phrase=value.quoted)
    else:
        sql, params = _field_condition(scene, term, term.field)
    return (f"NOT coalesce({sql}, 0)", params) if term.negated else (sql, params)


def _field_condition(scene: Scene, term: Term, name: str) -> Condition:
    field = FIELDS.get(name)
    if field is None:
        raise _unknown_field(scene, term, name)
    if not any(value.text for value in term.values):
        if field.empty is None:
            raise QueryError(
                f"{name}: needs a value.",
                query=scene.query,
                position=term.position,
                length=term.length,
                hint=f"Use {name}: with {field.help}.",
            )
        return field.empty, []
    return _join(" OR ", (field.build(scene, value) for value in term.values if value.text), "1")


def _unknown_field(scene: Scene, term: Term, name: str) -> QueryError:
    known = [*FIELDS, "sort"]
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}:?" if near else f"Fields: {', '.join(known)}."
    return QueryError(
        f"There is no field {name!r}.",
        query=scene.query,
        position=term.position,
        length=term.length,
        hint=f"{hint} Put the text in quotation marks to look for it as it is.",
    )


def _sort(scene: Scene, term: Term) -> Iterable[str]:
    if term.negated or not any(value.text for value in term.values):
        raise QueryError(
            "An order cannot be negated." if term.negated else "sort: needs a value.",
            query=scene.query,
            position=term.position,
            length=term.length,
            hint="For example sort:size, or sort:size- for the largest first.",
        )
    for value in term.values:
        name = value.text.lower().rstrip("-+")
        if name not in SORTS:
            near = get_close_matches(name, SORTS, n=1, cutoff=0.7)
            raise QueryError(
                f"There is no order by {name!r}.",
                query=scene.query,
                position=value.position,
                length=value.length,
                hint=f"Did you mean sort:{near[0]}?" if near else f"Known: {', '.join(SORTS)}.",
            )
        direction = "DESC" if value.text.endswith("-") else "ASC"
        yield f"{SORTS[name]} {direction} NULLS LAST"


def _join(word: str, conditions: Iterable[Condition], empty: str) -> Condition:
    parts: list[str] = []
    params: list[str | float] = []
    for sql, values in conditions:
        parts.append(sql)
        params.extend(values)
    if not parts:
        return empty, []
    if len(parts) == 1:
        return parts[0], params
    return "(" + word.join(f"({part})" for part in parts) + ")", params
