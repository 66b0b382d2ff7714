"""Models side by side, as text: a row a fact, a column a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from textual.content import Content

from loradex.operations.model_comparison import ComparedFact
from loradex_tui.cells import cell_text

TITLE = 16
"""Cells of the titles on the left."""
_GAP = 2
_MOST_TEXT = 400


def column_width(width: int, models: int) -> int:
    """Return the cells of a model's column, its gap with it."""
    return max((width - TITLE) // max(models, 1), 10)


def compare_text(facts: Sequence[ComparedFact], width: int, *, only_different: bool) -> Content:
    """Return the facts; `≠` stands before those that differ, `+` before words not all have."""
    lines: list[Content] = []
    for fact in facts:
        if fact.differs or not only_different:
            lines += _row(fact, width)
    if not lines:
        return Content.styled("Nothing that is known of them differs.", "$quiet")
    return Content("\n").join(lines)


def _row(fact: ComparedFact, width: int) -> Iterable[Content]:
    column = column_width(width, len(fact.values))
    cells = [_words(fact, value).wrap(column - _GAP) for value in fact.values]
    mark = ("≠ ", "bold $accent") if fact.differs else ("  ", "")
    title = Content.assemble(mark, (fact.title, "bold $foreground" if fact.differs else "$quiet"))
    head = [title, *[Content("")] * (max(map(len, cells)) - 1)]
    for label, *parts in zip_longest(head, *cells, fillvalue=Content("")):
        padded = [_padded(part, column) for part in parts]
        yield Content.assemble(_padded(label, TITLE), *padded)


def _words(fact: ComparedFact, value: tuple[str, ...]) -> Content:
    if not value:
        return Content.styled("–", "$quiet")
    several = any(len(each) > 1 for each in fact.values)
    parts = []
    for word in value:
        shared = fact.shared(word)
        text = cell_text(word, _MOST_TEXT)
        plus = "+" if several and not shared and fact.differs else ""
        parts.append(Content.styled(f"{plus}{text}", "$quiet" if shared else "$foreground"))
    return Content(", ").join(parts)


def _padded(content: Content, width: int) -> Content:
    return content + Content(" " * max(width - content.cell_length, 0))
