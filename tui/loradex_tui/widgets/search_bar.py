"""The search field: it tells of a new query a moment after the last key, and shows a wrong one."""

from __future__ import annotations

from typing import ClassVar

from rich.highlighter import Highlighter
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from loradex.domain.text import display_text
from loradex.errors import QueryError
from loradex_tui.actions import bindings
from loradex_tui.actor import Actor

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

    def __init__(
        self,
        placeholder: str = LIBRARY_WORDS,
        debounce: float = DEBOUNCE,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._placeholder = placeholder
        self._debounce = debounce
        self._marker = _FaultMarker()
        self._wait: Timer | None = None
        self._state = Content()

    def compose(self) -> ComposeResult:
        """Make the field and the line below."""
        yield Input(
            placeholder=self._placeholder,
            highlighter=self._marker,
            id="query",
        )
        yield Static(id="state")

    @property
    def field(self) -> Input:
        """The field itself."""
        return self.query_one("#query", Input)

    @property
    def text(self) -> str:
        """The query as it stands in the field."""
        return self.field.value

    def set_text(self, query: str) -> None:
        """Write another query into the field, as if it had been typed."""
        self.field.value = query
        self.field.cursor_position = len(query)

    def show_state(self, state: Content) -> None:
        """Say what was found; it takes a fault's place."""
        self._state = state
        self._marker.span = None
        self.remove_class("-wrong")
        self.query_one("#state", Static).update(state)
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
        self._wait = self.set_timer(self._debounce, self._ask)

    def _ask(self) -> None:
        self._wait = None
        self.post_message(self.Asked(self.text))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the list."""
        event.stop()
        self.post_message(self.Left())

    def do_to_models(self) -> None:
        """Go to the list."""
        self.post_message(self.Left())
