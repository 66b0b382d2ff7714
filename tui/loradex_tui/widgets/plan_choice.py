"""One of a few things, chosen with the arrows, with Space, or with the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from loradex_tui.cells import cell_text, fit


class OneOf(Widget, can_focus=True):
    """A line of options, one of them chosen. Where they do not fit, only that one is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h,up", "step(-1)", "Previous", show=False),
        Binding("right,l,space,down", "step(1)", "Next", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"one--chosen", "one--other"}
    DEFAULT_CSS = """
    OneOf { height: 1; width: 1fr; }
    OneOf:focus { background: $block-cursor-background; }
    OneOf > .one--chosen { color: $foreground; text-style: bold; }
    OneOf > .one--other { color: $quiet; }
    OneOf:ansi:focus { text-style: reverse; }
    """

    class Changed(Message):
        """Another option is chosen."""

        def __init__(self, one_of: OneOf) -> None:
            super().__init__()
            self.one_of = one_of

        @property
        def control(self) -> OneOf:
            """The line it was chosen in."""
            return self.one_of

    def __init__(self, options: Sequence[tuple[str, str]], *, id: str) -> None:
        """`options` are values and their words."""
        super().__init__(id=id)
        self._options = options
        self._chosen = 0
        self._places: list[tuple[int, int]] = []

    @property
    def value(self) -> str:
        """The value of the chosen option; empty when there is none."""
        return self._options[self._chosen][0] if self._options else ""

    def render_line(self, _y: int) -> Strip:
        """Draw all options, or the chosen one."""
        width, base = self.size.width, self.rich_style
        texts = [
            f"{'(•)' if number == self._chosen else '( )'} {cell_text(word, 200)}"
            for number, (_, word) in enumerate(self._options)
        ]
        self._places = []
        if sum(cell_len(text) + 3 for text in texts) - 3 > width:
            return self._alone(width, base)
        segments: list[Segment] = []
        at = 0
        for number, text in enumerate(texts):
            name = "chosen" if number == self._chosen else "other"
            segments += [Segment(text, self._tone(base, name)), Segment("   ", base)]
            self._places.append((at, at + cell_len(text)))
            at += cell_len(text) + 3
        return Strip(segments).adjust_cell_length(width, base)

    def _alone(self, width: int, base: Style) -> Strip:
        count = f"  {self._chosen + 1} of {len(self._options)} ←→"
        text = fit(f"(•) {self._options[self._chosen][1]}", max(width - len(count), 0))
        return Strip(
            [
                Segment(text, self._tone(base, "chosen")),
                Segment(count, self._tone(base, "other")),
            ]
        ).adjust_cell_length(width, base)

    def _tone(self, base: Style, name: str) -> Style:
        return base + self.get_component_rich_style(f"one--{name}", partial=True)

    def action_step(self, step: int) -> None:
        """Choose the next option, or the one before."""
        self._choose((self._chosen + step) % max(len(self._options), 1))

    def on_click(self, event: events.Click) -> None:
        """Choose the option under the mouse; where only one is shown, the next."""
        if not self._places:
            self.action_step(1)
        for number, (start, end) in enumerate(self._places):
            if start <= event.x < end:
                self._choose(number)

    def _choose(self, number: int) -> None:
        if number != self._chosen:
            self._chosen = number
            self.refresh()
            self.post_message(self.Changed(self))
