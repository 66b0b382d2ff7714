"""`loradex plan edit`: change a plan before it is done."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.output import is_terminal
from loradex.cli.plans_text import announce, show_drawn
from loradex.domain.plans import PlanState
from loradex.errors import LoradexError, UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.domain.plans import MovePlan


@click.command("edit")
@click.argument("number", type=int, metavar="PLAN")
@click.option("--leave", metavar="QUERY", help="Leave out the models that this query finds.")
@click.option("--only", metavar="QUERY", help="Leave out all others.")
@pass_context
def edit_command(context: Context, number: int, leave: str | None, only: str | None) -> None:
    """Change PLAN: in your editor, as JSON (remove items, change where they go), or by a query.

    What you leave is checked from the beginning, as if somebody else had written it.
    """
    from loradex.operations.tidying.kept import kept_plan  # noqa: PLC0415

    with context.catalog() as catalog:
        summary, plan = kept_plan(catalog, number)
        if summary.state is not PlanState.PLANNED:
            raise UsageError(
                f"Plan {number} is {summary.state.value}: it cannot be changed any more.",
                hint="Draw up another one.",
            )
        if leave is None and only is None:
            changed = _edited(context, catalog, number, plan)
        else:
            changed = _filtered(catalog, plan, leave, only)
        if not catalog.plans.replace(number, changed):
            raise LoradexError(f"Plan {number} was begun meanwhile: it was not changed.")
        show_drawn(catalog, changed, number, {})
        announce(changed, number, (), None)


def _filtered(catalog: Catalog, plan: MovePlan, leave: str | None, only: str | None) -> MovePlan:
    from loradex.operations.tidying.kept import without  # noqa: PLC0415

    found = set(catalog.ids(leave)) if leave is not None else set()
    kept = set(catalog.ids(only)) if only is not None else None
    going = {
        step.file_id
        for step in plan.moves
        if step.file_id is not None
        and (step.content_id in found or (kept is not None and step.content_id not in kept))
    }
    return without(plan, going)


def _edited(context: Context, catalog: Catalog, number: int, plan: MovePlan) -> MovePlan:
    """Return the plan as the person leaves it; what cannot be read is kept for another try."""
    from loradex.operations.tidying.plan_file import document, names_of  # noqa: PLC0415
    from loradex.operations.tidying.plan_reading import read_document  # noqa: PLC0415

    if not is_terminal(sys.stdin):
        raise UsageError(
            "An editor needs a terminal.",
            hint=f"Use --leave QUERY, or: loradex plan show {number} -o FILE, change it,"
            " loradex apply FILE.",
        )
    summary = catalog.plans.plan(number)
    text = json.dumps(document(plan, summary, names_of(catalog.files.libraries())), indent=1)
    with tempfile.NamedTemporaryFile(
        "w", suffix=".json", prefix=f"plan-{number}-", dir=context.home.root, delete=False
    ) as file:
        file.write(text)
    path = Path(file.name)
    click.edit(filename=file.name)
    try:
        changed = read_document(catalog, path.read_bytes()).plan
    except LoradexError as error:
        error.hint = f"{error.hint or ''} What you wrote is kept in {path}.".strip()
        raise
    path.unlink()
    return changed
