"""One plan: what stays and why, what goes where, applied and taken back from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from loradex.catalog.catalog import Catalog
from loradex.domain.plans import MovePlan
from loradex.errors import LoradexError
from loradex.operations.child_job import JobStatus
from loradex.operations.tidying.changing import leave_out
from loradex.operations.tidying.overview import Overview, overview
from loradex_tui.actions import bindings
from loradex_tui.actions.plans import MOVE, UNDO, PlansSituation
from loradex_tui.background import in_background
from loradex_tui.jobs.words import amount_text, left_text, rate_text, share_text
from loradex_tui.screens.place import Place
from loradex_tui.screens.plan_deleting import ask_to_delete
from loradex_tui.screens.plan_editing import offer_editing
from loradex_tui.screens.plan_jobs import ask_to_apply, ask_to_undo
from loradex_tui.widgets.line_list import LineList
from loradex_tui.widgets.plan_details import heading_text, line_details, note_text, sum_text
from loradex_tui.widgets.plan_lines import PlanLines
from loradex_tui.widgets.plan_table import Heading, PlanTable, Row
from loradex_tui.wording import count_text


class PlanScreen(Place):
    """Shows a plan by its number."""

    HERE = "Plans"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("plan")]
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it
        (0, "-narrow"),
        (110, "-wide"),
    ]
    DEFAULT_CSS = """
    PlanScreen #head { height: auto; padding: 0 1; }
    PlanScreen #note { height: auto; max-height: 2; padding: 0 1; color: $quiet; }
    PlanScreen #sums { height: auto; max-height: 5; padding: 0 1; }
    PlanScreen #panes { height: 1fr; }
    PlanScreen #plan { width: 1fr; }
    PlanScreen #about { width: 46; }
    PlanScreen #scroll { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    PlanScreen #words { display: none; border: none; height: 1; padding: 0 1;
                        background: $panel; background-tint: $panel 0%; }
    PlanScreen #words:focus { border: none; background: $panel; }
    PlanScreen.-narrowing #words { display: block; }
    PlanScreen #progress { display: none; height: 1; padding: 0 1; color: $accent; }
    PlanScreen.-moving #progress { display: block; }
    PlanScreen.-narrow #about { display: none; }
    PlanScreen.-narrow.-show-details #about { display: block; width: 1fr; }
    PlanScreen.-narrow.-show-details #plan { display: none; }
    PlanScreen.-narrow #note { display: none; }
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.view: Overview | None = None

    def compose_body(self) -> ComposeResult:
        """What the plan is and comes to, its lines, and the details of one."""
        yield Static(Content.styled(f"Plan {self.number}: reading…", "$quiet"), id="head")
        yield Static(id="note")
        yield Static(id="sums")
        yield Static(id="progress")
        with Horizontal(id="panes"):
            with Vertical(id="plan", classes="pane") as plan:
                plan.border_title = "What stays, what goes where"
                # It takes no focus while it is hidden: what is typed then are keys.
                yield Input(placeholder="words of a path or a reason", id="words", disabled=True)
                yield PlanLines()
            with Vertical(id="about", classes="pane") as about:
                about.border_title = "Details"
                with VerticalScroll(id="scroll", can_focus=False):
                    yield Static(id="details")

    @property
    def lines(self) -> PlanLines:
        """The lines of the plan."""
        return self.query_one(PlanLines)

    @property
    def situation(self) -> PlansSituation:
        """What can be done with the plan, and with the line under the cursor."""
        around = self.place_app.around
        plan = self.view.summary if self.view else None
        if plan is not None and plan.done + plan.emptied:
            around = replace(around, undoable=f"plan {plan.id}")
        line = self.lines.current
        return PlansSituation(
            around,
            plan=plan.id if plan else None,
            state=plan.state.value if plan else "",
            todo=plan.planned if plan else 0,
            done=plan.done if plan else 0,
            item=isinstance(line, Row) or (isinstance(line, Heading) and not line.stays),
            line=line is not None,
        )

    def on_mount(self) -> None:
        """Read the plan."""
        super().on_mount()
        self.lines.focus()
        self._reload(keep=False)

    def job_moved(self, name: str, status: JobStatus) -> None:
        """The plan is being done, or was."""
        super().job_moved(name, status)
        if name not in (MOVE, UNDO):
            return
        moving = status.state == "running"
        self.set_class(moving, "-moving")
        if moving:
            self._tell_progress(name)
        else:
            self._reload(keep=True)

    def _tell_progress(self, name: str) -> None:
        record = next((each for each in self.place_app.jobs.running if each.name == name), None)
        if record is None:
            return
        status = record.status
        left = left_text(record.pace.seconds_left)
        parts = [
            f"{status.stage or 'Starting'} {amount_text(status) if status.stage else ''}".strip(),
            share_text(status),
            rate_text(record.pace, status.unit),
            f"{left} left" if left else "",
            "stopping" if record.stopping else "ctrl+x stops",
        ]
        told = " · ".join(part for part in parts if part)
        self.query_one("#progress", Static).update(Content(told), layout=False)

    def _reload(self, *, keep: bool) -> None:
        catalog, number = self.place_app.catalog, self.number
        in_background(
            self,
            "plan",
            lambda: _read(catalog, number),
            lambda found: self._show(*found, keep=keep),
            self._cannot_show,
        )

    def _cannot_show(self, error: LoradexError) -> None:
        told = Content.assemble((error.message, "$error"), f" {error.hint or ''}")
        self.query_one("#head", Static).update(told)

    def _show(self, view: Overview, table: PlanTable, *, keep: bool) -> None:
        self.view = view
        self.lines.show(table, keep=keep)
        self._draw_sums()
        self._draw_details()
        self.refresh_hints()

    def _draw_sums(self) -> None:
        view = self.view
        if view is None:
            return
        self.query_one("#head", Static).update(heading_text(view))
        self.query_one("#note", Static).update(Content(note_text(view)))
        self.query_one("#sums", Static).update(sum_text(view, self.lines.left_out))

    def _draw_details(self) -> None:
        if self.view is not None:
            told = line_details(self.lines.current, self.view, self.lines.left_out)
            self.query_one("#details", Static).update(told)
            self.query_one("#scroll").scroll_to(y=0, animate=False)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Another line is under the cursor."""
        if event.list is self.lines:
            self._draw_details()
            self.refresh_hints()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the lines down as one types."""
        event.stop()
        self.lines.narrow(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to what was found."""
        event.stop()
        self.lines.focus()

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A second click shows the details."""
        if event.times > 1:
            self.do_details()

    def do_scroll_down(self) -> None:
        """Scroll the details without leaving the list."""
        self.query_one("#scroll").scroll_relative(y=4, animate=False)

    def do_scroll_up(self) -> None:
        """Scroll the details without leaving the list."""
        self.query_one("#scroll").scroll_relative(y=-4, animate=False)

    def do_details(self) -> None:
        """Fold a heading, or open it; show the details of any other line."""
        line = self.lines.current
        if isinstance(line, Heading):
            self.lines.fold(line)
            return
        self.add_class("-show-details")
        self._draw_details()

    def do_narrow(self) -> None:
        """Type words to narrow the lines down."""
        words = self.query_one("#words", Input)
        words.disabled = False
        self.add_class("-narrowing")
        words.focus()

    def do_leave_out(self) -> None:
        """Leave a model out, or take it in again; on a heading, all below it."""
        self.lines.leave_out()
        self._draw_sums()
        self._draw_details()

    def do_next_heading(self) -> None:
        """Go to the next folder or reason."""
        self.lines.next_heading()

    def do_back(self) -> None:
        """Leave the details first, then the words, then the plan."""
        words = self.query_one("#words", Input)
        if self.has_class("-show-details") and self.has_class("-narrow"):
            self.remove_class("-show-details")
            self.lines.focus()
        elif self.has_class("-narrowing"):
            words.value = ""
            words.disabled = True
            self.lines.narrow("")
            self.remove_class("-narrowing")
            self.lines.focus()
        else:
            self._keep_left_out(self._leave)

    def _leave(self) -> None:
        if self.is_current:
            self.app.pop_screen()

    def _keep_left_out(self, then: Callable[[], None]) -> None:
        """Write into the plan what was left out of it; then go on."""
        ids = frozenset(self.lines.left_out)
        catalog, number = self.place_app.catalog, self.number

        def kept(_plan: MovePlan) -> None:
            self.lines.left_out = set()
            told = f"{count_text(len(ids), 'file')} left out of plan {number}."
            self.app.notify(told, timeout=3)
            then()

        if ids:
            in_background(self, "leave", lambda: leave_out(catalog, number, ids), kept)
        else:
            then()

    def do_apply(self) -> None:
        """Ask, and do what the plan says."""
        view, ids = self.view, frozenset(self.lines.left_out)
        if view is not None and not ids:
            ask_to_apply(self.place_app, self.number, lambda: view)
            return
        catalog, number = self.place_app.catalog, self.number
        kept: list[bool] = []

        def read() -> Overview:
            leave_out(catalog, number, ids)
            kept.append(True)
            return overview(catalog, number)

        def then() -> None:
            if kept:
                self.lines.left_out = set()
                self._reload(keep=True)

        ask_to_apply(self.place_app, number, read, then)

    def do_edit(self) -> None:
        """Edit the plan's file, or write it somewhere."""
        self._keep_left_out(
            lambda: offer_editing(self, self.number, lambda: self._reload(keep=False))
        )

    def do_delete(self) -> None:
        """Ask, and delete a plan that was not begun."""
        if self.view is not None:
            ask_to_delete(self, self.view.summary, self._leave)

    def do_undo(self) -> None:
        """Take this plan back; of one that was not begun, undo what was done last."""
        plan = self.view.summary if self.view else None
        if plan is not None and plan.done + plan.emptied:
            ask_to_undo(self.place_app, plan.id)
        else:
            self.place_app.undo()


def _read(catalog: Catalog, number: int) -> tuple[Overview, PlanTable]:
    view = overview(catalog, number)
    return view, PlanTable(view)
