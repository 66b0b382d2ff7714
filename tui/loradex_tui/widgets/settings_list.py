"""The lines of the settings screen: a label, its value, and where that is from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.message import Message

from loradex_tui.actions import bindings
from loradex_tui.cells import fit
from loradex_tui.settings_lines import Line, LineKind
from loradex_tui.widgets.line_list import LineList

_LABEL = 22
_LEVELS = {"serious": "!! ", "fault": "!  ", "advice": "·  "}


class SettingsList(LineList):
    """Headings and lines; the cursor stands on lines only."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("settings")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "setting--title",
        "setting--quiet",
        "setting--own",
        "setting--serious",
        "setting--fault",
        "setting--advice",
    }
    DEFAULT_CSS = """
    SettingsList > .setting--title { color: $primary; text-style: bold; }
    SettingsList > .setting--quiet { color: $quiet; }
    SettingsList > .setting--own { color: $accent; }
    SettingsList > .setting--serious { color: $error; text-style: bold; }
    SettingsList > .setting--fault { color: $warning; text-style: bold; }
    SettingsList > .setting--advice { color: $quiet; }
    """

    class Asked(Message):
        """A key was pressed that stands for something to do with the current line."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self) -> None:
        super().__init__()
        self.lines: Sequence[Line] = ()

    @property
    def current(self) -> Line | None:
        """The line under the cursor."""
        return self.lines[self.cursor] if self.selectable(self.cursor) else None

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines; the cursor stays on what it was on."""
        here = self.current
        self.lines = lines
        places = {(line.kind, line.id): index for index, line in enumerate(lines)}
        self.set_line_count(len(lines), places.get((here.kind, here.id), 0) if here else 0)

    def selectable(self, index: int) -> bool:
        """Headings cannot be chosen."""
        return 0 <= index < len(self.lines) and self.lines[index].kind is not LineKind.HEADING

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return a heading, or label, value and source as the width allows."""
        line = self.lines[index]

        def style(name: str) -> Style:
            return base + self.tone(f"setting--{name}")

        if line.kind is LineKind.HEADING:
            return [Segment(fit(f" {line.label}", width), style("title"))]
        mark = Segment("❯ " if cursor else "  ", style("own"))
        if line.level:
            level = Segment(_LEVELS[line.level], style(line.level))
            count = fit(line.value, 8)
            return [mark, level, Segment(fit(line.label, width - 13), base), Segment(count, base)]
        room = max(width - 3 - _LABEL, 0)
        beside = fit(line.source, 16) if room >= 40 else ""
        return [
            mark,
            Segment(fit(line.label, _LABEL) + " ", style("quiet")),
            Segment(fit(line.value, room - len(beside)), style("own") if line.own else base),
            Segment(beside, style("quiet")),
        ]

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A second click changes the line."""
        event.stop()
        if event.times > 1:
            self._ask("change")

    def do_change(self) -> None:
        """Change the line."""
        self._ask("change")

    def do_usual(self) -> None:
        """Let it be as usual."""
        self._ask("usual")

    def do_check(self) -> None:
        """Look for what is wrong."""
        self._ask("check")

    def do_mend(self) -> None:
        """Draw up a plan that mends it."""
        self._ask("mend")

    def do_copy_command(self) -> None:
        """Copy the command."""
        self._ask("copy_command")

    def do_scroll_down(self) -> None:
        """Scroll the text beside."""
        self._ask("scroll_down")

    def do_scroll_up(self) -> None:
        """Scroll the text beside."""
        self._ask("scroll_up")

    def do_back(self) -> None:
        """Go to the library."""
        self._ask("back")

    def _ask(self, what: str) -> None:
        self.post_message(self.Asked(what))
