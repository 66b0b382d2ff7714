"""The filter pane: kinds, bases and tags with their counts; a choice edits the query's text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.message import Message

from loradex_tui.actions import bindings
from loradex_tui.background import in_background
from loradex_tui.cells import fit, fit_right
from loradex_tui.query_text import chosen, without
from loradex_tui.widgets.line_list import LineList
from loradex_tui.wording import base_label, kind_label

Facets = dict[str, list[tuple[str, int]]]
UNKNOWN = "unknown"
_TITLES = {"kind": "Kind", "base": "Base model", "tag": "Tag"}


@dataclass(frozen=True, slots=True)
class FacetLine:
    """A value with its count, or a heading when `value` is None. `on` is False when left out."""

    field: str
    value: str | None
    label: str
    count: int = 0
    on: bool | None = None


def count_facets(facets: Callable[[str], Facets], query: str) -> Facets:
    """Return the counts to offer: a field's own choices do not hide its other values."""
    counts = facets(query)
    for field in ("kind", "base"):
        if any(chosen(query, field).values()):
            counts[field] = facets(without(query, [field]))[field]
    return counts


def facet_lines(counts: Facets, query: str) -> list[FacetLine]:
    """Return the lines of the pane. What is chosen is there even when nothing has it."""
    lines: list[FacetLine] = []
    for field, title in _TITLES.items():
        picked = chosen(query, field)
        values = [(value or UNKNOWN, count) for value, count in counts.get(field, [])]
        known = {value.casefold() for value, _ in values}
        values += [(value, 0) for value in picked if value and value not in known]
        if not values:
            continue
        lines.append(FacetLine(field, None, title))
        lines += [
            FacetLine(field, value, _label(field, value), count, picked.get(value.casefold()))
            for value, count in values
        ]
    return lines


def _label(field: str, value: str) -> str:
    if value == UNKNOWN:
        return "Unknown"
    if field == "kind":
        return kind_label(value)
    if field == "base":
        label = base_label(value)
        return label if label != value else base_label(None, value)
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

    def __init__(self, facets: Callable[[str], Facets], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[FacetLine] = []
        self._facets = facets

    def show(self, query: str) -> None:
        """Count again for a query that can be read."""
        in_background(
            self,
            "facets",
            lambda: facet_lines(count_facets(self._facets, query), query),
            self._show_lines,
        )

    def _show_lines(self, lines: list[FacetLine]) -> None:
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
