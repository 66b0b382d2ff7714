"""What the library does with files: plans are drawn up here, shown, and taken back with `u`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, cast

from loradex_tui.actions.plans import DRAW, MOVE, TRASH, UNDO
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.screens.models_place import ModelsPlace
from loradex_tui.undo import Deed
from loradex_tui.wording import count_text

if TYPE_CHECKING:
    from loradex.domain.library import Library
    from loradex.domain.plans import PlanSummary
    from loradex.operations.child_job import JobStatus
    from loradex.operations.plan_job import PlanRequest
    from loradex.operations.tidying.discarding import DiscardPlan
    from loradex.operations.tidying.single import Applied
    from loradex_tui.screens.organise_dialog import Targets

# ruff: noqa: PLC0415 - what the first frame has no use for is loaded when it is used

_Kind = Literal["organise", "rename", "consolidate", "dedupe"]


class Organising(ModelsPlace):
    """Plans about the models that are marked, found, or under the cursor."""

    _templates: dict[str, str]
    """The template that was used last for each sort of plan in this session."""

    @property
    def query_text(self) -> str:
        """The query whose result is shown."""
        raise NotImplementedError

    def find_again(self) -> None:
        """Show what the query finds now; marks and cursor stay."""
        raise NotImplementedError

    def _targets(self) -> Targets:
        from loradex_tui.screens.organise_dialog import Targets

        models = self.models
        row = models.current_row
        return Targets(
            marked=frozenset(models.marks),
            found=models.window.ids,
            query=self.query_text,
            total=models.line_count,
            current=models.current_id,
            current_name=row.name if row else "",
        )

    def do_organise(self) -> None:
        """Ask what is to be done with files, and how; then draw the plan up."""
        from loradex_tui.screens.organise_dialog import KINDS, OrganiseMenu, summary_of

        targets = self._targets()

        def chosen(kind: str | None) -> None:
            if kind is not None:
                files = self.catalog.files
                in_background(
                    self,
                    "libraries",
                    files.libraries,
                    lambda libraries: self._ask_how(cast("_Kind", kind), targets, libraries),
                )

        self.app.push_screen(OrganiseMenu(f"Move {summary_of(targets)}", KINDS), chosen)

    def _ask_how(self, kind: _Kind, targets: Targets, libraries: Sequence[Library]) -> None:
        from loradex_tui.screens.organise_dialog import OrganiseDialog
        from loradex_tui.screens.plan_jobs import start_drawing

        used = self.__dict__.setdefault("_templates", {})

        def draw(request: PlanRequest | None) -> None:
            if request is not None:
                used[kind] = request.template
                start_drawing(self.place_app, request)

        dialog = OrganiseDialog(self.catalog, kind, targets, libraries, used.get(kind, ""))
        self.app.push_screen(dialog, draw)

    def do_rename(self) -> None:
        """Ask for another name of the model under the cursor, and give it at once."""
        from loradex.operations.tidying.single import plan_name, rename_now, undo_now
        from loradex_tui.screens.organise_name import NameDialog

        row, catalog = self.models.current_row, self.catalog
        if row is None:
            return
        id_, old = row.id, row.file_name

        def rename(name: str | None) -> None:
            if name is not None:
                in_background(
                    self, "rename", lambda: rename_now(catalog, id_, name), done, exclusive=False
                )

        def done(applied: Applied) -> None:
            number = applied.plan_id
            deed = Deed(
                f"the name of {cell_text(old, 40)}",
                lambda: undo_now(catalog, number),
                self.find_again,
            )
            self.place_app.did(deed)
            self.app.notify(f"{applied.told} · u undo", timeout=4)
            self.find_again()

        dialog = NameDialog(old, lambda name: plan_name(catalog, id_, name))
        self.app.push_screen(dialog, rename)

    def do_trash(self) -> None:
        """Show what would be lost with these models, ask, and put them into the trash."""
        from loradex.operations.tidying.discarding import Discard, plan_discard
        from loradex.operations.tidying.drawing import keep_drawn
        from loradex_tui.screens.plan_confirm import PlanConfirm, Question, trash_question
        from loradex_tui.screens.plan_jobs import start_applying

        ids, catalog, app = frozenset(self.models.targets), self.catalog, self.place_app
        listed = self.models.window.ids
        discard = Discard(models=ids)
        drawn: list[DiscardPlan] = []

        def read() -> Question:
            drawn.append(plan_discard(catalog, discard))
            return trash_question(drawn[0], hidden=len(ids.difference(listed)))

        def answered(yes: bool | None) -> None:
            if yes:
                in_background(
                    self,
                    "keep",
                    lambda: keep_drawn(catalog, drawn[0].plan, discard.about),
                    lambda number: start_applying(app, number),
                    exclusive=False,
                )

        title = f"Put {count_text(len(ids), 'model')} into the trash?"
        app.push_screen(PlanConfirm(title, read, "Looking at what would be lost…"), answered)

    def job_moved(self, name: str, status: JobStatus) -> None:
        """A plan is there to be looked at, or files are elsewhere now."""
        super().job_moved(name, status)
        if status.state == "running":
            return
        if name == DRAW and status.plan_id is not None:
            self._show_plan(status.plan_id)
        elif name in (MOVE, UNDO, TRASH):
            self.find_again()
            if name == MOVE and status.plan_id is not None:
                self._remember_plan(status.plan_id)

    def _show_plan(self, number: int) -> None:
        from loradex_tui.screens.plan_view import PlanScreen

        if self.is_current:
            self.app.push_screen(PlanScreen(number))

    def _remember_plan(self, number: int) -> None:
        """Let `u` take back what a plan did, whatever the screen."""
        from loradex_tui.screens.plan_jobs import deed_of

        app, catalog = self.place_app, self.catalog

        def remember(plan: PlanSummary | None) -> None:
            if plan is not None and plan.done:
                app.did(deed_of(app, number, plan.done))

        in_background(self, "deed", lambda: catalog.plans.plan(number), remember, exclusive=False)
