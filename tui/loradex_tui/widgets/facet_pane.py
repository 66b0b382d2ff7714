"""The filter pane: values of fields with their counts; a choice edits the query's text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input
from textual.worker import get_current_worker

from loradex.domain.tags import fold_tag
from loradex.domain.verdict_words import kind_words
from loradex.domain.verdicts import VerdictKind
from loradex.operations.narrowing import FIELDS, Narrowing
from loradex_tui.actions import bindings
from loradex_tui.actor import Actor
from loradex_tui.background import in_background
from loradex_tui.cells import fit, fit_right
from loradex_tui.query_text import chosen
from loradex_tui.widgets.line_list import LineList
from loradex_tui.wording import base_label, kind_label, stars

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

CountValues = Callable[[str, str, Callable[[], bool]], Narrowing | None]
"""Counts for a query, narrowed by a text; None once the last argument says it is not wanted."""

UNKNOWN = "unknown"
DEBOUNCE = 0.15
COUNT_AFTER = 0.15
"""Seconds after which the values of a result are counted, unless another or a key comes."""
_FIRST_AFTER = 0.02
"""The same where none are shown yet."""
_TITLES = {
    "kind": "Kind",
    "base": "Base model",
    "rating": "Rating",
    "is": "State",
    "verdict": "Verdict",
    "library": "Library",
    "collection": "Collection",
    "tag": "Tag",
}


@dataclass(frozen=True, slots=True)
class FacetLine:
    """A value with its count, or a heading when `value` is None. `on` is False when left out."""

    field: str
    value: str | None
    label: str
    count: int = 0
    on: bool | None = None


def facet_lines(counts: Narrowing, query: str, needle: str = "") -> list[FacetLine]:
    """Return the lines of the pane. What is chosen is there even when nothing has it."""
    lines: list[FacetLine] = []
    for field in FIELDS:
        picked = chosen(query, field)
        values = [(value or UNKNOWN, count) for value, count in counts.values.get(field, [])]
        known = {value.casefold() for value, _ in values}
        values += [(value, 0) for value in picked if value and value not in known]
        found = [
            FacetLine(field, value, label, count, picked.get(value.casefold()))
            for value, count in values
            if fold_tag(needle) in fold_tag(label := facet_label(field, value))
            or fold_tag(needle) in fold_tag(value)
        ]
        if found:
            lines += [FacetLine(field, None, _TITLES[field]), *found]
    if needle and not lines:
        lines.append(FacetLine("", None, "None holds this · Esc"))
    if counts.tags_left > 0:
        lines.append(FacetLine("tag", None, f"… {counts.tags_left:,} more: / finds them"))
    return lines


def facet_label(field: str, value: str) -> str:
    """Return what a value is called."""
    if value == UNKNOWN:
        return "Unknown"
    if field == "kind":
        return kind_label(value)
    if field == "base":
        label = base_label(value)
        return label if label != value else base_label(None, value)
    if field == "rating" and value.isdecimal():
        return stars(min(int(value), 5))
    if field == "verdict" and value in tuple(VerdictKind):
        return kind_words(VerdictKind(value))
    return value


class FacetPane(LineList):
    """What the result can be narrowed by."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("facets")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "facet--title",
        "facet--on",
        "facet--off",
        "facet--count",
        "facet--box",
    }
    DEFAULT_CSS = """
    FacetPane > .facet--title { color: $quiet; text-style: bold; }
    FacetPane > .facet--on { color: $accent; text-style: bold; }
    FacetPane > .facet--off { color: $error; }
    FacetPane > .facet--count { color: $quiet; }
    FacetPane > .facet--box { color: $quiet; }
    """

    class Chosen(Message):
        """The person toggled a value; `negated` when it is to be left out."""

        def __init__(self, field: str, value: str, negated: bool) -> None:
            super().__init__()
            self.field = field
            self.value = value
            self.negated = negated

    class Left(Message):
        """The person wants to go to the models."""

    def __init__(self, count: CountValues, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[FacetLine] = []
        self.needle = ""
        self._count = count
        self._query = ""
        self._rest: Timer | None = None

    def show(self, query: str) -> None:
        """Count again for a query that can be read, when nobody asks for another in a moment.

        What is counted for the query before is void at once: the models come first.
        """
        self._query = query
        self.workers.cancel_group(self, "facets")
        if self._rest is not None:
            self._rest.stop()
        first = not self.lines
        wait, then = (_FIRST_AFTER, self._count_values) if first else (COUNT_AFTER, self._rested)
        self._rest = self.set_timer(wait, then)

    def _rested(self) -> None:
        """Count now, or when keys are let go."""
        if cast("LoradexApp", self.app).rest.lasts(COUNT_AFTER):
            self._count_values()
        else:
            self._rest = self.set_timer(COUNT_AFTER, self._rested)

    def _count_values(self) -> None:
        query, needle = self._query, self.needle

        def count() -> list[FacetLine] | None:
            worker = get_current_worker()
            counts = self._count(query, needle, lambda: not worker.is_cancelled)
            return None if counts is None else facet_lines(counts, query, needle)

        in_background(self, "facets", count, self._show_lines)

    def narrow(self, needle: str) -> None:
        """Show only values that hold a text."""
        if needle != self.needle:
            self.needle = needle
            self._count_values()

    def _show_lines(self, lines: list[FacetLine] | None) -> None:
        if lines is None:
            return
        here = self._current()
        self.lines = lines
        places = {(line.field, line.value): index for index, line in enumerate(lines)}
        kept = places.get((here.field, here.value), self.cursor) if here else 0
        self.set_line_count(len(lines), kept)

    def _current(self) -> FacetLine | None:
        return self.lines[self.cursor] if self.cursor < len(self.lines) else None

    def selectable(self, index: int) -> bool:
        """Headings cannot be chosen."""
        return 0 <= index < len(self.lines) and self.lines[index].value is not None

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return a heading, or a box, a label and a count."""
        line = self.lines[index]

        def style(name: str) -> Style:
            return base + self.tone(f"facet--{name}")

        if line.value is None:
            return [Segment(fit(f" {line.label}", width), style("title"))]
        box, name = {True: ("[x]", "on"), False: ("[-]", "off"), None: ("[ ]", "box")}[line.on]
        count = f" {line.count:,} "
        room = width - 6 - len(count)
        label = base if line.on is None else style(name)
        return [
            Segment("❯ " if cursor and self.has_focus else "  ", style("on")),
            Segment(f"{box} ", style(name)),
            Segment(fit(line.label, max(room, 0)), label),
            Segment(fit_right(count, width - 6 - max(room, 0)), style("count")),
        ]

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A click on a value chooses it."""
        event.stop()
        self.do_choose()

    def do_choose(self) -> None:
        """Toggle the value under the cursor."""
        self._toggle(negated=False)

    def do_exclude(self) -> None:
        """Leave the value under the cursor out."""
        self._toggle(negated=True)

    def _toggle(self, *, negated: bool) -> None:
        line = self._current()
        if line is not None and line.value is not None:
            self.post_message(self.Chosen(line.field, line.value, negated))

    def do_leave(self) -> None:
        """Go to the models."""
        self.post_message(self.Left())


class FilterBox(Vertical, Actor):
    """The filters below a field that narrows them."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("narrow")]
    DEFAULT_CSS = """
    FilterBox #narrow, FilterBox #narrow:focus {
        border: none; height: 1; padding: 0 1; background: $surface; background-tint: $surface 0%;
    }
    FilterBox #narrow:focus { background: $panel; }
    """

    def __init__(self, count: CountValues) -> None:
        super().__init__()
        self._pane = FacetPane(count, id="facets")
        self._wait: Timer | None = None

    def compose(self) -> ComposeResult:
        """The field and the values."""
        field = Input(placeholder="/ narrows these", id="narrow")
        # Tab goes round the panes; the field is gone to on purpose only.
        field.can_focus = False
        yield field
        yield self._pane

    @property
    def field(self) -> Input:
        """The field that narrows."""
        return self.query_one("#narrow", Input)

    @property
    def pane(self) -> FacetPane:
        """The values."""
        return self._pane

    def begin(self) -> None:
        """Type what the values have to hold."""
        self.field.can_focus = True
        self.screen.set_focus(self.field)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys of the field are its own while it is typed in."""
        return self.field.has_focus and super().check_action(action, parameters)

    def on_click(self, event: events.Click) -> None:
        """A click on the field is on purpose."""
        if event.widget is self.field:
            self.begin()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._wait is not None:
            self._wait.stop()
        self._wait = self.set_timer(DEBOUNCE, lambda: self._pane.narrow(self.field.value.strip()))

    def do_to_values(self) -> None:
        """Go to the values."""
        self.screen.set_focus(self._pane)
        self.field.can_focus = False

    def do_forget(self) -> None:
        """Show all values again."""
        self.field.value = ""
        self.do_to_values()
