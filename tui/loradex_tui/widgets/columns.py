"""Which columns of a model fit a width, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from loradex.domain.models import ModelRow
from loradex_tui.cells import fit, fit_right
from loradex_tui.wording import kind_label, row_base, size_text, stars

GUTTER = 4
"""Cursor, mark, state, and a space."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, the order it sorts by, and a style's name."""

    id: str
    title: str
    sort: str
    text: Callable[[ModelRow], str]
    right: bool = False

    def cell(self, row: ModelRow, width: int) -> str:
        """Return this column of a row in exactly `width` cells."""
        return (fit_right if self.right else fit)(self.text(row), width)

    def head(self, width: int, order: str) -> str:
        """Return the title in `width` cells, with an arrow when the list is in this order."""
        title = self.title
        if order.rstrip("-+") == self.sort:
            title += " v" if order.endswith("-") else " ^"
        return (fit_right if self.right else fit)(title, width)


def _rating(row: ModelRow) -> str:
    return stars(row.rating) + (" ♥" if row.favourite else "")


NAME = Column("name", "Name", "name", lambda row: row.name)
SIZE = Column("size", "Size", "size", lambda row: size_text(row.size), right=True)
BASE = Column("base", "Base", "base", row_base)
KIND = Column("kind", "Kind", "kind", lambda row: kind_label(row.kind))
RATING = Column("rating", "Rating", "rating", _rating)
TAGS = Column("tags", "Tags", "", lambda row: ", ".join(row.tags))

_WIDTHS = {"size": 7, "base": 11, "kind": 10, "rating": 7}
_LEAST_NAME = 18
_LEAST_TAGS = 12
_ORDER = (NAME, KIND, BASE, SIZE, RATING, TAGS)


@lru_cache(64)
def layout(width: int) -> tuple[tuple[Column, int], ...]:
    """Return the columns that fit and their widths, which sum to `width` with the gutter.

    Each column's width holds a space that parts it from the next.
    """
    free = width - GUTTER
    widths: dict[str, int] = {}
    for column in (SIZE, BASE, KIND, RATING):
        need = _WIDTHS[column.id] + 1
        if free - need >= _LEAST_NAME:
            widths[column.id] = need
            free -= need
    if free >= 2 * _LEAST_NAME + _LEAST_TAGS and len(widths) == len(_WIDTHS):
        widths["tags"] = min(max(free * 2 // 5, _LEAST_TAGS), 48)
        free -= widths["tags"]
    widths["name"] = max(free, 0)
    return tuple((column, widths[column.id]) for column in _ORDER if column.id in widths)
