"""What a download would bring and where, before it begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from loradex.operations.downloads.plan import DownloadPlan
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.hub_access import Offer
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.widgets.plan_text import is_possible, plan_lines


class GetDialog(Dialog[DownloadPlan]):
    """Shows a plan; the result is the plan that is to be done. `look` makes it for a library."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y,d", "start", "Start", show=False),
        Binding("l,ctrl+l", "library", "Another library", show=False),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
    ]
    DEFAULT_CSS = """
    GetDialog > #box { width: 84; padding: 1 2; }
    GetDialog VerticalScroll { height: auto; max-height: 28; scrollbar-size-vertical: 1; }
    GetDialog #keys { margin: 1 0 0 0; }
    """

    def __init__(self, offer: Offer, look: Callable[[str], Offer]) -> None:
        super().__init__()
        self._offer = offer
        self._look = look

    def compose(self) -> ComposeResult:
        """The files, what stands in the way, and the keys."""
        with Vertical(id="box") as box:
            box.border_title = Content("Download")
            with VerticalScroll(can_focus=False):
                yield Static(id="plan")
            yield Static(id="keys")

    def on_mount(self) -> None:
        """Show it."""
        self._draw()

    def _draw(self) -> None:
        offer = self._offer
        self.query_one("#plan", Static).update(Content("\n").join(plan_lines(offer)))
        keys = [("Enter", "starts it")] if is_possible(offer.plan) else []
        if offer.next_library is not None:
            keys.append(("l", f"into {cell_text(offer.next_library, 30)}"))
        self.query_one("#keys", Static).update(key_words(*keys, ("Esc", "leaves")))

    def action_start(self) -> None:
        """Do it, if there is anything to do."""
        if is_possible(self._offer.plan):
            self.dismiss(self._offer.plan)

    def action_library(self) -> None:
        """Look what it means to put it into the next library."""
        name = self._offer.next_library
        if name is None:
            return

        def show(offer: Offer) -> None:
            self._offer = offer
            self._draw()

        in_background(self, "plan", lambda: self._look(name), show)

    def action_scroll(self, lines: int) -> None:
        """Scroll the plan."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)
