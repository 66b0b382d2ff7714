"""Rename one model at once, by a plan of its own that can be taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from loradex.catalog.catalog import Catalog
from loradex.domain.plans import MovePlan
from loradex.domain.progress import CancelToken, SilentSink
from loradex.domain.text import display_text
from loradex.errors import LoradexError, UsageError
from loradex.operations.moves.applying import apply_plan, carry_out, recover
from loradex.operations.moves.undoing import plan_undo
from loradex.operations.path_template import PathTemplate
from loradex.operations.tidying.organising import Tidy, plan_tidy, rename_template


@dataclass(frozen=True, slots=True)
class Applied:
    """A plan that was done at once."""

    plan_id: int
    told: str
    """A sentence."""


def name_template(name: str) -> PathTemplate:
    """Return the template that gives a file just this name; raise `UsageError` for no such name."""
    wanted = name.strip()
    if not wanted:
        raise UsageError("The name is empty.", hint="Type a name, without the ending.")
    try:
        return rename_template(wanted.replace("{", "{{").replace("}", "}}"))
    except UsageError as error:
        # Nobody typed a template, so none is spoken of.
        reason = error.message.rpartition("cannot be read: ")[2]
        raise UsageError(f"No file can be called that: {reason}") from error


def plan_name(catalog: Catalog, content_id: int, name: str) -> MovePlan:
    """Return the plan that gives a model's files another name, without the ending.

    They stay in their folders, and sidecars are renamed with them. Raises `UsageError` for a name
    that no file can have, and `LoradexError` when the file has to keep its own.
    """
    tidy = Tidy("rename", name_template(name), models=frozenset([content_id]))
    plan = plan_tidy(catalog, tidy)
    if not plan.moves:
        if plan.conflicts:
            raise LoradexError(plan.conflicts[0].reason, hint="The file keeps its name.")
        raise UsageError("It has that name already.")
    return replace(plan, note=f"Rename {_from(plan)} to {new_name(plan)}")


def rename_now(catalog: Catalog, content_id: int, name: str) -> Applied:
    """Give a model's files another name; raise `LoradexError` when that fails."""
    plan = plan_name(catalog, content_id, name)
    recover(catalog)
    number = catalog.plans.add(plan)
    report = apply_plan(catalog, number, sink=SilentSink(), cancel=CancelToken())
    if report.problems and not report.files:
        raise LoradexError(report.problems[0].message, hint="The file keeps its name.")
    return Applied(number, f"{_from(plan)} is {new_name(plan)} now.")


def undo_now(catalog: Catalog, number: int) -> str:
    """Take a small plan back; return what was done in a sentence.

    Raises `LoradexError` when nothing could be brought back.
    """
    recover(catalog)
    plan = plan_undo(catalog, number)
    report = carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())
    if not report.files:
        reasons = [*(each.reason for each in plan.conflicts), *(p.message for p in report.problems)]
        raise LoradexError(
            f"Plan {number} could not be taken back.", hint=reasons[0] if reasons else None
        )
    return f"Plan {number} was taken back."


def _from(plan: MovePlan) -> str:
    source = plan.moves[0].source
    return source.name_shown if source else ""


def new_name(plan: MovePlan) -> str:
    """Return what a file is called after a plan that renames it; safe to print."""
    return display_text(plan.moves[0].target.name_shown)
