"""Steps of plans as rows of `journal`: two JSON texts, before and after.

Paths may hold bytes that are no Unicode. JSON's `\\udcXX` escapes keep them without loss in a text
that SQLite takes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from loradex.domain.plans import Action, JournalStep, LinkKind, Place, Stamp, Step, StepState

_Json = dict[str, object]


def before_json(step: Step) -> str:
    """Return what a step starts from, and what it is part of."""
    return json.dumps(
        {
            "group": step.group,
            "source": place_json(step.source),
            "stamp": _stamp(step.stamp),
            "file": step.file_id,
            "content": step.content_id,
            "sha256": step.sha256,
            "undoes": step.undoes,
            "same_as": place_json(step.same_as),
            "link": step.link,
            "link_text": step.link_text,
        }
    )


def after_json(step: Step, *, reason: str = "", result: Stamp | None = None) -> str:
    """Return where a step leads, and how it ended."""
    return json.dumps(
        {
            "target": place_json(step.target),
            "temporary": step.temporary,
            "reason": reason,
            "stamp": _stamp(result),
        }
    )


def journal_step(row: tuple[object, ...], roots: Mapping[int, bytes]) -> JournalStep:
    """Return the step of a row `id, action, before, after, state, changed_at`.

    `roots` has the libraries' roots as they are now: a library may have moved since.
    """
    id_, action, before_text, after_text, state, changed_at = row
    before: _Json = json.loads(str(before_text))
    after: _Json = json.loads(str(after_text))
    target = read_place(after["target"], roots)
    link = before.get("link")  # rows of earlier schemas have none of the last three
    assert target is not None  # noqa: S101 - every step has one
    return JournalStep(
        id=int(str(id_)),
        step=Step(
            action=Action(str(action)),
            group=int(str(before["group"])),
            target=target,
            source=read_place(before["source"], roots),
            stamp=_read_stamp(before["stamp"]),
            file_id=_number(before["file"]),
            content_id=_number(before["content"]),
            sha256=None if before["sha256"] is None else str(before["sha256"]),
            temporary=str(after["temporary"]),
            undoes=_number(before["undoes"]),
            same_as=read_place(before.get("same_as"), roots),
            link=None if link is None else LinkKind(str(link)),
            link_text=str(before.get("link_text", "")),
        ),
        state=StepState(str(state)),
        reason=str(after["reason"]),
        result=_read_stamp(after["stamp"]),
        changed_at=float(str(changed_at)),
    )


def place_json(place: Place | None) -> _Json | None:
    """Return a place as the rows have it."""
    if place is None:
        return None
    return {
        "library": place.library_id,
        "root": os.fsdecode(place.root),
        "path": os.fsdecode(place.relative),
    }


def _stamp(stamp: Stamp | None) -> list[object] | None:
    if stamp is None:
        return None
    return [stamp.size, stamp.mtime_ns, stamp.device, stamp.inode, stamp.folder]


def read_place(value: object, roots: Mapping[int, bytes]) -> Place | None:
    """Return a place of a row, below its library's root as that is now; None for none."""
    if not isinstance(value, dict):
        return None
    library = int(value["library"])
    root = roots.get(library, os.fsencode(value["root"]))
    return Place(library, root, os.fsencode(value["path"]))


def _read_stamp(value: object) -> Stamp | None:
    if not isinstance(value, list):
        return None
    size, mtime_ns, device, inode, folder = value
    return Stamp(int(size), int(mtime_ns), int(device), int(inode), bool(folder))


def _number(value: object) -> int | None:
    return None if value is None else int(str(value))
