"""Plans as JSON files, to be read, edited and applied. docs/tidying.md has the format."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from loradex.domain.library import Library
from loradex.domain.plans import FILE_ACTIONS, Action, MovePlan, PlanSummary, Step
from loradex.operations.moves.trash_can import OWN_FOLDER, TrashKind

VERSION = 1

_Json = Mapping[str, object]


def document(plan: MovePlan, summary: PlanSummary | None, names: Mapping[int, str]) -> _Json:
    """Return a plan as its file has it. `names` are the libraries' names by their ids."""
    groups = groupby(plan.steps, key=lambda step: step.group)
    items = [item for _, steps in groups if (item := _item(list(steps), names))]
    return {
        "loradex_plan": VERSION,
        "plan": summary.id if summary else None,
        "drawn_up": summary.created_at if summary else None,
        "kind": plan.kind,
        "note": plan.note,
        "trash": _trash_of(plan).value,
        "items": items,
        "stays": [
            {
                "library": names.get(conflict.source.library_id),
                "path": os.fsdecode(conflict.source.relative),
                "reason": conflict.reason,
            }
            for conflict in plan.conflicts
        ],
    }


def _trash_of(plan: MovePlan) -> TrashKind:
    """Return which trash a plan uses: ours when nothing goes to another one."""
    slots = [step.target.root for step in plan.steps if step.action is Action.TRASH]
    own = bool(slots) and all(OWN_FOLDER in root.split(b"/") for root in slots)
    return TrashKind.FOLDER if own else TrashKind.SYSTEM


def _item(steps: Sequence[Step], names: Mapping[int, str]) -> dict[str, object] | None:
    """Return one model of a plan, with what belongs to it; None for a folder."""
    step, *others = steps
    if step.action not in FILE_ACTIONS or step.source is None:
        return None
    item: dict[str, object] = {
        "do": "trash" if step.action is Action.TRASH else "move",
        "library": names.get(step.source.library_id),
        "from": os.fsdecode(step.source.relative),
    }
    if step.action is not Action.TRASH:
        item["to_library"] = names.get(step.target.library_id)
        item["to"] = os.fsdecode(step.target.relative)
    if step.same_as is not None:
        item["same_as"] = {
            "library": names.get(step.same_as.library_id),
            "path": os.fsdecode(step.same_as.relative),
        }
        left = (other for other in others if other.target == step.source)
        item["link"] = next((other.link for other in left), None)
    item["bytes"] = sum(each.stamp.size for each in steps if each.stamp and each.link is None)
    item["sha256"] = step.sha256
    item["with"] = [
        os.fsdecode(each.source.name) for each in others if each.source and not each.link
    ]
    return item


def names_of(libraries: Iterable[Library]) -> dict[int, str]:
    """Return the libraries' names by their ids."""
    return {library.id: library.name for library in libraries}
