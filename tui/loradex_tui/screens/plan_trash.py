"""What plans have put into the trash: brought back, or deleted for good."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from loradex.operations.child_job import JobStatus
from loradex.operations.tidying.trashed import Trashed, in_trash
from loradex_tui.actions import bindings
from loradex_tui.actions.plans import TrashSituation
from loradex_tui.background import in_background
from loradex_tui.cells import fit, fit_right
from loradex_tui.screens.place import Place
from loradex_tui.screens.plan_confirm import EmptyDialog
from loradex_tui.screens.plan_jobs import start_emptying, start_restoring
from loradex_tui.widgets.line_list import LineList
from loradex_tui.widgets.plan_words import age_text, fit_middle
from loradex_tui.wording import count_text, size_text


class TrashList(LineList):
    """One line for each file in the trash, the latest first. Marks are of models."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"trash--mark", "trash--quiet"}
    DEFAULT_CSS = """
    TrashList > .trash--mark { color: $accent; text-style: bold; }
    TrashList > .trash--quiet { color: $quiet; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.files: list[Trashed] = []
        self.marks: set[int] = set()

    @property
    def current(self) -> Trashed | None:
        """The file under the cursor."""
        return self.files[self.cursor] if self.cursor < len(self.files) else None

    @property
    def targets(self) -> set[int]:
        """The models that are marked, else the one under the cursor."""
        if self.marks or self.current is None or self.current.content_id is None:
            return set(self.marks)
        return {self.current.content_id}

    def show(self, files: list[Trashed]) -> None:
        """Show these files."""
        self.files = files
        self.marks &= {each.content_id for each in files if each.content_id is not None}
        self.set_line_count(len(files), self.cursor)

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return mark, where it was, size, plan and age."""
        each = self.files[index]
        mark, quiet = (base + self.tone(f"trash--{name}") for name in ("mark", "quiet"))
        room = max(width - 4 - 8 - 10 - 17, 10)
        marked = each.content_id in self.marks
        plain = base if each.model else quiet
        return [
            Segment("❯" if cursor else " ", mark),
            Segment("* " if marked else "  ", mark),
            Segment(fit_middle(each.origin.shown, room) + " ", mark if marked else plain),
            Segment(fit_right(size_text(each.size), 8), quiet),
            Segment(fit_right(f"plan {each.plan_id}", 10) + " ", quiet),
            Segment(fit(age_text(each.trashed_at), 16), quiet),
        ]

    def mark(self) -> None:
        """Mark the model, and step down."""
        if self.current is not None and self.current.content_id is not None:
            self.marks ^= {self.current.content_id}
            self.refresh()
        self.do_down()

    def mark_all(self) -> None:
        """Mark all models, or none."""
        models = {each.content_id for each in self.files if each.content_id is not None}
        self.marks = set() if models <= self.marks else models
        self.refresh()


class TrashScreen(Place):
    """Lists what plans have put into a trash and is there still."""

    HERE = "Plans"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("trash")]
    DEFAULT_CSS = """
    TrashScreen #empty { display: none; padding: 2 3; color: $quiet; height: 1fr; }
    TrashScreen.-empty #empty { display: block; }
    TrashScreen.-empty TrashList { height: 0; }
    TrashScreen #sum { height: 1; padding: 0 1; color: $quiet; }
    """

    def compose_body(self) -> ComposeResult:
        """The list, and its sum above."""
        with Vertical(classes="pane") as pane:
            pane.border_title = "Trash"
            yield Static(id="sum")
            yield Static(
                Content.assemble(
                    "Nothing that loradex put there is in the trash.\n\n",
                    ("Esc", "bold $accent"), " goes back to the plans · in the library ",
                    ("d", "bold $accent"), " puts models here.",
                ),
                id="empty",
            )  # fmt: skip
            yield TrashList()

    @property
    def listing(self) -> TrashList:
        """The list."""
        return self.query_one(TrashList)

    @property
    def situation(self) -> TrashSituation:
        """What is there, and what is meant."""
        return TrashSituation(
            self.place_app.around, files=len(self.listing.files), model=bool(self.listing.targets)
        )

    def on_mount(self) -> None:
        """Look into the trash."""
        super().on_mount()
        self.listing.focus()
        self._look()

    def job_moved(self, name: str, status: JobStatus) -> None:
        """Something was brought back, or deleted."""
        super().job_moved(name, status)
        if status.state != "running":
            self._look()

    def _look(self) -> None:
        catalog = self.place_app.catalog
        in_background(self, "trash", lambda: in_trash(catalog), self._show)

    def _show(self, files: list[Trashed]) -> None:
        files.reverse()
        self.set_class(not files, "-empty")
        self.listing.show(files)
        self._tell()

    def _tell(self) -> None:
        files = self.listing.files
        parts = []
        if files:
            size = size_text(sum(each.size for each in files))
            parts.append(f"{count_text(len(files), 'file')}, {size}: free when it is emptied")
        if self.listing.marks:
            parts.append(f"* {count_text(len(self.listing.marks), 'model')} marked")
        self.query_one("#sum", Static).update(Content(" · ".join(parts)), layout=False)
        self.refresh_hints()

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Another file is under the cursor."""
        if event.list is self.listing:
            self.refresh_hints()

    def do_mark(self) -> None:
        """Mark the model, and step down."""
        self.listing.mark()
        self._tell()

    def do_mark_all(self) -> None:
        """Mark all models, or none."""
        self.listing.mark_all()
        self._tell()

    def do_restore(self) -> None:
        """Bring models back to where they were."""
        start_restoring(self.place_app, self.listing.targets)

    def do_empty(self) -> None:
        """Delete all of it for good, after the number was typed."""
        app = self.place_app
        app.push_screen(
            EmptyDialog(self.listing.files), lambda yes: start_emptying(app) if yes else None
        )

    def do_back(self) -> None:
        """Go back to the plans."""
        if self.is_current:
            self.app.pop_screen()
