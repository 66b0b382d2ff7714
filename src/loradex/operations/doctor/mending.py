"""Mend what a check-up found: a plan that is kept and not applied, or the catalog's own file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.copies import copy_catalog
from loradex.catalog.database_health import mend_database
from loradex.domain.plans import MovePlan
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.errors import UsageError
from loradex.operations.backup import free_name
from loradex.operations.doctor.findings import Answer, Check
from loradex.operations.doctor.subject import Subject
from loradex.operations.doctor.table import CHECKS
from loradex.operations.tidying.keeping import draw_up
from loradex.paths import Home


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A plan that would mend a check's findings. `number` is None when nothing can be done."""

    check: Check
    number: int | None
    plan: MovePlan


def mendable(names: Sequence[str]) -> list[Check]:
    """Return these checks; raise `UsageError` for none, or one that no plan can mend."""
    able = ", ".join(check.name for check in CHECKS.values() if check.fix is not None)
    if not names:
        raise UsageError("Say which check a plan is wanted for.", hint=f"There are: {able}.")
    for name in names:
        if name in CHECKS and CHECKS[name].fix is None:
            raise UsageError(
                f"No plan can mend what the check {name!r} finds.",
                hint=f"One can for: {able}.",
            )
    return [CHECKS[name] for name in names if name in CHECKS]


def keep_plans(subject: Subject, answers: Sequence[Answer]) -> list[KeptPlan]:
    """Keep a plan for each check that found something; nothing of it is done."""
    kept = []
    for answer in answers:
        if answer.check.fix is None:
            continue
        wishes = answer.check.fix(subject, answer.findings)
        plan = draw_up(subject.catalog, "doctor", answer.check.title, wishes)
        number = subject.catalog.plans.add(plan) if plan.steps else None
        kept.append(KeptPlan(answer.check, number, plan))
    return kept


def mend_catalog(home: Home, sink: ProgressSink, cancel: CancelToken) -> tuple[Path, int]:
    """Copy the catalog, then build its indexes and search anew and give free space back.

    Return where the copy is, and how many bytes the catalog takes less. Raises a `CatalogError`,
    for a catalog that is damaged too.
    """
    copy = free_name(home.backups, "catalog-before-mending", compress=False)
    copy_catalog(home.catalog, copy)

    def told(what: str, done: int, total: int) -> None:
        sink.progress(Progress(f"Mending {what}", done, total, "models"))

    return copy, mend_database(home.catalog, told, cancel)
