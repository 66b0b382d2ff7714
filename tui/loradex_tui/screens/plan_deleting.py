"""Delete a plan that was not begun."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from loradex.domain.plans import PlanSummary
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.screens.place import Place
from loradex_tui.screens.plan_confirm import PlanConfirm, Question


def ask_to_delete(place: Place, plan: PlanSummary, then: Callable[[], None]) -> None:
    """Ask whether a plan that was not begun is to be deleted, and delete it."""
    store = place.place_app.catalog.plans

    def deleted(gone: bool) -> None:
        told = f"Plan {plan.id} was deleted." if gone else f"Plan {plan.id} was begun meanwhile."
        place.app.notify(told, timeout=3)
        then()

    def answered(yes: bool | None) -> None:
        if yes:
            in_background(place, "delete", lambda: store.discard(plan.id), deleted, exclusive=False)

    told = Content.assemble(
        (cell_text(plan.note, 300), "bold $foreground"),
        "\n\nNothing of it was done. No file is touched; the plan can be drawn up again.",
    )
    question = Question(f"Delete plan {plan.id}?", told, "delete the plan", "keep it")
    place.app.push_screen(PlanConfirm(question.title, lambda: question, ""), answered)
