"""What a plan is to be drawn up of, and how: with what a template makes of some models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.highlighter import Highlighter
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from loradex.catalog.catalog import Catalog
from loradex.domain.library import Library
from loradex.domain.text import display_text
from loradex.errors import LoradexError, QueryError, UsageError
from loradex.operations.plan_job import PlanKind, PlanRequest
from loradex.operations.tidying.examples import (
    Example,
    TemplateKind,
    examples,
    read_template,
    spread,
)
from loradex.operations.tidying.fields import FIELDS
from loradex.operations.tidying.keep_rules import read_keep_rules
from loradex.operations.tidying.organising import (
    CONSOLIDATE_TEMPLATE,
    ORGANISE_TEMPLATE,
    RENAME_TEMPLATE,
)
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.screens.key_menu import Choice, KeyMenu
from loradex_tui.widgets.plan_choice import OneOf
from loradex_tui.widgets.plan_words import fit_middle
from loradex_tui.wording import count_text

DEBOUNCE = 0.08
TEMPLATES: dict[str, str] = {
    "organise": ORGANISE_TEMPLATE,
    "rename": RENAME_TEMPLATE,
    "consolidate": CONSOLIDATE_TEMPLATE,
}
KINDS = (
    Choice("o", "Organise", "organise", "sort into folders, by a template"),
    Choice("r", "Rename", "rename", "names by a template, in their folders"),
    Choice("c", "Bring together", "consolidate", "into one library"),
    Choice("d", "Remove copies", "dedupe", "keep one of each"),
)
_TITLES = {
    "organise": "Organise into folders",
    "rename": "Rename by a template",
    "consolidate": "Bring into one library",
    "dedupe": "Remove copies",
}
_SAME_NAME = (("suffix", "give the second a part of its hash"), ("stay", "let the second stay"))
_LEAVE = (
    ("nothing", "nothing"),
    ("hardlink", "a hard link"),
    ("symlink", "a symbolic link"),
)
_NEAR = (("", "exact copies only"), ("near", "also other precision, container, metadata"))
_ABOUT_COPIES = (
    "What goes is compared with the one that stays, byte by byte, right before, and goes to the"
    " trash. Your notes, tags and tests stay. To say which stays: library:NAME, folder:GLOB,"
    " oldest, newest, shortest, with commas between."
)


class OrganiseMenu(KeyMenu):
    """What can be done with files."""

    DEFAULT_CSS = "OrganiseMenu > #box { width: 66; }"


@dataclass(frozen=True, slots=True)
class Targets:
    """The models a plan can be about."""

    marked: frozenset[int]
    found: Sequence[int]
    query: str
    total: int
    """Models in the catalog."""
    current: int | None = None
    current_name: str = ""

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Values and words of what can be meant, the likeliest first."""
        choices = []
        if self.marked:
            choices.append(("marked", f"{len(self.marked):,} marked"))
        if self.found:
            whole = not self.query.strip()
            words = "all " if whole else "the "
            choices.append(("found", f"{words}{len(self.found):,}{'' if whole else ' found'}"))
        if self.current is not None:
            choices.append(("this", cell_text(self.current_name, 40) or "this one"))
        return choices

    def ids(self, choice: str) -> Sequence[int]:
        """Return the ids that are meant."""
        if choice == "marked":
            return sorted(self.marked)
        if choice == "this" and self.current is not None:
            return [self.current]
        return self.found

    def request(self, kind: PlanKind, choice: str) -> PlanRequest:
        """Return a request about these; what a query finds is asked for by the query."""
        if choice == "found" or (choice == "marked" and self.marked == frozenset(self.found)):
            return PlanRequest(kind, query=self.query)
        return PlanRequest(kind, models=frozenset(self.ids(choice)))


class _FaultMarker(Highlighter):
    """Underlines the place of a template that cannot be read."""

    def __init__(self) -> None:
        self.span: tuple[int, int] | None = None

    def highlight(self, text: Text) -> None:
        """Mark the place in the text of the field."""
        if self.span is not None:
            text.stylize(Style(underline=True, bold=True, color="red"), *self.span)


class OrganiseDialog(Dialog[PlanRequest]):
    """The result is the plan to draw up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "draw", "Draw up", show=False, priority=True)
    ]
    DEFAULT_CSS = """
    OrganiseDialog > #box { width: 100; padding: 0 2; }
    OrganiseDialog Horizontal { height: 1; }
    OrganiseDialog .label { width: 11; color: $quiet; }
    OrganiseDialog Input { width: 1fr; }
    OrganiseDialog #wrong { height: auto; max-height: 3; padding: 0 0 0 11; color: $error; }
    OrganiseDialog #about { height: auto; padding: 1 0 0 0; color: $quiet; }
    OrganiseDialog #examples { height: auto; margin: 1 0; }
    """

    def __init__(
        self,
        catalog: Catalog,
        kind: Literal["organise", "rename", "consolidate", "dedupe"],
        targets: Targets,
        libraries: Sequence[Library],
        template: str = "",
    ) -> None:
        super().__init__()
        self._catalog, self._targets, self._libraries = catalog, targets, libraries
        self.kind: Literal["organise", "rename", "consolidate", "dedupe"] = kind
        self._template = template or TEMPLATES.get(kind, "")
        self._marker = _FaultMarker()
        self._wait: Timer | None = None
        self._wrong = False

    def compose(self) -> ComposeResult:
        """A line for each thing to choose, and examples."""
        names = [(library.name, library.name) for library in self._libraries]
        with VerticalScroll(id="box", can_focus=False) as box:
            box.border_title = _TITLES[self.kind]
            yield from self._line("What", OneOf(self._targets.choices, id="what"))
            if self.kind == "dedupe":
                yield from self._copies()
            else:
                field = Input(
                    self._template,
                    highlighter=self._marker,
                    select_on_focus=False,
                    id="template",
                )
                yield from self._line("Template", field)
                yield Static(id="wrong")
                if self.kind == "consolidate":
                    yield from self._line("Into", OneOf(names, id="into"))
                elif self.kind == "organise" and len(names) > 1:
                    own = [("", "each in its own library"), *names]
                    yield from self._line("Into", OneOf(own, id="into"))
                yield from self._line("Same name", OneOf(_SAME_NAME, id="same_name"))
                yield Static(self._about(), id="about")
            yield Static(id="examples")
            yield Static(
                key_words(("Enter", "draws the plan up, moves nothing yet"),
                          ("Tab", "next"), ("Esc", "leaves")),
                classes="told",
            )  # fmt: skip

    def _line(self, label: str, field: OneOf | Input) -> ComposeResult:
        with Horizontal():
            yield Static(label, classes="label")
            yield field

    def _copies(self) -> ComposeResult:
        yield from self._line(
            "Keep", Input(placeholder="as proposed, or: library:main,oldest", id="keep")
        )
        yield Static(id="wrong")
        yield from self._line("Leave", OneOf(_LEAVE, id="leave"))
        yield from self._line("Which", OneOf(_NEAR, id="near"))
        yield Static(_ABOUT_COPIES, id="about")

    def _about(self) -> Content:
        names = [name for name in FIELDS if self.kind != "rename" or name != "folder"]
        parts: list[str | tuple[str, str]] = [("Fields  ", "")]
        parts.append((" ".join(names), "$foreground 80%"))
        parts.append(
            ("\n{one|other|\"text\"}  {name:lower|ascii|dashes|cut(40)}  {tag(style,anime)}"
             "  < left out unless known {version}>", "")
        )  # fmt: skip
        if self.kind != "rename":
            parts.append("\nA / at the end: only folders, files keep their names.")
        return Content.assemble(*parts)

    def on_mount(self) -> None:
        """The template is what most people change."""
        field = self.query(Input).first(Input)
        field.focus()
        field.cursor_position = len(field.value)
        self._look()

    @property
    def request(self) -> PlanRequest:
        """What is asked for, as the fields stand; raise `UsageError` when they cannot be read."""
        base = self._targets.request(self.kind, self._value("what"))
        if self.kind == "dedupe":
            keep = self.query_one("#keep", Input).value.strip()
            if keep:
                read_keep_rules(keep)
            return PlanRequest(
                "dedupe", base.query, base.models, keep=keep,
                leave=_LEAVES[self._value("leave")], near=bool(self._value("near")),
            )  # fmt: skip
        text = self.query_one("#template", Input).value
        if not text.strip():
            raise UsageError("The template is empty.", hint=f"The usual one: {self._template}")
        read_template(self.kind, text)
        return PlanRequest(
            self.kind, base.query, base.models, template=text, into=self._value("into"),
            same_name="stay" if self._value("same_name") == "stay" else "suffix",
        )  # fmt: skip

    def _value(self, name: str) -> str:
        found = self.query(f"#{name}").results(OneOf)
        return next((each.value for each in found), "")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look a moment after the last key."""
        event.stop()
        if self._wait is not None:
            self._wait.stop()
        self._wait = self.set_timer(DEBOUNCE, self._look)

    def on_one_of_changed(self) -> None:
        """Look again."""
        self._look()

    def _look(self) -> None:
        """Say what is wrong, or show what becomes of some models."""
        try:
            request = self.request
        except LoradexError as error:
            self._show_wrong(error)
            return
        self._show_wrong(None)
        if request.kind in ("organise", "rename", "consolidate"):
            self._look_at_examples(request.kind, request)

    def _show_wrong(self, error: LoradexError | None) -> None:
        self._wrong = error is not None
        self._marker.span = None
        told = Content()
        if error is not None:
            hint = f" {display_text(error.hint, 300)}" if error.hint else ""
            told = Content.assemble((f"✗ {display_text(error.message, 300)}", "$error"),
                                    (hint, "$quiet"))  # fmt: skip
            if isinstance(error, QueryError):
                start = min(error.position, max(len(error.query) - 1, 0))
                self._marker.span = (start, start + max(error.length, 1))
        self.query_one("#wrong", Static).update(told)
        for field in self.query(Input):
            field.refresh()

    def _look_at_examples(self, kind: TemplateKind, request: PlanRequest) -> None:
        ids = spread(self._targets.ids(self._value("what")))
        into = next((each for each in self._libraries if each.name == request.into), None)
        catalog, suffix = self._catalog, request.same_name == "suffix"

        def look() -> list[Example]:
            template = read_template(kind, request.template)
            return examples(catalog, kind, template, ids, into, suffix=suffix)

        in_background(self, "examples", look, self._show_examples, self._show_wrong)

    def _show_examples(self, found: list[Example]) -> None:
        width = max(self.query_one("#examples").size.width, 40)
        parts: list[str | tuple[str, str]] = []
        for number, each in enumerate(found):
            parts += ["\n" if number else "", *example_parts(each, width)]
        if not found:
            parts.append(("None of these has a file that is there.", "$quiet"))
        self.query_one("#examples", Static).update(Content.assemble(*parts))

    def action_draw(self) -> None:
        """Draw the plan up, when what was typed can be read."""
        try:
            request = self.request
        except LoradexError as error:
            self._show_wrong(error)
            return
        self.dismiss(request)


_LEAVES: dict[str, Literal["nothing", "hardlink", "symlink"]] = {
    "nothing": "nothing",
    "hardlink": "hardlink",
    "symlink": "symlink",
}


def example_parts(example: Example, width: int) -> list[str | tuple[str, str]]:
    """Return a file and where it goes, in lines of this width, so that what changes is seen.

    A name that stays is said once; what does not fit beside the old name goes on a line below it.
    """
    name = example.source.rpartition("/")[2]
    before = min(width * 2 // 5, 34)
    room = width - before - 3
    if not example.target:
        return [
            fit_middle(name, before),
            (f"   {fit_middle(f'stays: {example.stays}', room)}", "$warning"),
        ]
    folder, _, new_name = example.target.rpartition("/")
    target = f"{folder}/" if new_name == name else example.target
    if cell_len(target) <= room:
        return [fit_middle(name, before), (" → ", "$quiet"), (target, "$success")]
    return [
        fit_middle(name, width).rstrip(),
        ("\n  → ", "$quiet"),
        (fit_middle(target, width - 4).rstrip(), "$success"),
    ]


def summary_of(targets: Targets) -> str:
    """Return how many models the menu is about, for its title."""
    if targets.marked:
        return f"{count_text(len(targets.marked), 'marked model')}"
    return count_text(len(targets.found), "model")
