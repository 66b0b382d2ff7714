"""Cut a query into terms, each with its place in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from loradex.errors import QueryError

MAX_LENGTH = 2_000
MAX_TERMS = 100

_FIELD = re.compile(r"([A-Za-z][A-Za-z_]*):")


@dataclass(frozen=True, slots=True)
class Value:
    """One alternative of a term: `a` and `b c` in `tag:a,"b c"`."""

    text: str
    quoted: bool
    position: int
    length: int


@dataclass(frozen=True, slots=True)
class Term:
    """One word, phrase or field condition. `field` is None for free text."""

    field: str | None
    values: tuple[Value, ...]
    negated: bool
    position: int
    length: int


@dataclass(frozen=True, slots=True)
class Or:
    """A comma that stands alone."""

    position: int


def tokenize(query: str) -> list[Term | Or]:
    """Return the terms of `query` in order; raise `QueryError` at the first wrong character."""
    if len(query) > MAX_LENGTH:
        raise QueryError(
            f"The query is longer than {MAX_LENGTH} characters.", query=query, position=MAX_LENGTH
        )
    tokens: list[Term | Or] = []
    at = 0
    while at < len(query):
        if query[at].isspace():
            at += 1
        elif query[at] == ",":
            tokens.append(Or(at))
            at += 1
        else:
            term = _read_term(query, at)
            tokens.append(term)
            at = term.position + term.length
        if len(tokens) > MAX_TERMS:
            raise QueryError(
                f"The query has more than {MAX_TERMS} terms.", query=query, position=at
            )
    return tokens


def _read_term(query: str, start: int) -> Term:
    at = start
    negated = query[at] == "-" and at + 1 < len(query) and not query[at + 1].isspace()
    if negated:
        at += 1
    field = None
    match = _FIELD.match(query, at)
    if match:
        field = match.group(1).lower()
        at = match.end()
    values: list[Value] = []
    while at < len(query) and not query[at].isspace():
        if query[at] == ",":
            if field is None or _ends_term(query, at):
                break
            at += 1
            continue
        value, at = _read_value(query, at, stop_at_comma=field is not None)
        values.append(value)
        if field is None:
            break
    return Term(field, tuple(values), negated, start, at - start)


def _ends_term(query: str, comma: int) -> bool:
    return comma + 1 >= len(query) or query[comma + 1].isspace()


def _read_value(query: str, start: int, *, stop_at_comma: bool) -> tuple[Value, int]:
    if query[start] == '"':
        end = query.find('"', start + 1)
        if end < 0:
            raise QueryError(
                "The quotation mark is never closed.",
                query=query,
                position=start,
                length=len(query) - start,
                hint='Close it, as in "exact words".',
            )
        return Value(query[start + 1 : end], True, start, end + 1 - start), end + 1
    at = start
    while at < len(query) and not query[at].isspace():
        if query[at] == "," and (stop_at_comma or _ends_term(query, at)):
            break
        at += 1
    return Value(query[start:at], False, start, at - start), at
