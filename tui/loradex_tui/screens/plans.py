"""The plans there are: what is to be done, what was done, what was taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from loradex.domain.plans import PlanSummary
from loradex.operations.child_job import JobStatus
from loradex_tui.actions import bindings
from loradex_tui.actions.plans import PlansSituation
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.screens.place import Place
from loradex_tui.screens.plan_deleting import ask_to_delete
from loradex_tui.screens.plan_jobs import ask_to_apply, ask_to_undo
from loradex_tui.screens.plan_trash import TrashScreen
from loradex_tui.screens.plan_view import PlanScreen
from loradex_tui.widgets.line_list import LineList
from loradex_tui.widgets.plan_list import PlanList
from loradex_tui.widgets.plan_words import OPEN
from loradex_tui.wording import count_text


class PlansScreen(Place):
    """Lists the plans, the newest first; each can be opened, applied, taken back."""

    HERE = "Plans"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("plans")]
    DEFAULT_CSS = """
    PlansScreen #empty { display: none; padding: 2 3; color: $quiet; height: 1fr; }
    PlansScreen.-empty #empty { display: block; }
    PlansScreen.-empty PlanList { height: 0; }
    PlansScreen #sum { height: 1; padding: 0 1; color: $quiet; }
    PlansScreen #about { height: auto; max-height: 4; padding: 0 1; color: $quiet; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._all: list[PlanSummary] = []
        self._sizes: Mapping[int, int] = {}
        self._only_open = False

    def compose_body(self) -> ComposeResult:
        """The list, what it comes to above, and the note of the current plan below."""
        with Vertical(classes="pane") as pane:
            pane.border_title = "Plans"
            yield Static(id="sum")
            yield Static(id="empty")
            yield PlanList()
            yield Static(id="about")

    @property
    def listing(self) -> PlanList:
        """The list."""
        return self.query_one(PlanList)

    def on_mount(self) -> None:
        """Read the plans."""
        super().on_mount()
        self.listing.focus()
        self._look()

    def on_screen_resume(self) -> None:
        """Others may have drawn some up, or done some."""
        super().on_screen_resume()
        self._look()

    @property
    def situation(self) -> PlansSituation:
        """The plan under the cursor. Without a deed of this session, `u` is about this plan."""
        around, plan = self.place_app.around, self.listing.current
        if plan is not None and not around.undoable and plan.done + plan.emptied:
            around = replace(around, undoable=f"plan {plan.id}")
        return PlansSituation(
            around,
            plan=plan.id if plan else None,
            state=plan.state.value if plan else "",
            todo=plan.planned if plan else 0,
            done=plan.done if plan else 0,
        )

    def job_moved(self, name: str, status: JobStatus) -> None:
        """A plan was drawn up, done, or taken back."""
        super().job_moved(name, status)
        if status.state != "running":
            self._look()

    def _look(self) -> None:
        store = self.place_app.catalog.plans
        in_background(self, "plans", lambda: (store.plans(), store.sizes()), self._show)

    def _show(self, found: tuple[list[PlanSummary], Mapping[int, int]]) -> None:
        self._all, self._sizes = found
        shown = [plan for plan in self._all if plan.state in OPEN or not self._only_open]
        self.set_class(not shown, "-empty")
        self.query_one("#empty", Static).update(_empty_text(hidden=len(self._all)))
        self.listing.show(shown, self._sizes)
        self._tell()

    def _tell(self) -> None:
        waiting = sum(plan.state in OPEN for plan in self._all)
        parts = [count_text(len(self._all), "plan")]
        if waiting:
            parts.append(f"{waiting:,} to be done")
        if self._only_open:
            parts.append("only those to be done: f shows all")
        told = Content(" · ".join(parts)) if self._all else Content()
        self.query_one("#sum", Static).update(told, layout=False)
        current = self.listing.current
        note = cell_text(current.note, 600) if current else ""
        self.query_one("#about", Static).update(Content(note))
        self.refresh_hints()

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Another plan is under the cursor."""
        if event.list is self.listing:
            self._tell()

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A second click opens."""
        if event.times > 1:
            self.do_open_plan()

    def do_open_plan(self) -> None:
        """Show the plan under the cursor."""
        if (plan := self.listing.current) is not None:
            self.app.push_screen(PlanScreen(plan.id))

    def do_apply(self) -> None:
        """Ask, and do what the plan says."""
        if (plan := self.listing.current) is not None:
            ask_to_apply(self.place_app, plan.id)

    def do_delete(self) -> None:
        """Ask, and delete a plan that was not begun."""
        if (plan := self.listing.current) is not None:
            ask_to_delete(self, plan, self._look)

    def do_only_open(self) -> None:
        """Show only what is to be done, or all."""
        self._only_open = not self._only_open
        self._show((self._all, self._sizes))

    def do_trash_view(self) -> None:
        """Show the trash."""
        self.app.push_screen(TrashScreen())

    def do_back(self) -> None:
        """Go to the library."""
        self.place_app.go_library()

    def do_undo(self) -> None:
        """Undo what was done last; with nothing of this session, the plan under the cursor."""
        plan = self.listing.current
        if self.place_app.around.undoable or plan is None:
            self.place_app.undo()
        else:
            ask_to_undo(self.place_app, plan.id)


def _empty_text(*, hidden: int) -> Content:
    key = "bold $accent"
    if hidden:
        return Content.assemble(
            f"Nothing is to be done. {count_text(hidden, 'plan')} done or taken back: ",
            ("f", key), " shows them.",
        )  # fmt: skip
    return Content.assemble(
        "No plans yet. A plan shows what would be moved before anything is.\n\n"
        "In the library (", ("1", key), "):\n",
        ("  m ", key), " draws one up: sort into folders, rename, bring together, remove copies\n",
        ("  d ", key), " puts models into the trash\n",
        ("  F2", key), " renames one\n\n",
        ("or run: loradex plan organise", "$quiet"),
    )  # fmt: skip
