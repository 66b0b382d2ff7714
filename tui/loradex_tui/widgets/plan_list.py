"""The plans there are, as lines: number, sort, how far, how much, when, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style

from loradex.domain.plans import PlanState, PlanSummary
from loradex_tui.cells import fit, fit_right
from loradex_tui.widgets.line_list import LineList
from loradex_tui.widgets.plan_words import STATE_MARKS, age_text, files_of, state_words
from loradex_tui.wording import size_text

_LEAST_NOTE = 14


class PlanList(LineList):
    """One line for each plan, the newest first."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plan--mark",
        "plan--open",
        "plan--quiet",
        "plan--failed",
    }
    DEFAULT_CSS = """
    PlanList > .plan--mark { color: $accent; text-style: bold; }
    PlanList > .plan--open { color: $primary; }
    PlanList > .plan--quiet { color: $quiet; }
    PlanList > .plan--failed { color: $error; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.plans: Sequence[PlanSummary] = ()
        self._sizes: Mapping[int, int] = {}

    @property
    def current(self) -> PlanSummary | None:
        """The plan under the cursor."""
        return self.plans[self.cursor] if self.cursor < len(self.plans) else None

    def show(self, plans: Sequence[PlanSummary], sizes: Mapping[int, int]) -> None:
        """Show these plans; the cursor stays on its plan, or goes to a newer one on top."""
        current = self.current.id if self.current and self.cursor else None
        self.plans, self._sizes = plans, sizes
        ids = [plan.id for plan in plans]
        self.set_line_count(len(ids), ids.index(current) if current in ids else 0)

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return one plan in the columns that fit."""
        plan = self.plans[index]

        def style(name: str) -> Style:
            return base + self.tone(f"plan--{name}")

        failed = plan.state is PlanState.APPLIED and plan.failed
        is_open = plan.state in (PlanState.PLANNED, PlanState.STOPPED, PlanState.APPLYING)
        state = "failed" if failed else "open" if is_open else "quiet"
        nbytes = self._sizes.get(plan.id, 0)
        columns = [
            (plan.kind, 12, "", False),
            (f"{STATE_MARKS[plan.state]} {state_words(plan)}", 19, state, False),
            (f"{files_of(plan):,}", 7, "", True),
            (size_text(nbytes) if nbytes else "", 8, "quiet", True),
            (age_text(plan.applied_at or plan.created_at), 17 if width >= 110 else 10, "quiet",
             False),
        ]  # fmt: skip
        if width < 90:
            del columns[3]
        if width < 66:
            del columns[3]
        room = width - 8 - sum(cells for _, cells, _, _ in columns)
        segments = [
            Segment("❯ " if cursor else "  ", style("mark")),
            Segment(fit_right(str(plan.id), 4) + "  ", style("mark")),
        ]
        for text, cells, tone, right in columns:
            shown = (fit_right if right else fit)(text, cells - 1) + " "
            segments.append(Segment(shown, style(tone) if tone else base))
        if room >= _LEAST_NOTE:
            segments.append(Segment(fit(plan.note, room), style("quiet")))
        else:
            segments.append(Segment(" " * max(room, 0), base))
        return segments
