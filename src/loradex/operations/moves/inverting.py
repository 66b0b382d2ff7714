"""The steps that take back those of one group: out of the trash, and a link out of the way."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace

from loradex.domain.plans import Action, JournalStep, Place, Step, StepState
from loradex.operations.moves.copying import stamp_of
from loradex.operations.moves.linking import is_link
from loradex.operations.moves.on_disk import matches, sentence
from loradex.operations.moves.planning import Stays
from loradex.operations.moves.steps import inverse

_ORDER = {Action.UNLINK: 0, Action.LINK: 2}
"""Links go before files move, and are made when the file is there to which they lead."""


def inverse_steps(group: Sequence[JournalStep]) -> list[Step]:
    """Return the steps that take a group back, those of files the last one first.

    A sidecar that is gone is left out: nobody misses it. Raises `Stays` when the model cannot come
    back, because it is not where the group put it, or is not what it was.
    """
    steps = []
    alone = _links_left_alone(group)
    for entry in reversed(group):
        if entry.step.target.path in alone:
            continue
        if entry.step.action is Action.LINK and not os.path.lexists(entry.step.target.path):
            continue  # the link went since; the file itself can come back all the same
        if entry.step.action in (Action.LINK, Action.UNLINK):
            steps.append(replace(inverse(entry.step, entry.step.stamp), undoes=entry.id))
            continue
        try:
            steps.append(_back(entry))
        except Stays:
            if entry.step.file_id is not None or len(group) == 1:
                raise
    return sorted(steps, key=lambda step: _ORDER.get(step.action, 1))


def _links_left_alone(group: Sequence[JournalStep]) -> set[bytes]:
    """Return the paths of links that somebody has changed since: they stay as they are.

    Raises `Stays` when one of them is in the place to which a file is to come back.
    """
    sources = {entry.step.source.path for entry in group if entry.step.source}
    changed = {
        entry.step.target.path
        for entry in group
        if entry.step.action is Action.LINK
        and os.path.lexists(entry.step.target.path)
        and not is_link(entry.step)
    }
    if changed & sources:
        raise Stays("It is not the link any more that was made here.")
    return changed


def _back(entry: JournalStep) -> Step:
    """Return the step that brings one file back, as the file is now."""
    step = entry.step
    if entry.state is StepState.EMPTIED:
        raise Stays(f"It was deleted from the trash{_day(entry)}: nothing brings it back.")
    try:
        info = os.lstat(step.target.path)
    except FileNotFoundError as error:
        raise Stays(_why_gone(step)) from error
    except OSError as error:
        raise Stays(sentence(error)) from error
    if entry.result is not None and step.file_id is not None and not matches(info, entry.result):
        raise Stays("It was changed since.")
    stamp = entry.result if entry.result and entry.result.folder else stamp_of(info)
    name = f".loradex-{secrets.token_hex(8)}.part"
    return replace(inverse(step, stamp), undoes=entry.id, temporary=name)


def _why_gone(step: Step) -> str:
    if step.action is not Action.TRASH:
        return "It is not there any more."
    if _there(step.source):
        return "It is back already."
    return "It is not in the trash any more: somebody emptied the trash, or took it out."


def _there(place: Place | None) -> bool:
    return place is not None and os.path.lexists(place.path)


def _day(entry: JournalStep) -> str:
    return f" on {time.strftime('%Y-%m-%d', time.localtime(entry.changed_at))}"
