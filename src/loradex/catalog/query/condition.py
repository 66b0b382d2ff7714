"""Pieces of SQL with their parameters, and how they are joined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

Param = str | float


@dataclass(frozen=True, slots=True)
class Match:
    """What a full-text index is asked for.

    `begins` is set where that is nothing but words that begin with this one, as the index has it.
    """

    table: str
    expression: str
    begins: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a row of `content`, as SQL and as what it is joined of.

    `ids` is a SELECT of content ids when that is all the condition asks: an index knows its rows.
    `parts` are the conditions that `joint` (`and`, `or`, `not`) makes this one of; none for one
    that stands alone. `folders` tells, of a condition on nothing but the folders of a content, the
    SQL of a folder's path and a text in it; `match`, of one on nothing but what an index of texts
    finds, what that is asked for.
    """

    sql: str
    params: tuple[Param, ...] = ()
    ids: str | None = None
    joint: str = ""
    parts: tuple[Condition, ...] = ()
    folders: tuple[str, str] | None = None
    match: Match | None = None

    @property
    def scanned(self) -> bool:
        """Tell whether all of it has to be asked of every content, one by one."""
        return self.ids is None and all(part.scanned for part in self.parts)


EVERYTHING = Condition("1")
NOTHING = Condition("0")


def among(ids: str, *params: Param) -> Condition:
    """Return the condition that a content is one of these."""
    return Condition(f"content.id IN ({ids})", params, ids)


def not_among(ids: str, *params: Param) -> Condition:
    """Return the condition that a content is none of these."""
    return negated(among(ids, *params))


def every(parts: Iterable[Condition]) -> Condition:
    """Return the condition that all of these are true."""
    return _joined("and", list(parts), EVERYTHING)


def any_of(parts: Iterable[Condition]) -> Condition:
    """Return the condition that one of these is true."""
    some = list(parts)
    if len(some) > 1 and all(part.ids is not None for part in some):
        ids = " UNION ALL ".join(f"SELECT * FROM ({part.ids})" for part in some)
        params = (param for part in some for param in part.params)
        return replace(among(ids, *params), joint="or", parts=tuple(some))
    return _joined("or", some, NOTHING)


def plain(sql: str) -> Condition:
    """Return a condition without parameters, as what it is when it only names ids."""
    for start, found in (("content.id IN (", among), ("content.id NOT IN (", not_among)):
        if sql.startswith(start) and sql.endswith(")"):
            return found(sql[len(start) : -1])
    return Condition(sql)


def negated(part: Condition) -> Condition:
    """Return the condition that this one is not true; unknown is not true."""
    return Condition(f"NOT coalesce({part.sql}, 0)", part.params, None, "not", (part,))


def _joined(joint: str, parts: list[Condition], none: Condition) -> Condition:
    if len(parts) < 2:
        return parts[0] if parts else none
    return Condition(
        "(" + f" {joint.upper()} ".join(f"({part.sql})" for part in parts) + ")",
        tuple(param for part in parts for param in part.params),
        None,
        joint,
        tuple(parts),
    )
