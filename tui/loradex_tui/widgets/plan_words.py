"""Plans in words: their states, ages and counts, and paths that fit."""

from __future__ import annotations

import time

from rich.cells import cell_len

from loradex.domain.plans import PlanState, PlanSummary, StepState
from loradex_tui.cells import cell_text, fit
from loradex_tui.wording import when_text

STEP_MARKS = {
    StepState.PLANNED: " ",
    StepState.DONE: "✓",
    StepState.FAILED: "✗",
    StepState.UNNEEDED: " ",
    StepState.UNDONE: "↶",
    StepState.EMPTIED: "∅",
}
STEP_WORDS = {
    StepState.PLANNED: "to be done",
    StepState.DONE: "done",
    StepState.FAILED: "could not be done",
    StepState.UNNEEDED: "there was nothing to do",
    StepState.UNDONE: "taken back",
    StepState.EMPTIED: "deleted from the trash since",
}
STATE_MARKS = {
    PlanState.PLANNED: "·",
    PlanState.APPLYING: "…",
    PlanState.STOPPED: "‖",
    PlanState.APPLIED: "✓",
    PlanState.UNDONE: "↶",
    PlanState.DISCARDED: "-",
}
OPEN = (PlanState.PLANNED, PlanState.STOPPED, PlanState.APPLYING)
_STATE_WORDS = {
    PlanState.PLANNED: "to be done",
    PlanState.APPLYING: "begun",
    PlanState.STOPPED: "stopped half way",
    PlanState.APPLIED: "done",
    PlanState.UNDONE: "taken back",
    PlanState.DISCARDED: "deleted",
}


def files_of(plan: PlanSummary) -> int:
    """Return how many files a plan is about."""
    return plan.planned + plan.done + plan.failed + plan.undone + plan.emptied


def state_words(plan: PlanSummary) -> str:
    """Return how far a plan is, in a few words."""
    if not files_of(plan):
        return "nothing to do"
    if plan.state is PlanState.APPLIED and plan.undone:
        return "partly taken back"
    if plan.state is PlanState.APPLIED and plan.failed:
        return f"done, {plan.failed:,} stayed"
    return _STATE_WORDS[plan.state]


def age_text(moment: float, now: float | None = None) -> str:
    """Return how long ago a Unix time was: `just now`, `3 min ago`, else its date and time."""
    seconds = (time.time() if now is None else now) - moment
    if seconds < 45:
        return "just now"
    if seconds < 3600 * 1.5:
        return f"{max(round(seconds / 60), 1)} min ago"
    if seconds < 86_400:
        return f"{seconds / 3600:.0f} h ago"
    return when_text(moment)


def fit_middle(text: str, width: int) -> str:
    """Return a text in exactly `width` cells, cut in the middle: both ends tell most of a path."""
    shown = cell_text(text, 4096)
    if cell_len(shown) <= width or width < 8:
        return fit(shown, width)
    head = max((width - 1) // 3, 3)
    front = _cells(shown, head)
    back = _cells(shown[::-1], width - 1 - cell_len(front))[::-1]
    return fit(f"{front}…{back}", width)


def _cells(text: str, width: int) -> str:
    """Return as many characters from the beginning as fit."""
    taken: list[str] = []
    for character in text:
        width -= cell_len(character)
        if width < 0:
            break
        taken.append(character)
    return "".join(taken)
