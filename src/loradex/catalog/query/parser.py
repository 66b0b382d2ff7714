"""The terms of a query as a tree: what is joined by AND, by OR, and what is turned round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loradex.catalog.query.lexer import Close, Not, Open, Or, Term, Token, tokenize
from loradex.errors import QueryError


@dataclass(frozen=True, slots=True)
class Every:
    """All of these; none means everything."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of these at least."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """Not this."""

    part: Node


Node = Every | AnyOf | Nothing | Term

_OUTSIDE = ("sort", "limit")
"""Terms that say how a list is shown, not what is in it."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What is looked for, and the `sort:` and `limit:` terms."""

    tree: Node
    shown: tuple[Term, ...]


def parse(query: str) -> Parsed:
    """Return a query as a tree; raise `QueryError` at the place that cannot be read."""
    parser = _Parser(query, tokenize(query))
    return Parsed(parser.alternatives(), tuple(parser.shown))


class _Parser:
    """Reads tokens from left to right; parentheses are known to be balanced."""

    def __init__(self, query: str, tokens: Sequence[Token]) -> None:
        self.shown: list[Term] = []
        self._query = query
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def alternatives(self) -> Node:
        """Read as far as the group goes: what lone commas divide."""
        groups: list[list[Node]] = [[]]
        comma: Or | None = None
        while (token := self._peek()) is not None and not isinstance(token, Close):
            if isinstance(token, Or):
                self._at += 1
                if not groups[-1]:
                    raise self._wrong(f"{self._called(token)} needs something before it.", token)
                groups.append([])
                comma = token
            else:
                part = self._part()
                if part is not None:
                    groups[-1].append(part)
        if comma is not None and not groups[-1]:
            raise self._wrong(f"{self._called(comma)} needs something after it.", comma)
        every: list[Node] = [
            group[0] if len(group) == 1 else Every(tuple(group)) for group in groups
        ]
        return every[0] if len(every) == 1 else AnyOf(tuple(every))

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _part(self) -> Node | None:
        """Read a term, a group or what is turned round; None for what is no condition."""
        token = self._tokens[self._at]
        self._at += 1
        if isinstance(token, Not):
            following = self._peek()
            if following is None or isinstance(following, (Or, Close)):
                raise self._wrong("NOT needs something after it.", token)
            part = self._part()
            if part is None:
                raise self._wrong("This cannot be turned round.", token)
            return Nothing(part)
        if isinstance(token, Open):
            return self._group(token)
        if isinstance(token, Term) and token.field in _OUTSIDE:
            if self._depth:
                raise QueryError(
                    f"{token.field}: belongs outside of parentheses.",
                    query=self._query,
                    position=token.position,
                    length=token.length,
                )
            self.shown.append(token)
            return None
        return token if isinstance(token, Term) else None

    def _group(self, opening: Open) -> Node:
        self._depth += 1
        inner = self.alternatives()
        self._depth -= 1
        closing = self._tokens[self._at]
        self._at += 1
        if inner == Every(()):
            raise QueryError(
                "There is nothing between the parentheses.",
                query=self._query,
                position=opening.position,
                length=closing.position + 1 - opening.position,
            )
        return inner

    @staticmethod
    def _called(token: Or) -> str:
        return "A comma" if token.length == 1 else "OR"

    def _wrong(self, message: str, token: Or | Not) -> QueryError:
        return QueryError(message, query=self._query, position=token.position, length=token.length)
