"""Plans as `--json` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.cli.jsontext import JsonObject
    from loradex.domain.plans import MovePlan, PlanSummary


def drawn_json(catalog: Catalog, plan: MovePlan, number: int | None) -> JsonObject:
    """Return a plan as its file has it, with what it does to the free space of disks."""
    from loradex.operations.moves.sizes import copied_bytes  # noqa: PLC0415
    from loradex.operations.tidying.plan_file import document, names_of  # noqa: PLC0415
    from loradex.operations.tidying.space import space_of  # noqa: PLC0415

    summary = catalog.plans.plan(number) if number is not None else None
    return {
        **document(plan, summary, names_of(catalog.files.libraries())),
        "copied_bytes": copied_bytes(plan.steps),
        "disks": [
            {
                "folder": disk.folder,
                "free": disk.free,
                "free_after": disk.after,
                "in_trash": disk.in_trash,
            }
            for disk in space_of(plan)
        ],
    }


def summary_json(plan: PlanSummary) -> JsonObject:
    """Return a plan of a list."""
    return {
        "id": plan.id,
        "kind": plan.kind,
        "state": plan.state.value,
        "note": plan.note,
        "created_at": plan.created_at,
        "applied_at": plan.applied_at,
        "undone_at": plan.undone_at,
        "done": plan.done,
        "failed": plan.failed,
        "undone": plan.undone,
        "planned": plan.planned,
        "stays": plan.stays,
        "emptied": plan.emptied,
    }
