"""What can be done with plans: drawn up in the library, listed, looked at, done, taken back."""

from __future__ import annotations

from dataclasses import dataclass

from loradex_tui.actions.action import Action, Condition, Situation, where
from loradex_tui.actions.library import LibrarySituation

DRAW, MOVE, UNDO, TRASH = "plan", "move", "undo", "trash"
"""Names of jobs: a plan is drawn up, done, taken back; the trash is restored from or emptied."""
MOVING = (MOVE, UNDO, TRASH)
"""Those that move files: one at a time."""


@dataclass(frozen=True, slots=True)
class PlansSituation(Situation):
    """The plan under the cursor, or the one that is shown."""

    plan: int | None = None
    state: str = ""
    """Its state, as `PlanState` has it; empty when there is no plan."""
    todo: int = 0
    """Files of it that are still to be moved."""
    done: int = 0
    """Files that are where it put them."""
    item: bool = False
    """A file of it is under the cursor that would go."""
    line: bool = False
    """Anything of it is under the cursor that has details."""


@dataclass(frozen=True, slots=True)
class TrashSituation(Situation):
    """What is in the trash."""

    files: int = 0
    model: bool = False
    """One that can be brought back is under the cursor, or marked."""


def _busy(situation: Situation) -> str | None:
    running = next((name for name in MOVING if name in situation.around.jobs), "")
    return "Files are being moved already: ctrl+x stops that." if running else None


@where(PlansSituation)
def _needs_plan(situation: PlansSituation) -> str | None:
    return None if situation.plan is not None else "There is no plan here."


@where(PlansSituation)
def _needs_open(situation: PlansSituation) -> str | None:
    if situation.plan is None:
        return "There is no plan here."
    if situation.state == "undone":
        return "This plan was taken back: draw it up again for what there is now."
    if situation.state not in ("planned", "stopped", "applying"):
        return "This plan is done already: u takes it back."
    if not situation.todo:
        return "Nothing of this plan is left to be done."
    return _busy(situation)


@where(PlansSituation)
def _needs_planned(situation: PlansSituation) -> str | None:
    if situation.plan is None:
        return "There is no plan here."
    if situation.state != "planned":
        return "Only a plan that was not begun can be changed; this one is kept to be undone."
    return None


@where(PlansSituation)
def _needs_item(situation: PlansSituation) -> str | None:
    if situation.state and situation.state != "planned":
        return "Only a plan that was not begun can be changed."
    return None if situation.item else "Nothing here would be moved that could be left out."


@where(PlansSituation)
def _needs_line(situation: PlansSituation) -> str | None:
    return None if situation.line else "There is nothing here to show more of."


@where(TrashSituation)
def _needs_trashed(situation: TrashSituation) -> str | None:
    if not situation.model:
        return "There is no model here that could be brought back."
    return _busy(situation)


@where(TrashSituation)
def _needs_files(situation: TrashSituation) -> str | None:
    return _busy(situation) if situation.files else "The trash is empty."


def _drawing_or(condition: Condition) -> Condition:
    def asked(situation: Situation) -> str | None:
        if DRAW in situation.around.jobs:
            return "A plan is being drawn up already."
        return condition(situation)

    return asked


@where(LibrarySituation)
def _needs_found(situation: LibrarySituation) -> str | None:
    return None if situation.found or situation.marked else "There is no model here."


@where(LibrarySituation)
def _needs_targets(situation: LibrarySituation) -> str | None:
    return None if situation.marked or situation.model else "There is no model here."


@where(LibrarySituation)
def _needs_one(situation: LibrarySituation) -> str | None:
    if situation.model is None:
        return "There is no model here."
    return _busy(situation)


LIBRARY_ACTIONS: tuple[Action, ...] = (
    Action("organise", "library", "m", "Move: organise, rename, bring together, remove copies",
           "Move", cli="loradex plan organise QUERY", why_not=_drawing_or(_needs_found)),
    Action("rename", "library", "f2", "Rename this model's file",
           cli="loradex plan rename id:ID -t NAME", why_not=_needs_one),
    Action("trash", "library", "d", "Put into the trash: this model, or those marked", "Trash",
           cli="loradex plan trash QUERY --exactly --anyway", why_not=_drawing_or(_needs_targets)),
)  # fmt: skip
"""Of the library's screen; what they draw up is shown on the screen of the plans."""

ACTIONS: tuple[Action, ...] = (
    Action("open_plan", "plans", "enter,l,right", "Show this plan: what goes where, what stays",
           "Open", cli="loradex plan show PLAN", why_not=_needs_plan),
    Action("apply", "plans", "a", "Apply this plan, or go on with it", "Apply",
           cli="loradex apply PLAN", why_not=_needs_open),
    Action("delete", "plans", "d", "Delete this plan, which was not begun", "Delete",
           cli="loradex plan delete PLAN", why_not=_needs_planned),
    Action("only_open", "plans", "f", "Show only what is still to be done, or all plans",
           "Open only", cli="loradex plan list"),
    Action("trash_view", "plans", "i", "Show what plans have put into the trash", "Trash",
           cli="loradex trash list"),
    Action("back", "plans", "escape,h,left", "Back to the library", "Back"),

    Action("apply", "plan", "a", "Apply this plan, or go on with it", "Apply",
           cli="loradex apply PLAN", why_not=_needs_open),
    Action("leave_out", "plan", "space", "Leave this model out, or take it in again", "Leave out",
           cli="loradex plan edit PLAN --leave QUERY", why_not=_needs_item),
    Action("details", "plan", "enter,l,right", "Show all of this line: paths, and why it stays",
           "Details", why_not=_needs_line),
    Action("narrow", "plan", "/", "Show only lines with these words", "Narrow"),
    Action("edit", "plan", "e", "Edit the plan's file, or write it to a file", "Edit",
           cli="loradex plan edit PLAN", why_not=_needs_plan),
    Action("delete", "plan", "d", "Delete this plan, which was not begun",
           cli="loradex plan delete PLAN", why_not=_needs_planned),
    Action("next_heading", "plan", "n", "To the next folder, or the next reason"),
    Action("scroll_down", "plan", "J", "Scroll the details down"),
    Action("scroll_up", "plan", "K", "Scroll the details up"),
    Action("back", "plan", "escape,h,left", "One step back: details, narrowing, plans", "Back"),

    Action("restore", "trash", "r", "Bring this model back to where it was, or those marked",
           "Restore", cli="loradex trash restore REF", why_not=_needs_trashed),
    Action("mark", "trash", "space", "Mark, and go on to the next", "Mark"),
    Action("mark_all", "trash", "ctrl+a", "Mark all, or none"),
    Action("empty", "trash", "D", "Delete all of it for good, after the number is typed",
           "Empty", cli="loradex trash empty", why_not=_needs_files),
    Action("back", "trash", "escape,h,left,i", "Back to the plans", "Back"),
)  # fmt: skip
