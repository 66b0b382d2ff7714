"""Pieces of SQL with their parameters, and how they are joined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Param = str | float


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a row of `content`.

    `ids` is a SELECT of content ids when that is all the condition asks: an index knows its rows,
    and several of them can be asked at once.
    """

    sql: str
    params: tuple[Param, ...] = ()
    ids: str | None = None

    @property
    def selective(self) -> bool:
        """Tell whether an index names the rows, so that nothing else has to be read."""
        return self.ids is not None


EVERYTHING = Condition("1")
NOTHING = Condition("0")


def among(ids: str, *params: Param) -> Condition:
    """Return the condition that a content is one of these."""
    return Condition(f"content.id IN ({ids})", params, ids)


def not_among(ids: str, *params: Param) -> Condition:
    """Return the condition that a content is none of these."""
    return Condition(f"content.id NOT IN ({ids})", params)


def every(parts: Iterable[Condition]) -> Condition:
    """Return the condition that all of these are true."""
    return _joined(" AND ", list(parts), EVERYTHING)


def any_of(parts: Iterable[Condition]) -> Condition:
    """Return the condition that one of these is true."""
    some = list(parts)
    if len(some) > 1 and all(part.ids is not None for part in some):
        return among(
            " UNION ALL ".join(f"SELECT * FROM ({part.ids})" for part in some),
            *(param for part in some for param in part.params),
        )
    return _joined(" OR ", some, NOTHING)


def negated(part: Condition) -> Condition:
    """Return the condition that this one is not true; unknown is not true."""
    return Condition(f"NOT coalesce({part.sql}, 0)", part.params)


def _joined(word: str, parts: list[Condition], none: Condition) -> Condition:
    if len(parts) < 2:
        return parts[0] if parts else none
    return Condition(
        "(" + word.join(f"({part.sql})" for part in parts) + ")",
        tuple(param for part in parts for param in part.params),
    )
