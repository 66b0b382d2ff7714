"""The rows of a grid that is put together: what varies, where it goes, and what is wrong."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.message import Message

from loradex.domain.axes import AxisKind
from loradex.domain.grid import Layout
from loradex.render.captions import KIND_NAMES
from loradex_tui.actions import bindings
from loradex_tui.cells import fit
from loradex_tui.grids.check import GridCheck
from loradex_tui.grids.form import AxisRow, GridForm, Side
from loradex_tui.widgets.line_list import LineList

_NAME = 15
_SIDE = 10
_COUNT = 5
_UNSAID = {
    AxisKind.LORA: "none: Enter chooses",
    AxisKind.CHECKPOINT: "the only one that fits; Enter chooses",
    AxisKind.STRENGTH: "as each LoRA is used",
    AxisKind.PROMPT: "its trigger words",
    AxisKind.NEGATIVE: "none",
    AxisKind.TRIGGER: "come and go with the LoRA",
    AxisKind.SEED: "1",
}
"""What holds where nothing is said."""


class AxisList(LineList):
    """A line for each row, and one in words below each that cannot be read."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("axes")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "axis--name",
        "axis--side",
        "axis--quiet",
        "axis--fault",
    }
    DEFAULT_CSS = """
    AxisList > .axis--name { color: $secondary; }
    AxisList > .axis--side { color: $accent; }
    AxisList > .axis--quiet { color: $quiet; }
    AxisList > .axis--fault { color: $error; }
    """

    class Wanted(Message):
        """The person wants something of the grid, or of the row under the cursor."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self, form: GridForm) -> None:
        super().__init__()
        self.form = form
        self.check = GridCheck(form)
        self._lines: list[tuple[int, bool]] = []
        """For each line its row, and whether it tells what is wrong with it."""
        self._number()

    def show(self, form: GridForm, check: GridCheck | None = None) -> None:
        """Show these rows; the cursor stays on its row."""
        row = self.index
        self.form = form
        if check is not None:
            self.check = check
        self._number()
        self.set_line_count(len(self._lines), self._line_of(row))

    def _number(self) -> None:
        self._lines = []
        for index in range(len(self.form.rows)):
            self._lines.append((index, False))
            if index in self.check.faults:
                self._lines.append((index, True))
        self.line_count = len(self._lines)

    def _line_of(self, row: int) -> int:
        lines = [line for line, (one, fault) in enumerate(self._lines) if one == row and not fault]
        return lines[0] if lines else max(len(self._lines) - 1, 0)

    @property
    def index(self) -> int:
        """The row under the cursor."""
        return self._lines[self.cursor][0] if self.cursor < len(self._lines) else 0

    @property
    def current(self) -> AxisRow | None:
        """The row under the cursor."""
        return self.form.rows[self.index] if self.form.rows else None

    def go(self, row: int) -> None:
        """Put the cursor on a row."""
        self.move_to(self._line_of(row))

    def selectable(self, index: int) -> bool:
        """The cursor stands on rows, not on what is wrong with them."""
        return 0 <= index < len(self._lines) and not self._lines[index][1]

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return name, side, count and values; or what is wrong."""
        number, fault = self._lines[index]
        row = self.form.rows[number]

        def style(name: str) -> Style:
            return base + self.tone(f"axis--{name}")

        if fault:
            told = f"  ✗ {self.check.faults[number]}"
            return [Segment(fit(told, width), style("fault"))]
        count = self.check.counts.get(number, 0)
        name = f"{KIND_NAMES[row.kind]} ‘{row.find}’" if row.find else KIND_NAMES[row.kind]
        values, said = self._values(number, row)
        room = max(width - 2 - _NAME - _SIDE - _COUNT, 0)
        return [
            Segment("❯ " if cursor else "  ", style("side")),
            Segment(fit(name, _NAME - 1) + " ", style("name")),
            Segment(fit(self._side(row.kind, count), _SIDE - 1) + " ", style("side")),
            Segment(fit(f"{count:,}×" if count > 1 else "", _COUNT), style("quiet")),
            Segment(fit(values, room), base if said else style("quiet")),
        ]

    def _values(self, number: int, row: AxisRow) -> tuple[str, bool]:
        """Return a row's values in words, and whether a person said them."""
        if row.text.strip():
            shown = self.check.names.get(number) or row.text
            return " ¶ ".join(shown.splitlines()), True
        usual = self.check.usual.get(row.kind)
        return (f"{usual}, as suits it" if usual else _UNSAID.get(row.kind, "–")), False

    def _side(self, kind: AxisKind, count: int) -> str:
        """Return where a row goes; in brackets where nobody said so."""
        side = self.form.side(kind)
        if count < 2:
            return "" if side is Side.AUTO else f"({side})"
        if side is not Side.AUTO:
            return side.value
        sketch = self.check.sketch
        if sketch is None:
            return "(auto)"
        at = next((n for n, axis in enumerate(sketch.axes) if axis.kind is kind), None)
        return "" if at is None else f"({_side_of(sketch.layout, at)})"

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A click on where it goes changes that; a second click edits the values."""
        event.stop()
        if 2 + _NAME <= event.column < 2 + _NAME + _SIDE:
            self.post_message(self.Wanted("place_next"))
        elif event.times > 1:
            self.post_message(self.Wanted("edit_axis"))

    def do_edit_axis(self) -> None:
        """Change the values of the row."""
        self.post_message(self.Wanted("edit_axis"))

    def do_edit_text(self) -> None:
        """Type the values of the row, numbers of models as well."""
        self.post_message(self.Wanted("edit_text"))

    def do_place_next(self) -> None:
        """Let the row go to the next place."""
        self.post_message(self.Wanted("place_next"))

    def do_place_before(self) -> None:
        """Let the row go to the place before."""
        self.post_message(self.Wanted("place_before"))

    def do_drop_axis(self) -> None:
        """Take the row out of the grid."""
        self.post_message(self.Wanted("drop_axis"))


def _side_of(layout: Layout, axis: int) -> Side:
    if axis in layout.x:
        return Side.ACROSS
    return Side.DOWN if axis in layout.y else Side.PAGES
