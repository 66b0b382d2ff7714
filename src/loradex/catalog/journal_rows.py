"""Steps of plans as rows of `journal`: two JSON texts, before and after.

Paths may hold bytes that are no Unicode. JSON's `\\udcXX` escapes keep them without loss in a text
that SQLite takes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loradex.domain.plans import Action, JournalStep, LinkKind, Place, Stamp, Step, StepState

_Json = dict[str, object]
_Told = dict[str, Any]
"""An object as the rows have it: only this module writes them."""

_ACTIONS: Mapping[object, Action] = {each.value: each for each in Action}
_STATES: Mapping[object, StepState] = {each.value: each for each in StepState}

_AT_ONCE = 500
"""Rows whose texts are read in one go."""


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


def journal_steps(
    rows: Sequence[tuple[object, ...]], roots: Mapping[int, bytes]
) -> Iterator[JournalStep]:
    """Yield the steps of rows `id, action, before, after, state, changed_at`.

    `roots` has the libraries' roots as they are now: a library may have moved since. Plans have
    thousands of steps, which somebody waits for: some hundred rows are read as one JSON text.
    """
    reading = _Reading(roots)
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        told = (json.loads(f"[{','.join(str(row[at]) for row in some)}]") for at in (2, 3))
        yield from map(reading.step, some, *told)


class _Reading:
    """Reads steps; roots that stand in many of them are taken from the text once."""

    def __init__(self, roots: Mapping[int, bytes]) -> None:
        self._roots = roots
        self._encoded: dict[str, bytes] = {}

    def step(self, row: tuple[object, ...], before: _Told, after: _Told) -> JournalStep:
        id_, action, _, _, state, changed_at = row
        link = before.get("link")  # rows of earlier schemas have none of the last three
        target = self.place(after["target"])
        assert target is not None  # noqa: S101 - every step has one
        return JournalStep(
            id=int(id_),  # type: ignore[call-overload]
            step=Step(
                action=_ACTIONS[action],
                group=int(before["group"]),
                target=target,
                source=self.place(before["source"]),
                stamp=_read_stamp(before["stamp"]),
                file_id=before["file"],
                content_id=before["content"],
                sha256=before["sha256"],
                temporary=str(after["temporary"]),
                undoes=before["undoes"],
                same_as=self.place(before.get("same_as")),
                link=None if link is None else LinkKind(link),
                link_text=str(before.get("link_text", "")),
            ),
            state=_STATES[state],
            reason=str(after["reason"]),
            result=_read_stamp(after["stamp"]),
            changed_at=float(changed_at),  # type: ignore[arg-type]
        )

    def place(self, told: _Told | None) -> Place | None:
        """Return a place below its library's root as that is now; None for none."""
        if told is None:
            return None
        library = int(told["library"])
        root = self._roots.get(library)
        if root is None:
            text = str(told["root"])
            root = self._encoded.get(text) or self._encoded.setdefault(text, os.fsencode(text))
        return Place(library, root, os.fsencode(told["path"]))


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


def read_place(text: str, roots: Mapping[int, bytes]) -> Place | None:
    """Return a place of a row, below its library's root as that is now; None for none."""
    return _Reading(roots).place(json.loads(text))


def _read_stamp(told: list[Any] | None) -> Stamp | None:
    if told is None:
        return None
    size, mtime_ns, device, inode, folder = told
    return Stamp(size, mtime_ns, device, inode, bool(folder))
