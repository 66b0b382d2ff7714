"""What is proposed of one model, with its evidence, its picture, and boxes to check."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from loradex.catalog.catalog import Catalog
from loradex.domain.models import ModelDetails
from loradex.errors import LoradexError
from loradex.operations.inbox.items import Item
from loradex_tui.actions import bindings
from loradex_tui.background import in_background
from loradex_tui.cells import fit
from loradex_tui.inbox_draft import Draft
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.finding import ModelPicture, model_picture
from loradex_tui.pictures.picture_box import PictureBox
from loradex_tui.pictures.store import PANE
from loradex_tui.widgets.details_text import head_lines
from loradex_tui.widgets.inbox_lines import ProposalLine, proposal_lines
from loradex_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

DEBOUNCE = 0.08
_LEAST_ROWS = 26
"""Rows of the pane from which there is room for a picture."""


class ProposalDeeds(Protocol):
    """What the keys of a proposal do. Called at once: the next key may depend on it."""

    def turn_choice(self) -> None:
        """Check what is under the cursor, or no longer."""

    def do_accept(self) -> None:
        """Accept what is checked."""

    def leave_proposal(self) -> None:
        """Back to the list."""


class ProposalList(LineList):
    """The lines of a proposal; the cursor stands on answers and tags."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("proposal")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"proposal--{name}"
        for name in (
            "text", "quiet", "heading", "question", "chip", "accent", "on", "off", "sure", "cursor",
        )
    }  # fmt: skip
    DEFAULT_CSS = """
    ProposalList { height: 1fr; }
    ProposalList > .proposal--text { color: $foreground; }
    ProposalList > .proposal--quiet { color: $quiet; }
    ProposalList > .proposal--heading { color: $primary; text-style: bold; }
    ProposalList > .proposal--question { color: $accent; text-style: bold; }
    ProposalList > .proposal--chip { color: $chip; }
    ProposalList > .proposal--accent { color: $accent; text-style: bold; }
    ProposalList > .proposal--on { color: $foreground; text-style: bold; }
    ProposalList > .proposal--off { color: $quiet; }
    ProposalList > .proposal--sure { color: $success; }
    ProposalList > .proposal--cursor { color: $primary; text-style: bold; }
    """

    def __init__(self, deeds: ProposalDeeds, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[ProposalLine] = []
        self._deeds = deeds

    @property
    def current(self) -> ProposalLine | None:
        """The line under the cursor; None when it chooses nothing."""
        if self.cursor < len(self.lines) and self.lines[self.cursor].chooses:
            return self.lines[self.cursor]
        return None

    def show(self, lines: list[ProposalLine], *, keep: bool) -> None:
        """Show other lines; `keep` leaves the cursor and the view where they are."""
        self.lines = lines
        if not keep:
            self.scroll_to(y=0, animate=False, force=True)
        self.set_line_count(len(lines), self.cursor if keep else 0)

    def selectable(self, index: int) -> bool:
        """True for answers and tags."""
        return 0 <= index < len(self.lines) and self.lines[index].chooses

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return one line."""
        line = self.lines[index]
        here = cursor and line.chooses
        ground = base if here or not cursor else self.rich_style
        lead = Segment("❯ " if here else "  ", ground + self.tone("proposal--cursor"))
        room = width - 2 - (cell_len(line.right) + 2 if line.right else 1)
        segments, left = [lead], room
        for text, style in line.parts:
            shown = fit(text, min(cell_len(text), max(left, 0)))
            left -= cell_len(shown)
            segments.append(Segment(shown, ground + self.tone(f"proposal--{style}")))
        segments.append(Segment(" " * max(left, 0), ground))
        end = f" {line.right} " if line.right else " "
        segments.append(Segment(end, ground + self.tone(f"proposal--{line.right_style}")))
        return segments

    def do_check(self) -> None:
        """Choose the line, and go on to the next."""
        self._deeds.turn_choice()

    def do_take(self) -> None:
        """Accept what is checked."""
        self._deeds.do_accept()

    def do_leave(self) -> None:
        """Back to the list."""
        self._deeds.leave_proposal()


class InboxPane(Vertical):
    """Head, picture and lines of one model. What is there shows at once, the rest soon."""

    DEFAULT_CSS = """
    InboxPane { background: $surface; }
    InboxPane > #inbox-head { height: auto; padding: 0 1; margin: 0 0 1 0; }
    InboxPane > PictureBox { margin: 0 0 1 0; }
    """

    def __init__(
        self,
        catalog: Catalog,
        draft: Draft,
        deeds: ProposalDeeds,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.item: Item | None = None
        self.details: ModelDetails | None = None
        self._catalog = catalog
        self._draft = draft
        self._deeds = deeds
        self._wait: Timer | None = None
        self._head_rows = 0

    def compose(self) -> ComposeResult:
        """Make the parts, top to bottom."""
        yield Static(id="inbox-head")
        yield PictureBox(self._app.pictures, 10, id="inbox-picture")
        yield ProposalList(self._deeds, id="proposal")

    @property
    def _app(self) -> LoradexApp:
        return cast("LoradexApp", self.app)

    @property
    def lines(self) -> ProposalList:
        """The lines."""
        return self.query_one(ProposalList)

    def show(self, item: Item | None) -> None:
        """Show a model; None shows nothing."""
        other = item is None or self.item is None or item.row.id != self.item.row.id
        self.item = item
        if self._wait is not None:
            self._wait.stop()
        if other:
            self.details = None
        self.draw_lines(keep=not other)
        if item is None:
            self.query_one(PictureBox).show(None)
            return
        self._wait = self.set_timer(DEBOUNCE, lambda: self._read(item))

    def _read(self, item: Item) -> None:
        id_ = item.row.id
        in_background(
            self, "details", lambda: self._catalog.details(id_), self._arrived, self._failed
        )

    def _failed(self, _error: LoradexError) -> None:
        self.query_one(PictureBox).show(None)

    def _arrived(self, details: ModelDetails) -> None:
        if self.item is None or self.item.row.id != details.row.id:
            return
        self.details = details
        self.draw_lines(keep=True)
        app = self._app
        if app.pictures is PictureMode.OFF or self.size.height < _LEAST_ROWS:
            self.query_one(PictureBox).show(None)
            return
        in_background(
            self,
            "picture",
            lambda: model_picture(
                self._catalog, app.hub_access, details, PANE, app.picture_store.load
            ),
            self._show_picture,
        )

    def _show_picture(self, picture: ModelPicture | None) -> None:
        self.query_one(PictureBox).show(picture.image if picture else None)

    def draw_lines(self, *, keep: bool) -> None:
        """Draw the lines again: something was checked, or the width is another."""
        lines = self.lines
        if self.item is None:
            self._draw_head([Content.styled("Nothing to review", "$quiet")])
            lines.show([], keep=False)
            return
        width = max(self.size.width, 24)
        self._draw_head(head_lines(self.item.row, width - 2))
        room = max(lines.scrollable_content_region.width, 24) - 4
        lines.show(proposal_lines(self.item, self._draft, self.details, room), keep=keep)

    def _draw_head(self, head: list[Content]) -> None:
        # Only another height lays the screen out again.
        layout, self._head_rows = len(head) != self._head_rows, len(head)
        self.query_one("#inbox-head", Static).update(Content("\n").join(head), layout=layout)

    def on_resize(self) -> None:
        """Wrap the text again."""
        self.query_one(PictureBox).most_rows = max(min(self.size.height // 3, 16), 4)
        self.draw_lines(keep=True)
