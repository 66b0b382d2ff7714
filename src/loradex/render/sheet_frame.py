"""What stands around the tiles of a sheet: its head, the labels across and down, their sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from loradex.domain.axes import AxisKind
from loradex.domain.grid import GridPlan, Layout, Place
from loradex.domain.text import display_text
from loradex.render.captions import (
    TEXT_KINDS,
    axis_name,
    base_values,
    facts_line,
    shared_facts,
    value_text,
)
from loradex.render.sheet_table import Table, gaps
from loradex.render.sheet_text import face, plain, wrap, wrap_name

if TYPE_CHECKING:
    from loradex.render.sheet_text import Face

MARGIN = 32
HEAD_GAP = 22
LABEL = 15
SMALL = 12
LINE = 20
_WIDEST_NAME = 220
_WIDEST_TEXT = 300
_COLUMN_LINES = 6
_GROUP_LINES = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the head: its text, face and ink, and the pixels down to the next."""

    text: str
    font: Face
    ink: str
    step: int


@dataclass(frozen=True, slots=True)
class Label:
    """A value's text in lines that fit, and the face they were fitted with."""

    lines: list[str]
    font: Face


@dataclass(frozen=True)
class Frame:
    """Labels and head of a plan's sheets with tiles of one size.

    Letters grow with the tiles, so that they are read where the tiles are seen. `notes` are
    printed as they are, one a line.
    """

    plan: GridPlan
    layout: Layout
    tile: tuple[int, int]
    notes: Sequence[str] = ()

    @cached_property
    def scale(self) -> float:
        """How much larger than on the smallest tiles everything but the tiles is."""
        return min(max(max(self.tile) / 300, 1.0), 1.7)

    def px(self, pixels: int) -> int:
        """Return a length, or a size of letters, as it is on this sheet."""
        return round(pixels * self.scale)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all axes."""
        return tuple(axis_name(axis) for axis in self.plan.spec.axes)

    @cached_property
    def labels(self) -> Mapping[tuple[int, int], str]:
        """The text of each value, by axis and number; a value that is all base says so."""
        bases = base_values(self.plan)
        return {
            (axis, number): value_text(values, number)
            + (" (base)" if (axis, number) in bases else "")
            for axis, values in enumerate(self.plan.spec.axes)
            for number in range(len(values.values))
        }

    @cached_property
    def gutters(self) -> tuple[int, ...]:
        """The width of the labels at the left, one for each axis that goes down."""
        return tuple(self._gutter(axis) for axis in self.layout.y)

    @cached_property
    def gutter(self) -> int:
        """All pixels between the left margin and the tiles: labels, or the names above them."""
        names = [
            face(self.names[axis], self.px(SMALL)).getlength(self.names[axis])
            for axis in self.layout.x
        ]
        return max(sum(self.gutters), int(max(names, default=0)) + self.px(16))

    def _gutter(self, axis: int) -> int:
        texts = [self.labels[axis, at] for at in range(len(self.plan.spec.axes[axis].values))]
        widest = _WIDEST_TEXT if self.is_text(axis) else _WIDEST_NAME
        needed = max(face(text, self.px(LABEL)).getlength(text[:200]) for text in texts)
        name = face(self.names[axis], self.px(SMALL)).getlength(self.names[axis])
        return int(min(max(needed, name), self.px(widest))) + self.px(18)

    def is_text(self, axis: int) -> bool:
        """Tell whether the axis' values are sentences."""
        return self.plan.spec.axes[axis].kind in TEXT_KINDS

    def label(self, axis: int, number: int, width: int, most: int) -> Label:
        """Return a value's label in lines; a name is shortened in its middle, a text at its end."""
        text = self.labels[axis, number]
        font = face(text, self.px(LABEL))
        broken = wrap if self.is_text(axis) else wrap_name
        return Label(broken(plain(text, font), font, width, most), font)

    def column_heights(self, columns: Sequence[Place]) -> tuple[int, ...]:
        """Return the height of each level of labels above the tiles, outermost first."""
        return tuple(
            self.px(LINE) * self._column_lines(columns, level, axis) + self.px(10)
            for level, axis in enumerate(self.layout.x)
        )

    def _column_lines(self, columns: Sequence[Place], level: int, axis: int) -> int:
        most = self.most_lines(level)
        widths = {(run[0][level], run_width(run, self.tile[0])) for run in runs(columns, level)}
        return max(len(self.label(axis, number, width, most).lines) for number, width in widths)

    def most_lines(self, level: int) -> int:
        """Return how many lines a label across may have at a level."""
        return _COLUMN_LINES if level == len(self.layout.x) - 1 else _GROUP_LINES

    def head(self, table: Table, width: int) -> list[Line]:
        """Return the lines above a table that is `width` wide without its margins."""
        spec = self.plan.spec
        made = self._broken(display_text(spec.title, 200) or "Sample grid", 28, "ink", width, 2)
        made += self._broken(self._facts_line(), LABEL, "soft", width, 3)
        for fact in shared_facts(spec):
            if fact.kind is AxisKind.PROMPT:
                made += self._broken(fact.text, 17, "ink", width, 4)
            elif fact.kind in TEXT_KINDS:
                made += self._broken(f"{fact.name}: {fact.text}", LABEL, "soft", width, 2)
        for note in self.notes:
            made += self._broken(display_text(note, 500), LABEL, "note", width, 3)
        if heading := self._heading(table):
            made += [Line("", face("", LABEL), "ink", self.px(10))]
            made += self._broken(heading, 20, "ink", width, 3)
        if table.parts > 1:
            made += self._broken(_part(table), LABEL, "soft", width, 1)
        return made

    def _broken(self, text: str, size: int, ink: str, width: int, most: int) -> list[Line]:
        font = face(text, self.px(size))
        lines = wrap(plain(text, font), font, width, most)
        return [Line(line, font, ink, self.px(size * 7 // 5)) for line in lines]

    def _facts_line(self) -> str:
        line = facts_line(shared_facts(self.plan.spec))
        widths = {cell.recipe.settings.width for cell in self.plan.cells}
        is_smaller = max(widths, default=0) > self.tile[0]
        shown = f"shown at {self.tile[0]} × {self.tile[1]}" if is_smaller else ""
        return "  ·  ".join(part for part in (line, shown) if part)

    def _heading(self, table: Table) -> str:
        """Return what a page is about: the values of the axes that turn pages."""
        pairs = zip(self.layout.pages, table.page, strict=True)
        return "  ·  ".join(f"{self.names[axis]}: {self.labels[axis, at]}" for axis, at in pairs)


def runs(columns: Sequence[Place], level: int) -> list[list[Place]]:
    """Return neighbours that share a label at a level, which are one group there."""
    return [list(run) for _, run in groupby(columns, key=lambda place: place[: level + 1])]


def run_width(run: Sequence[Place], tile: int) -> int:
    """Return how wide a group of columns is."""
    return sum(tile + gap for gap in gaps(run))


def _part(table: Table) -> str:
    """Return which rows and columns of its page a part has."""
    told = f"Part {table.part} of {table.parts}"
    if len(table.rows) < table.all_rows:
        first, last = table.first_row + 1, table.first_row + len(table.rows)
        told += f"  ·  rows {first} to {last} of {table.all_rows}"
    if len(table.columns) < table.all_columns:
        first, last = table.first_column + 1, table.first_column + len(table.columns)
        told += f"  ·  columns {first} to {last} of {table.all_columns}"
    return told
