"""A field for a path, an address or several lines that were pasted; Enter is done with it."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import TextArea

_MOST_LINES = 6


class WishField(TextArea):
    """Grows with what is pasted. Tab asks for the rest of a path."""

    DEFAULT_CSS = """
    WishField, WishField:focus { height: auto; min-height: 1; max-height: 6; border: none;
                                 background: $panel; padding: 0 1; }
    """

    class Done(Message):
        """Enter was pressed."""

    class Wanted(Message):
        """The person wants the path to be completed."""

    class Left(Message):
        """The person goes down, out of the field."""

    def __init__(self, text: str, placeholder: str) -> None:
        super().__init__(text, soft_wrap=True, compact=True, placeholder=placeholder)
        self.move_cursor(self.document.end)

    async def _on_key(self, event: events.Key) -> None:
        last = self.cursor_location[0] >= self.document.line_count - 1
        message = {"enter": self.Done, "tab": self.Wanted, "down": self.Left if last else None}.get(
            event.key
        )
        if message is None:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()
        self.post_message(message())

    def put(self, text: str) -> None:
        """Write another text, with the cursor behind it."""
        self.text = text
        self.move_cursor(self.document.end)
