"""What becomes of rows as plans are kept, done and taken back; for use within a transaction."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from loradex.catalog.file_store import PATH_LIMIT
from loradex.catalog.journal_rows import after_json, before_json, place_json
from loradex.domain.plans import Action, MovePlan, PlanState, Stamp, Step, StepState
from loradex.domain.text import storable

if TYPE_CHECKING:
    from sqlalchemy import Connection

NOTE_LIMIT = 1000
_OF_FOLDERS = "action IN ('make folder', 'remove folder')"


def goes(connection: Connection, step: Step, result: Stamp | None) -> set[int]:
    """Let the row of a step's file go where the file went; return the contents this concerns."""
    return _GOES.get(step.action, _follow)(connection, step, result)


def _follow(connection: Connection, step: Step, result: Stamp | None) -> set[int]:
    """Let a file's row go where the file went; return the contents this concerns.

    A scan may have been there before us and have made a row of its own: ours, which knows more,
    takes its place. Rows of libraries that were removed meanwhile are left alone.
    """
    run = connection.exec_driver_sql
    place = step.target
    if run("SELECT 1 FROM library WHERE id = ?", (place.library_id,)).scalar() is None:
        return set()
    touched = {
        row[0]
        for row in run(
            "DELETE FROM file WHERE library_id = ? AND raw_path = ? AND id <> ?"
            " RETURNING content_id",
            (place.library_id, place.relative, step.file_id),
        )
    }
    touched |= {
        row[0]
        for row in run(
            "UPDATE file SET library_id = ?, raw_path = ?, path = ?, device = ?, inode = ?,"
            " state = iif(state IN ('missing', 'offline'), 'present', state), last_seen = ?"
            " WHERE id = ? RETURNING content_id",
            (
                place.library_id,
                place.relative,
                storable(os.fsdecode(place.relative), PATH_LIMIT),
                result.device if result else 0,
                result.inode if result else 0,
                time.time(),
                step.file_id,
            ),
        )
    }
    if result is not None and not result.folder:
        run(
            "UPDATE file SET size = ?, mtime_ns = ? WHERE id = ?",
            (result.size, result.mtime_ns, step.file_id),
        )
    return {content for content in touched if content is not None}


def _leave(connection: Connection, step: Step, _result: Stamp | None) -> set[int]:
    """Note that a file is at its place no longer; all that is known of it stays."""
    rows = connection.exec_driver_sql(
        "UPDATE file SET state = 'missing' WHERE id = ? RETURNING content_id", (step.file_id,)
    )
    return {row[0] for row in rows if row[0] is not None}


_GOES = {Action.TRASH: _leave, Action.UNLINK: _leave}
"""After these a file's row has no place; after all others it has the step's target."""


def fill(connection: Connection, plan_id: int, plan: MovePlan) -> None:
    """Write the steps of a plan, and what it leaves alone."""
    now = time.time()
    run = connection.exec_driver_sql
    if plan.steps:
        run(
            "INSERT INTO journal(plan_id, position, action, before, after, state, changed_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    plan_id,
                    position,
                    step.action.value,
                    before_json(step),
                    after_json(step),
                    StepState.PLANNED.value,
                    now,
                )
                for position, step in enumerate(plan.steps)
            ],
        )
    if plan.conflicts:
        run(
            "INSERT INTO plan_conflict(plan_id, position, source, reason, file_id)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                (
                    plan_id,
                    position,
                    json.dumps(place_json(conflict.source)),
                    storable(conflict.reason, NOTE_LIMIT),
                    conflict.file_id,
                )
                for position, conflict in enumerate(plan.conflicts)
            ],
        )


def clear(connection: Connection, plan_id: int, state: PlanState) -> bool:
    """Take the steps of a plan away and give it a state, if nothing of it was begun."""
    run = connection.exec_driver_sql
    planned = run(
        "UPDATE plan SET state = ? WHERE id = ? AND state = 'planned'",
        (state.value, plan_id),
    ).rowcount
    if planned:
        run("DELETE FROM journal WHERE plan_id = ?", (plan_id,))
        run("DELETE FROM plan_conflict WHERE plan_id = ?", (plan_id,))
    return bool(planned)


def take_back(connection: Connection, step_id: int, now: float) -> None:
    """Note on a step that it was taken back; one that it had taken back itself holds again."""
    run = connection.exec_driver_sql
    state, next_id = StepState.UNDONE, step_id
    while next_id is not None:
        plan_id, before = run("SELECT plan_id, before FROM journal WHERE id = ?", (next_id,)).one()
        run(
            "UPDATE journal SET state = ?, changed_at = ? WHERE id = ?",
            (state.value, now, next_id),
        )
        if state is StepState.UNDONE:
            run(
                "UPDATE plan SET undone_at = ?1, state = iif(EXISTS (SELECT 1 FROM journal"
                f" WHERE plan_id = ?2 AND state = 'done' AND NOT {_OF_FOLDERS}), state, 'undone')"
                " WHERE id = ?2",
                (now, plan_id),
            )
        else:
            run("UPDATE plan SET undone_at = NULL, state = 'applied' WHERE id = ?", (plan_id,))
        state = StepState.DONE if state is StepState.UNDONE else StepState.UNDONE
        next_id = json.loads(before)["undoes"]
