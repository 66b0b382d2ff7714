"""What could stand at the cursor of a field, in a box below it that moves nothing."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from loradex.operations.query_completion import Offers
from loradex_tui.cells import cell_text, fit

_LINES = 8
_WORD = 22


class OfferList(Static):
    """Shows offers with a cursor; hidden while there are none."""

    DEFAULT_CSS = """
    OfferList { display: none; overlay: screen; constrain: none inside; width: 58; height: auto;
                background: $panel; border: round $primary; padding: 0 1; text-wrap: nowrap;
                text-overflow: ellipsis; }
    OfferList.-open { display: block; }
    """

    class Taken(Message):
        """The mouse took an offer."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__()
        self.offers: Offers | None = None
        self.picked = 0

    @property
    def is_open(self) -> bool:
        """True while offers are shown."""
        return self.offers is not None

    def show_offers(self, offers: Offers | None) -> None:
        """Show these; None or none of them hides the box."""
        self.offers = offers if offers is not None and offers.offers else None
        self.picked = 0
        self.set_class(self.is_open, "-open")
        self._draw()

    def pick(self, step: int) -> None:
        """Move the cursor, round the ends."""
        if self.offers is not None:
            self.picked = (self.picked + step) % len(self.offers.offers)
            self._draw()

    @property
    def _top(self) -> int:
        return max(self.picked - _LINES + 1, 0)

    def _draw(self) -> None:
        if self.offers is None:
            return
        every = self.offers.offers
        lines = [
            Content.assemble(
                ("❯ " if self._top + row == self.picked else "  ", "bold $accent"),
                (fit(each.text, _WORD), "bold" if self._top + row == self.picked else ""),
                (f" {cell_text(each.told, 100)}", "$quiet"),
            )
            for row, each in enumerate(every[self._top : self._top + _LINES])
        ]
        rest = len(every) - self._top - len(lines)
        last = f"… {rest} more · " if rest > 0 else ""
        lines.append(Content.styled(f"  {last}↓ ↑ choose · Tab takes it · Esc", "$quiet"))
        self.update(Content("\n").join(lines))

    def on_click(self, event: events.Click) -> None:
        """Take the line under the mouse."""
        offset = event.get_content_offset(self)
        if offset is not None and self.offers is not None:
            index = self._top + offset.y
            if index < min(len(self.offers.offers), self._top + _LINES):
                self.post_message(self.Taken(index))
