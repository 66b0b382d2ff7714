"""Plain tables: aligned and cut to the terminal for people, tabs and nothing cut for pipes."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import click

from loradex.cli.output import is_terminal
from loradex.domain.text import display_text

GAP = "  "
_NARROWEST = 8
"""Cells that a column which shrinks keeps."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, whether it stands to the right, and how it gives way.

    What may `shrink` gets narrower first; what may `drop` is left out, the last one first, where
    that is not enough. Of what is cut, `tail` keeps the end, which is what tells paths apart.
    """

    title: str
    right: bool = False
    shrink: bool = False
    drop: bool = False
    tail: bool = False


def terminal_width() -> int:
    """Return the columns of the terminal, 100 when nobody tells."""
    import shutil  # noqa: PLC0415 - slow to load, and many outputs are not tables

    return shutil.get_terminal_size((100, 30)).columns


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print rows; every text is made safe for the terminal here."""
    for line in table_lines(columns, rows):
        click.echo(line)


def table_lines(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return what `print_table` prints: the titles, for a terminal only, and a line a row."""
    lines = [[display_text(cell) for cell in row] for row in rows]
    if not is_terminal(sys.stdout):
        return ["\t".join(line) for line in lines]
    total = terminal_width()
    kept = _kept(columns, lines, total)
    columns = [columns[place] for place in kept]
    lines = [[line[place] for place in kept] for line in lines]
    widths = _widths(columns, lines, total)
    titles = [column.title for column in columns]
    title = click.style(_line(columns, titles, widths), bold=True)
    return [title, *(_line(columns, line, widths) for line in lines)]


def _kept(columns: Sequence[Column], lines: Sequence[Sequence[str]], total: int) -> list[int]:
    """Return the places of the columns that there is room for when each is at its narrowest."""
    least = [
        min(width, _NARROWEST) if column.shrink else width
        for column, width in zip(columns, _natural(columns, lines), strict=True)
    ]
    kept = list(range(len(columns)))
    for place in reversed(range(len(columns))):
        if sum(least[k] for k in kept) + len(GAP) * (len(kept) - 1) <= total:
            break
        if columns[place].drop:
            kept.remove(place)
    return kept


def _natural(columns: Sequence[Column], lines: Sequence[Sequence[str]]) -> list[int]:
    return [
        max([cell_width(column.title), *(cell_width(line[place]) for line in lines)])
        for place, column in enumerate(columns)
    ]


def _widths(columns: Sequence[Column], lines: Sequence[Sequence[str]], total: int) -> list[int]:
    widths = _natural(columns, lines)
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - total
    shrinking = [place for place, column in enumerate(columns) if column.shrink]
    while excess > 0 and shrinking:
        widest = max(shrinking, key=lambda place: widths[place])
        if widths[widest] <= _NARROWEST:
            break
        cut = min(excess, widths[widest] - _NARROWEST, 4)
        widths[widest] -= cut
        excess -= cut
    return widths


def _line(columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for column, cell, width in zip(columns, cells, widths, strict=True):
        text = fit_tail(cell, width) if column.tail else fit(cell, width)
        space = " " * (width - cell_width(text))
        parts.append(space + text if column.right else text + space)
    return GAP.join(parts).rstrip()


def cell_width(text: str) -> int:
    """Return how many terminal cells a text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    width = 0
    for character in text:
        if unicodedata.combining(character) or character in "\ufe0e\ufe0f":
            continue
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return width


def fit(text: str, width: int) -> str:
    """Cut a text to a width in cells, with an ellipsis where something is missing."""
    if cell_width(text) <= width:
        return text
    kept = ""
    for character in text:
        if cell_width(kept + character) > width - 1:
            break
        kept += character
    return kept + "…"


def fit_tail(text: str, width: int) -> str:
    """Cut a text to a width in cells as `fit` does, but keep its end."""
    if cell_width(text) <= width:
        return text
    kept = ""
    for character in reversed(text):
        if cell_width(character + kept) > width - 1:
            break
        kept = character + kept
    return "…" + kept


def pieces(text: str, width: int) -> Iterator[str]:
    """Yield a text in pieces of at most `width` cells, and at least one character."""
    piece = ""
    for character in text:
        if piece and cell_width(piece + character) > width:
            yield piece
            piece = ""
        piece += character
    yield piece
