"""`loradex plan edit`: change a plan before it is done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.output import is_terminal
from loradex.cli.plans_text import announce, show_drawn
from loradex.errors import UsageError

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
    from loradex.operations.tidying.changing import changeable, leave_out  # noqa: PLC0415

    with context.catalog() as catalog:
        plan = changeable(catalog, number)
        if leave is None and only is None:
            changed = _edited(catalog, number) or plan
        else:
            changed = leave_out(catalog, number, _found(catalog, plan, leave, only))
        show_drawn(catalog, changed, number, {})
        announce(changed, number, (), None)


def _found(catalog: Catalog, plan: MovePlan, leave: str | None, only: str | None) -> set[int]:
    """Return the files of a plan whose models are to be left out."""
    found = set(catalog.ids(leave)) if leave is not None else set()
    kept = set(catalog.ids(only)) if only is not None else None
    return {
        step.file_id
        for step in plan.moves
        if step.file_id is not None
        and (step.content_id in found or (kept is not None and step.content_id not in kept))
    }


def _edited(catalog: Catalog, number: int) -> MovePlan | None:
    """Replace the plan by what the person makes of it; None when it is left as it was."""
    from loradex.operations.tidying.changing import take_edited, write_for_editing  # noqa: PLC0415

    if not is_terminal(sys.stdin):
        raise UsageError(
            "An editor needs a terminal.",
            hint=f"Use --leave QUERY, or: loradex plan show {number} -o FILE, change it,"
            " loradex apply FILE.",
        )
    path = write_for_editing(catalog, number)
    click.edit(filename=str(path))
    return take_edited(catalog, number, path)
