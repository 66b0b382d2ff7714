"""Change a kept plan before it is done: leave models out, write it to a file, read it back."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.plans import MovePlan, PlanState
from loradex.errors import LoradexError, UsageError
from loradex.operations.tidying.kept import kept_plan, without
from loradex.operations.tidying.plan_file import document, names_of
from loradex.operations.tidying.plan_reading import LARGEST, read_document


def changeable(catalog: Catalog, number: int) -> MovePlan:
    """Return a plan of which nothing was done; raise `UsageError` for another one."""
    summary, plan = kept_plan(catalog, number)
    if summary.state is not PlanState.PLANNED:
        raise UsageError(
            f"Plan {number} is {summary.state.value}: it cannot be changed any more.",
            hint="Draw up another one.",
        )
    return plan


def change(catalog: Catalog, number: int, changed: MovePlan) -> None:
    """Put another plan in the place of one that was not begun; raise `LoradexError` if it was."""
    if not catalog.plans.replace(number, changed):
        raise LoradexError(f"Plan {number} was begun meanwhile: it was not changed.")


def leave_out(catalog: Catalog, number: int, file_ids: Collection[int]) -> MovePlan:
    """Leave these files, with what belongs to them, out of a plan; return what is left."""
    changed = without(changeable(catalog, number), file_ids)
    change(catalog, number, changed)
    return changed


def plan_text(catalog: Catalog, number: int) -> str:
    """Return a plan as its file has it."""
    summary, plan = kept_plan(catalog, number)
    return json.dumps(document(plan, summary, names_of(catalog.files.libraries())), indent=1) + "\n"


def write_for_editing(catalog: Catalog, number: int) -> Path:
    """Write a plan to a new file in the home; it is read back by `take_edited`."""
    changeable(catalog, number)
    with tempfile.NamedTemporaryFile(
        "w", suffix=".json", prefix=f"plan-{number}-", dir=catalog.home.root, delete=False,
        encoding="utf-8",
    ) as file:  # fmt: skip
        file.write(plan_text(catalog, number))
    return Path(file.name)


def take_edited(catalog: Catalog, number: int, path: Path) -> MovePlan | None:
    """Replace a plan by what a person made of its file, which goes; None when it is as it was.

    A file that cannot be read as a plan stays, and the error says where.
    """
    with path.open("rb") as file:
        text = file.read(LARGEST + 1)
    if text.decode("utf-8", "replace") == plan_text(catalog, number):
        path.unlink()
        return None
    try:
        changed = read_document(catalog, text).plan
        change(catalog, number, changed)
    except LoradexError as error:
        error.hint = f"{error.hint or ''} What you wrote is kept in {path}.".strip()
        raise
    path.unlink()
    return changed
