"""The search field: it tells of a new query a moment after the last key, and shows a wrong one.

It completes fields and values, and brings earlier queries back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.highlighter import Highlighter
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.timer import Timer
from textual.widgets import Input, Static

from loradex.domain.text import display_text
from loradex.errors import QueryError
from loradex.operations.query_completion import Offers
from loradex_tui.actions import bindings
from loradex_tui.actor import Actor
from loradex_tui.background import in_background
from loradex_tui.widgets.offer_list import OfferList

Complete = Callable[[str, int], Offers]
"""Returns what can stand at a place of a query; called in a thread."""

DEBOUNCE = 0.05
LIBRARY_WORDS = "Search…  words, kind:lora, base:sdxl, tag:style, -word, rating:4.."


class _FaultMarker(Highlighter):
    """Underlines the place of a query that cannot be read."""

    def __init__(self) -> None:
        self.span: tuple[int, int] | None = None

    def highlight(self, text: Text) -> None:
        """Mark the place in the text of the field."""
        if self.span is not None:
            text.stylize(Style(underline=True, bold=True, color="red"), *self.span)


class _Field(Input):
    """A field of a fixed size: a letter more lays nothing out anew."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)

    def watch_virtual_size(self, size: Size) -> None:
        """Scroll back when the text became shorter."""
        self._scroll_update(size)


class SearchBar(Vertical, Actor):
    """A field with the query, and below it the state of the result or what is wrong."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("search")]
    DEFAULT_CSS = """
    SearchBar { height: auto; background: $surface; }
    SearchBar Input, SearchBar Input:focus {
        border: none; height: 1; padding: 0 1 0 1; background: $panel; background-tint: $panel 0%;
    }
    SearchBar Input:focus { background: $panel; }
    SearchBar:ansi Input { background: ansi_default; text-style: underline; }
    SearchBar #state { height: 1; padding: 0 1; color: $quiet; text-wrap: nowrap;
                       text-overflow: ellipsis; }
    SearchBar.-wrong #state { height: auto; max-height: 4; color: $error; text-wrap: wrap; }
    """

    class Asked(Message):
        """The person wants to see what `query` finds."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    class Left(Message):
        """The person is done typing."""

    class Kept(Message):
        """The query is one to come back to."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    def __init__(
        self,
        placeholder: str = LIBRARY_WORDS,
        debounce: float = DEBOUNCE,
        complete: Complete | None = None,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._placeholder = placeholder
        self._debounce = debounce
        self._complete = complete
        self.earlier: Sequence[str] = ()
        """Queries that were asked before, the latest last."""
        self._back = 0
        """How many of them one went back; 0 is what is being typed."""
        self._typed = ""
        self._written = ""
        """What was put into the field: nothing is offered for it."""
        self._offered_for = ""
        """What everything was offered for, not only the values of a field."""
        self._asked: str | None = None
        self._marker = _FaultMarker()
        self._wait: Timer | None = None
        self._state = Content()

    def compose(self) -> ComposeResult:
        """Make the field and the line below."""
        yield _Field(
            placeholder=self._placeholder,
            highlighter=self._marker,
            id="query",
        )
        yield OfferList()
        yield Static(id="state")

    @property
    def field(self) -> Input:
        """The field itself."""
        return self.query_one("#query", Input)

    @property
    def text(self) -> str:
        """The query as it stands in the field."""
        return self.field.value

    @property
    def offers(self) -> OfferList:
        """What could stand at the cursor."""
        return self.query_one(OfferList)

    def set_text(self, query: str, *, now: bool = False) -> None:
        """Write another query into the field, as if it had been typed; nothing is offered.

        With `now` it is asked at once: nobody is typing.
        """
        self._written = query
        if now and query != self.text:
            self._asked = query
            self.post_message(self.Asked(query))
            self.show_offers(None)
        self.field.value = query
        self.field.cursor_position = len(query)

    def show_state(self, state: Content) -> None:
        """Say what was found; it takes a fault's place."""
        self._state = state
        self._marker.span = None
        was_wrong = self.has_class("-wrong")
        self.remove_class("-wrong")
        self.query_one("#state", Static).update(state, layout=was_wrong)
        if was_wrong:
            self.field.refresh()

    def show_fault(self, error: QueryError) -> None:
        """Mark the place that is wrong, and say what would be right."""
        start = min(error.position, max(len(error.query) - 1, 0))
        self._marker.span = (start, start + max(error.length, 1))
        self.add_class("-wrong")
        hint = f" {display_text(error.hint, 300)}" if error.hint else ""
        self.query_one("#state", Static).update(
            Content.assemble((f"✗ {display_text(error.message, 200)}", "$error"), (hint, "$quiet"))
        )
        self.field.refresh()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Wait for the next key before asking."""
        event.stop()
        if self._wait is not None:
            self._wait.stop()
        asked, self._asked = self._asked, None
        if event.value != asked:
            self._wait = self.set_timer(self._debounce, self._ask)

    def _ask(self) -> None:
        self._wait = None
        self.post_message(self.Asked(self.text))
        if self.text == self._written:
            self.show_offers(None)
        else:
            self._written, self._back = "", 0
            self._look(values_only=True)

    def _look(self, *, values_only: bool) -> None:
        """Look for what could stand at the cursor; of itself only for the values of a field."""
        complete, text, cursor = self._complete, self.text, self.field.cursor_position
        if not values_only:
            self._offered_for = text
        values_only = text != self._offered_for
        if complete is None or not self.field.has_focus:
            return

        def found(offers: Offers) -> None:
            if self.text == text and (offers.of_value or not values_only):
                self.show_offers(offers)
            elif values_only:
                self.show_offers(None)

        in_background(self, "offers", lambda: complete(text, cursor), found)

    def show_offers(self, offers: Offers | None) -> None:
        """Show what could stand at the cursor, or hide it."""
        self.offers.show_offers(offers)

    def on_offer_list_taken(self, event: OfferList.Taken) -> None:
        """The mouse took an offer."""
        event.stop()
        self._take(event.index)

    def _take(self, index: int) -> None:
        offers = self.offers.offers
        if offers is None:
            return
        text, cursor = offers.taken(self.text, index)
        self.set_text(text)
        self.field.cursor_position = cursor
        self.show_offers(None)
        self.field.focus()
        if not offers.of_value:
            # Its values come next.
            self._written = ""

    def on_descendant_blur(self) -> None:
        """What is offered belongs to who types."""
        self.show_offers(None)

    def do_leave(self) -> None:
        """Go to the list."""
        self._leave()

    def _leave(self) -> None:
        self.show_offers(None)
        self._back = 0
        # What is typed right after this is no text any more, though the list has no focus yet.
        self.screen.set_focus(None)
        if self.text.strip() and not self.has_class("-wrong"):
            self.post_message(self.Kept(self.text))
        self.post_message(self.Left())

    def do_offer(self) -> None:
        """Offer what could stand at the cursor."""
        self._look(values_only=False)

    def do_complete(self) -> None:
        """Take the offer under the cursor; offer some first; go on where nothing is being typed."""
        cursor = self.field.cursor_position
        typing = cursor > 0 and not self.text[cursor - 1].isspace()
        if self.offers.is_open:
            self._take(self.offers.picked)
        elif typing and self._complete is not None and self.text != self._written:
            self._look(values_only=False)
        else:
            self.screen.focus_next()

    def do_to_models(self) -> None:
        """To the next offer, the next query, else to the list."""
        if self.offers.is_open:
            self.offers.pick(1)
        elif self._back:
            self._go_back(self._back - 1)
        else:
            self._leave()

    def do_earlier(self) -> None:
        """To the offer before, else to the query asked before."""
        if self.offers.is_open:
            self.offers.pick(-1)
        elif self._back < len(self.earlier):
            if not self._back:
                self._typed = self.text
            self._go_back(self._back + 1)

    def _go_back(self, back: int) -> None:
        self._back = back
        self.set_text(self.earlier[-back] if back else self._typed)
