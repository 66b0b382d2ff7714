"""Cut a query into terms, each with its place in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from loradex.errors import QueryError

MAX_LENGTH = 2_000
MAX_TERMS = 100
MAX_DEPTH = 20

_FIELD = re.compile(r"([^\W\d_][\w-]*):")
_NEGATIONS = "-^"


@dataclass(frozen=True, slots=True)
class Value:
    """One alternative of a term: `a` and `b c` in `tag:a,"b c"`."""

    text: str
    quoted: bool
    position: int
    length: int


@dataclass(frozen=True, slots=True)
class Term:
    """One word, phrase or field condition. `field` is None for free text.

    `pattern` is True for `name::^neon`: the value is a regular expression.
    """

    field: str | None
    values: tuple[Value, ...]
    negated: bool
    position: int
    length: int
    pattern: bool = False


@dataclass(frozen=True, slots=True)
class Or:
    """A comma that stands alone, or `OR`."""

    position: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Not:
    """`NOT`, or a minus before a parenthesis."""

    position: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Open:
    """A parenthesis that begins a group."""

    position: int


@dataclass(frozen=True, slots=True)
class Close:
    """A parenthesis that ends a group."""

    position: int


Token = Term | Or | Not | Open | Close


def tokenize(query: str) -> list[Token]:
    """Return the terms of `query` in order; raise `QueryError` at the first wrong character."""
    if len(query) > MAX_LENGTH:
        raise QueryError(
            f"The query is longer than {MAX_LENGTH} characters.", query=query, position=MAX_LENGTH
        )
    tokens: list[Token] = []
    opened: list[int] = []
    at = 0
    while at < len(query):
        if query[at].isspace():
            at += 1
            continue
        token, at = _next(query, at, opened)
        if token is not None:
            tokens.append(token)
        if len(tokens) > MAX_TERMS:
            raise QueryError(
                f"The query has more than {MAX_TERMS} terms.", query=query, position=at
            )
    if opened:
        raise QueryError(
            "The parenthesis is never closed.",
            query=query,
            position=opened[-1],
            hint='Close it, or put the text in quotation marks to look for it: "(".',
        )
    return tokens


def _next(query: str, at: int, opened: list[int]) -> tuple[Token | None, int]:
    """Return the token at a place, None for `AND`, and where the next one may begin."""
    character = query[at]
    if character == ",":
        return Or(at), at + 1
    if character == "(":
        return _opening(query, at, opened), at + 1
    if character == ")":
        if not opened:
            raise QueryError(
                "There is no parenthesis that this one closes.",
                query=query,
                position=at,
                hint='Put the text in quotation marks to look for it: ")".',
            )
        opened.pop()
        return Close(at), at + 1
    if character in _NEGATIONS and query.startswith("(", at + 1):
        return Not(at), at + 1
    for word, token in (("OR", Or(at, 2)), ("NOT", Not(at, 3)), ("AND", None)):
        end = at + len(word)
        if query.startswith(word, at) and (end == len(query) or query[end] in " \t\n()"):
            return token, end
    term = _read_term(query, at, bool(opened))
    return term, term.position + term.length


def _opening(query: str, at: int, opened: list[int]) -> Open:
    opened.append(at)
    if len(opened) > MAX_DEPTH:
        raise QueryError(
            f"There are more than {MAX_DEPTH} parentheses within each other.",
            query=query,
            position=at,
        )
    return Open(at)


def _read_term(query: str, start: int, grouped: bool) -> Term:
    at = start
    negated = query[at] in _NEGATIONS and at + 1 < len(query) and not query[at + 1].isspace()
    if negated:
        at += 1
    field, pattern = None, False
    match = _FIELD.match(query, at)
    if match:
        field = match.group(1).lower()
        at = match.end()
        pattern = query.startswith(":", at)
        at += pattern
    many = field is not None and not pattern
    values: list[Value] = []
    while at < len(query) and not query[at].isspace() and not (grouped and query[at] == ")"):
        if query[at] == "," and not pattern:
            if field is None or _ends_term(query, at):
                break
            at += 1
            continue
        value, at = _read_value(query, at, stop_at_comma=many, grouped=grouped, raw=pattern)
        values.append(value)
        if not many:
            break
    return Term(field, tuple(values), negated, start, at - start, pattern)


def _ends_term(query: str, comma: int) -> bool:
    return comma + 1 >= len(query) or query[comma + 1].isspace()


def _read_value(
    query: str, start: int, *, stop_at_comma: bool, grouped: bool, raw: bool
) -> tuple[Value, int]:
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
    at, inner = start, 0
    while at < len(query) and not query[at].isspace():
        if query[at] == "," and not raw and (stop_at_comma or _ends_term(query, at)):
            break
        if grouped and query[at] == ")" and inner == 0:
            break  # closes the group, not a parenthesis of the word's own, as in `neon(2)`
        inner += (query[at] == "(") - (query[at] == ")" and inner > 0)
        at += 1
    return Value(query[start:at], False, start, at - start), at
