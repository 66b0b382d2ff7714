"""Add and remove tags, with the tags there are to complete from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from loradex.domain.models import ModelRow
from loradex.domain.text import display_text
from loradex.errors import LoradexError
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.wording import count_text

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class TagChange:
    """What one entry asks for."""

    add: tuple[str, ...]
    remove: tuple[str, ...]


def parse_tags(text: str) -> TagChange:
    """Read `style, -sketch`: a minus removes, a comma parts two tags."""
    words = [word for part in text.split(",") if (word := part.strip())]
    return TagChange(
        tuple(word for word in words if not word.startswith("-")),
        tuple(word[1:].strip() for word in words if word.startswith("-") and word[1:].strip()),
    )


def complete(text: str, known: Sequence[str], mine: Sequence[str]) -> list[str]:
    """Return the tags that can stand for the last word; after a minus, those that are there."""
    word = text.rpartition(",")[2].strip().casefold()
    removing = word.startswith("-")
    word = word.removeprefix("-")
    if not word and not removing:
        return []
    pool = mine if removing else known
    starts = [tag for tag in pool if tag.casefold().startswith(word)]
    return starts + [tag for tag in pool if word in tag.casefold() and tag not in starts]


class TagEditor(Dialog[bool]):
    """Writes each entry at once and stays open; the result tells whether anything changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False, priority=True),
        Binding("down", "pick(1)", "Next", show=False, priority=True),
        Binding("up", "pick(-1)", "Previous", show=False, priority=True),
    ]

    def __init__(
        self,
        targets: Sequence[int],
        read: Callable[[], tuple[list[ModelRow], list[str]]],
        write: Callable[[TagChange], None],
    ) -> None:
        super().__init__()
        self._targets = targets
        self._read = read
        self._write = write
        self._known: list[str] = []
        self._mine: Counter[str] = Counter()
        self._picked = 0
        self._changed = False

    def compose(self) -> ComposeResult:
        """The field, what it could become, and the tags there are."""
        with Vertical(id="box") as box:
            box.border_title = Content(f"Tags of {count_text(len(self._targets), 'model')}")
            yield Input(placeholder="tag, another, -remove this")
            yield Static(id="offers", classes="told")
            yield Static(id="tags")
            yield Static(
                key_words(
                    ("Enter", "adds"), ("-tag", "removes"), ("Tab", "completes"), ("Esc", "leaves")
                ),
                classes="told",
            )

    def on_mount(self) -> None:
        """Read what there is."""
        self._reload()

    def _reload(self) -> None:
        in_background(self, "tags", self._read, self._show)

    def _show(self, found: tuple[list[ModelRow], list[str]]) -> None:
        rows, self._known = found
        self._mine = Counter(tag for row in rows for tag in row.tags)
        self._draw_tags(len(rows))
        self._draw_offers()

    def _draw_tags(self, total: int) -> None:
        parts: list[tuple[str, str]] = [("\n", "")]
        for tag, count in sorted(self._mine.items(), key=lambda item: (-item[1], item[0]))[:60]:
            parts.append((cell_text(tag), "$chip"))
            parts.append((f" {count} of {total}   " if total > 1 else "   ", "$quiet"))
        if not self._mine:
            parts.append(("no tags yet", "$quiet"))
        self.query_one("#tags", Static).update(Content.assemble(*parts, "\n"))

    def _offers(self) -> list[str]:
        text = self.query_one(Input).value
        return complete(text, self._known, sorted(self._mine))[:_SHOWN]

    def _draw_offers(self) -> None:
        offers = self._offers()
        self._picked = min(self._picked, max(len(offers) - 1, 0))
        lines = [
            Content.assemble(
                ("❯ " if index == self._picked else "  ", "bold $accent"),
                (cell_text(tag), "" if index == self._picked else "$quiet"),
            )
            for index, tag in enumerate(offers)
        ]
        self.query_one("#offers", Static).update(Content("\n").join(lines))

    def on_input_changed(self) -> None:
        """Offer what completes the word."""
        self._picked = 0
        self._draw_offers()

    def action_pick(self, step: int) -> None:
        """Choose among the offers."""
        count = len(self._offers())
        self._picked = (self._picked + step) % count if count else 0
        self._draw_offers()

    def action_complete(self) -> None:
        """Write the chosen offer into the field."""
        offers = self._offers()
        if not offers:
            return
        field = self.query_one(Input)
        before, comma, last = field.value.rpartition(",")
        minus = "-" if last.strip().startswith("-") else ""
        field.value = f"{before}{comma}{' ' if comma else ''}{minus}{offers[self._picked]}"
        field.cursor_position = len(field.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Write the entry; an empty one leaves."""
        event.stop()
        change = parse_tags(event.value)
        if not change.add and not change.remove:
            self.action_leave()
            return
        in_background(self, "write", lambda: self._write(change), self._written, self._refused)

    def _written(self, _nothing: None) -> None:
        self._changed = True
        self.query_one(Input).value = ""
        self._reload()

    def _refused(self, error: LoradexError) -> None:
        self.query_one("#offers", Static).update(
            Content.styled(display_text(str(error), 300), "$error")
        )

    def action_leave(self) -> None:
        """Leave; what was written stays."""
        self.dismiss(self._changed)
