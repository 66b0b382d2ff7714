"""Add and remove tags: completed from those there are, and foreseen in numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from loradex.domain.tags import fold_tag
from loradex.domain.text import display_text
from loradex.errors import LoradexError
from loradex.operations.tag_changes import Effect, TagChange, TagView, effects, read_change
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.wording import count_text

_SHOWN = 6
_MOST_TAGS = 60
_POLL = 0.25
_WIDTH = 72
"""Cells of a line of tags."""


@dataclass
class Progress:
    """How many models are written; a thread sets it, the editor looks now and then."""

    done: int = 0


def complete(text: str, known: Sequence[str], mine: Sequence[str]) -> list[str]:
    """Return the tags that can stand for the last word; after a minus, those that are there."""
    word = text.removeprefix("=").rpartition(",")[2].strip().casefold()
    removing = word.startswith("-")
    word = word.removeprefix("-")
    if not word and not removing:
        return []
    pool = mine if removing else known
    starts = [tag for tag in pool if tag.casefold().startswith(word)]
    return starts + [tag for tag in pool if word in tag.casefold() and tag not in starts]


def effects_text(found: Sequence[Effect]) -> Content:
    """Return `will +style on 212, -wip on 3`, and say what is so already."""
    parts: list[tuple[str, str]] = []
    for effect in found:
        sign, style = ("+", "$success") if effect.on else ("-", "$error")
        parts.append((", " if parts else "Enter: ", "$quiet"))
        parts.append((f"{sign}{cell_text(effect.tag, 40)}", f"bold {style}"))
        if effect.models:
            parts.append((f" on {effect.models:,}", "$quiet"))
        else:
            parts.append((" on all already" if effect.on else " on none", "$quiet"))
    return Content.assemble(*parts)


class TagEditor(Dialog[bool]):
    """Writes each entry at once and stays open; the result tells whether anything changed.

    `write` gets an object that it keeps at how many models are done.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False, priority=True),
        Binding("down", "pick(1)", "Next", show=False, priority=True),
        Binding("up", "pick(-1)", "Previous", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    TagEditor > #box { width: 76; }
    TagEditor #effects { height: auto; max-height: 4; }
    TagEditor #tags { max-height: 8; }
    """

    def __init__(
        self,
        targets: Sequence[int],
        read: Callable[[], TagView],
        write: Callable[[TagChange, Progress], None],
    ) -> None:
        super().__init__()
        self._targets = targets
        self._read = read
        self._write = write
        self._view = TagView(len(targets), {}, {}, {})
        self._mine: list[str] = []
        self._picked = 0
        self._changed = False
        self._writing: Progress | None = None
        self._poll: Timer | None = None

    def compose(self) -> ComposeResult:
        """The field, what it could become, what it would do, and the tags there are."""
        with Vertical(id="box") as box:
            box.border_title = Content(f"Tags of {count_text(len(self._targets), 'model')}")
            yield Input(placeholder="tag, another, -remove this   or   = only, these")
            yield Static(id="offers", classes="told")
            yield Static(id="effects", classes="told")
            yield Static(id="tags")
            yield Static(
                key_words(
                    ("Enter", "writes"), ("-tag", "removes"), ("=", "only these"),
                    ("Tab", "completes"), ("Esc", "leaves"),
                ),
                classes="told",
            )  # fmt: skip

    def on_mount(self) -> None:
        """Read what there is."""
        self._reload()

    def _reload(self) -> None:
        in_background(self, "tags", self._read, self._show)

    def _show(self, view: TagView) -> None:
        self._view = view
        self._mine = sorted(view.counts, key=str.casefold)
        self.query_one("#tags", Static).update(_tags_text(view))
        self._draw()

    def _offers(self) -> list[str]:
        text = self.query_one(Input).value
        return complete(text, list(self._view.vocabulary), self._mine)[:_SHOWN]

    def _draw(self) -> None:
        """Draw what completes the word, and what Enter would do."""
        offers = self._offers()
        self._picked = min(self._picked, max(len(offers) - 1, 0))
        lines = [
            _offer_line(tag, self._view.vocabulary, picked=index == self._picked)
            for index, tag in enumerate(offers)
        ]
        self.query_one("#offers", Static).update(Content("\n").join(lines))
        change = read_change(self.query_one(Input).value)
        told = effects_text(effects(change, self._view)) if change else Content()
        self.query_one("#effects", Static).update(told)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._picked = 0
        self._draw()

    def action_pick(self, step: int) -> None:
        """Choose among the offers."""
        count = len(self._offers())
        self._picked = (self._picked + step) % count if count else 0
        self._draw()

    def action_complete(self) -> None:
        """Write the chosen offer into the field."""
        offers = self._offers()
        if not offers:
            return
        field = self.query_one(Input)
        replace = "=" if field.value.lstrip().startswith("=") else ""
        before, comma, last = field.value.lstrip().removeprefix("=").rpartition(",")
        minus = "-" if last.strip().startswith("-") else ""
        space = " " if comma else ""
        field.value = f"{replace}{before}{comma}{space}{minus}{offers[self._picked]}"
        field.cursor_position = len(field.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Write the entry; an empty one leaves."""
        event.stop()
        if self._writing is not None:
            return
        change = read_change(event.value)
        if not change:
            self.action_leave()
            return
        progress = self._writing = Progress()
        self._poll = self.set_interval(_POLL, self._draw_progress)
        in_background(
            self, "write", lambda: self._write(change, progress), self._written, self._refused
        )

    def _draw_progress(self) -> None:
        if self._writing is not None:
            told = f"writing: {self._writing.done:,} of {self._view.total:,}"
            self.query_one("#effects", Static).update(Content.styled(told, "$accent"))

    def _ended(self) -> None:
        self._writing = None
        if self._poll is not None:
            self._poll.stop()

    def _written(self, _nothing: None) -> None:
        self._ended()
        self._changed = True
        self.query_one(Input).value = ""
        self._reload()

    def _refused(self, error: LoradexError) -> None:
        self._ended()
        self.query_one("#effects", Static).update(
            Content.styled(display_text(str(error), 300), "$error")
        )

    def action_leave(self) -> None:
        """Leave; what was written stays. What is being written is waited for."""
        if self._writing is None:
            self.dismiss(self._changed)


def _offer_line(tag: str, vocabulary: Mapping[str, int], *, picked: bool) -> Content:
    count = vocabulary.get(tag)
    return Content.assemble(
        ("❯ " if picked else "  ", "bold $accent"),
        (cell_text(tag, 60), "" if picked else "$quiet"),
        (f"  {count:,}" if count else "", "$quiet"),
    )


def _tags_text(view: TagView) -> Content:
    """Return the tags there are, the most frequent first, each with on how many."""
    ordered = sorted(view.counts.items(), key=lambda item: (-item[1], fold_tag(item[0])))
    lines: list[Content] = [Content()]
    for tag, count in ordered[:_MOST_TAGS]:
        told = f" {count:,} of {view.total:,}" if view.total > 1 else ""
        piece = Content.assemble((cell_text(tag, 60), "$chip"), (told, "$quiet"), "   ")
        if lines[-1].cell_length + piece.cell_length > _WIDTH:
            lines.append(Content())
        lines[-1] += piece
    if len(ordered) > _MOST_TAGS:
        lines.append(Content.styled(f"and {len(ordered) - _MOST_TAGS:,} more", "$quiet"))
    if not ordered:
        lines = [Content.styled("no tags yet", "$quiet")]
    return Content("\n").join([Content(), *lines, Content()])
