"""Add and remove tags: completed from those there are, and foreseen in numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
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

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

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


def effects_text(found: Sequence[Effect], lead: tuple[str, str] = ("Enter: ", "$quiet")) -> Content:
    """Return `Enter: +style on 212, -wip on 3`, and say what is so already."""
    parts: list[tuple[str, str]] = []
    for effect in found:
        sign, style = ("+", "$success") if effect.on else ("-", "$error")
        parts.append((", ", "$quiet") if parts else lead)
        parts.append((f"{sign}{cell_text(effect.tag, 40)}", f"bold {style}"))
        if effect.models:
            parts.append((f" on {effect.models:,}", "$quiet"))
        else:
            parts.append((" on all already" if effect.on else " on none", "$quiet"))
    return Content.assemble(*parts)


class TagEditor(Dialog[None]):
    """Writes each entry at once, says so, and stays open; Escape leaves whatever is written.

    `write` gets an object that it keeps at how many models are done. `wrote` is called once, when
    the editor was left and all that was entered is written, if anything was.
    """

    class Leaving(Message):
        """The person has pressed Escape. It takes the way that entries take."""

    STAYS = True
    """More may be entered once something is written."""

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
        wrote: Callable[[], None],
    ) -> None:
        super().__init__()
        self._targets = targets
        self._read = read
        self._write = write
        self._wrote = wrote
        self._view = TagView(len(targets), {}, {}, {})
        self._mine: list[str] = []
        self._picked = 0
        self._changed = False
        self._saved = Content()
        """What the last entry did."""
        self._refused = ("", Content())
        """The last entry that could not be written, and why."""
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
        entry = self.query_one(Input).value
        refused, told = self._refused
        if entry != refused or not entry:
            change = read_change(entry)
            told = effects_text(effects(change, self._view)) if change else self._saved
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
        found = effects(change, self._view)
        if any(effect.models for effect in found):
            self._saved = effects_text(found, ("✓ written: ", "$success"))
        else:
            self._saved = effects_text(found, ("nothing to write: ", "$quiet"))
        progress = self._writing = Progress()
        self._poll = self.set_interval(_POLL, self._draw_progress)
        # The first screen is always there: what is written goes on when the editor is left.
        in_background(
            self.app.screen_stack[0],
            "tags written",
            lambda: self._write(change, progress),
            lambda _nothing: self._ended(event.value, progress, None),
            lambda error: self._ended(event.value, progress, error),
            exclusive=False,
        )

    def _draw_progress(self) -> None:
        if self._writing is not None:
            told = f"writing: {self._writing.done:,} of {self._view.total:,}"
            self.query_one("#effects", Static).update(Content.styled(told, "$accent"))

    def _ended(self, entry: str, progress: Progress, error: LoradexError | None) -> None:
        """Show what was written, or why not; who left long ago is told by others."""
        self._writing = None
        # What was written before an error stays.
        self._changed = self._changed or error is None or progress.done > 0
        if self._left:
            if error is not None:
                cast("LoradexApp", self.app).report(error)
            if self._changed:
                self._wrote()
            return
        if self._poll is not None:
            self._poll.stop()
        self._reload()
        if error is not None:
            self._refused = (entry, Content.styled(display_text(str(error), 300), "$error"))
            self._draw()
        elif self.STAYS:
            field = self.query_one(Input)
            if field.value == entry:
                field.value = ""
            self._draw()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Leave after what was entered right before: that is on its way here from the field."""
        self.query_one(Input).post_message(self.Leaving())

    def on_tag_editor_leaving(self) -> None:
        """Leave; what was written stays, and what is being written is written on."""
        if self._left:
            return
        if self._writing is not None:
            told = "The tags are written on, and it is told when they all are."
            self.app.notify(told, timeout=4)
        elif self._changed:
            self._wrote()
        self.dismiss()


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
