"""A grid in miniature: what goes across, down and on pages, before anything is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from loradex.operations.grid_sketch import GridSketch
from loradex.render.captions import KIND_NAMES
from loradex_tui.cells import cell_text

_MOST_COLUMNS = 12
_MOST_ROWS = 8
_VALUES = 6


def shape_text(sketch: GridSketch) -> Content:
    """Return the axes by their sides with their first values, and a page of empty cells."""
    layout = sketch.layout
    lines: list[Content] = []
    for side, numbers in (("across", layout.x), ("down", layout.y), ("pages", layout.pages)):
        lines += [_axis_line(sketch, side, number) for number in numbers]
    columns, rows = _length(sketch, layout.x), _length(sketch, layout.y)
    lines += [Content(), *_cells(columns, rows)]
    pages = _length(sketch, layout.pages)
    if pages > 1:
        lines.append(Content.styled(f"and {pages - 1:,} more such pages", "$quiet"))
    return Content("\n").join(lines)


def _axis_line(sketch: GridSketch, side: str, number: int) -> Content:
    axis = sketch.axes[number]
    more = len(axis.values) - _VALUES
    values = "  ".join(cell_text(label, 18) for label in axis.labels[:_VALUES])
    return Content.assemble(
        (f"{side:<7}", "$accent"),
        (f"{KIND_NAMES[axis.kind]}\n", "bold $secondary"),
        (f"       {values}{f'  … {more} more' if more > 0 else ''}", "$quiet"),
    )


def _cells(columns: int, rows: int) -> list[Content]:
    across, down = min(columns, _MOST_COLUMNS), min(rows, _MOST_ROWS)
    line = "▢ " * across + ("…" if columns > across else "")
    lines = [Content.styled(line, "$foreground-muted")] * down
    if rows > down:
        lines.append(Content.styled("…", "$foreground-muted"))
    return [*lines, Content.styled(f"{columns:,} × {rows:,}", "$quiet")]


def _length(sketch: GridSketch, numbers: Sequence[int]) -> int:
    product = 1
    for number in numbers:
        product *= len(sketch.axes[number].values)
    return product
