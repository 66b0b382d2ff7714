"""Plans of changes to files, and the journal that makes them safe to cut off and to take back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.journal_rows import (
    after_json,
    journal_steps,
    read_place,
)
from loradex.catalog.plan_rows import NOTE_LIMIT, clear, fill, goes, take_back
from loradex.catalog.reader import Reader
from loradex.domain.plans import (
    FILE_ACTIONS,
    Conflict,
    JournalStep,
    MovePlan,
    Outcome,
    Place,
    PlanState,
    PlanSummary,
    Stamp,
    StepState,
)
from loradex.domain.text import storable

if TYPE_CHECKING:
    from loradex.catalog.writer import Writer

_OF_FILES = "action IN (" + ", ".join(f"'{action.value}'" for action in FILE_ACTIONS) + ")"


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A model file as the catalog has it, for whoever wants to move it."""

    file_id: int
    place: Place
    stamp: Stamp
    """Its `folder` is true for a diffusers model."""
    content_id: int | None
    sha256: str | None


class PlanStore:
    """The tables `plan` and `journal`, and the rows of `file` that follow a move."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def places(self, file_ids: Iterable[int]) -> list[KnownPlace]:
        """Return these files that are not missing, in the order of their ids."""
        return [
            KnownPlace(
                file_id=int(str(row[0])),
                place=Place(int(str(row[1])), _bytes(row[2]), _bytes(row[3])),
                stamp=Stamp(
                    size=int(str(row[4])),
                    mtime_ns=int(str(row[5])),
                    device=int(str(row[6])),
                    inode=int(str(row[7])),
                    folder=row[8] == "diffusers",
                ),
                content_id=None if row[9] is None else int(str(row[9])),
                sha256=None if row[10] is None else str(row[10]),
            )
            for row in self._reader.rows_of(
                "SELECT file.id, library_id, raw_root, raw_path, file.size, mtime_ns, file.device,"
                " inode, format, content_id, iif(hashed_at IS NULL, NULL, sha256) FROM file"
                " JOIN library ON library.id = library_id"
                " LEFT JOIN content ON content.id = content_id"
                " WHERE file.id IN (SELECT value FROM json_each(?)) AND file.state <> 'missing'"
                " ORDER BY file.id",
                (json.dumps(list(file_ids)),),
            )
        ]

    def add(self, plan: MovePlan, about: str = "{}") -> int:
        """Keep a plan with all of its steps before any of them is done; return its number.

        `about` is JSON that says what was asked for.
        """
        with self._writer.transaction() as connection:
            plan_id = connection.exec_driver_sql(
                "INSERT INTO plan(kind, state, created_at, note, about) VALUES (?, ?, ?, ?, ?)"
                " RETURNING id",
                (
                    plan.kind,
                    PlanState.PLANNED.value,
                    time.time(),
                    storable(plan.note, NOTE_LIMIT),
                    about,
                ),
            ).scalar_one()
            fill(connection, plan_id, plan)
        return int(plan_id)

    def replace(self, plan_id: int, plan: MovePlan) -> bool:
        """Put other steps in the place of those of a plan that was not begun; False if it was."""
        with self._writer.transaction() as connection:
            if not clear(connection, plan_id, PlanState.PLANNED):
                return False
            connection.exec_driver_sql(
                "UPDATE plan SET note = ? WHERE id = ?", (storable(plan.note, NOTE_LIMIT), plan_id)
            )
            fill(connection, plan_id, plan)
        return True

    def discard(self, plan_id: int) -> bool:
        """Delete a plan that was not begun; return False when it was, or there is none.

        Its number is not given to another one.
        """
        with self._writer.transaction() as connection:
            return clear(connection, plan_id, PlanState.DISCARDED)

    def steps(self, plan_id: int) -> list[JournalStep]:
        """Return a plan's steps in their order; none when there is no such plan."""
        rows = self._reader.rows_of(
            "SELECT id, action, before, after, state, changed_at FROM journal WHERE plan_id = ?"
            " ORDER BY position",
            (plan_id,),
        )
        return list(journal_steps(rows, self._roots()))

    def plan(self, plan_id: int) -> PlanSummary | None:
        """Return one plan, None when there is none of that number."""
        return next(iter(self.plans(plan_id=plan_id)), None)

    def plans(
        self, *, state: PlanState | None = None, plan_id: int | None = None
    ) -> list[PlanSummary]:
        """Return all plans but the discarded, or those of one state or number, newest first."""
        return [
            PlanSummary(
                id=int(str(row[0])),
                kind=str(row[1]),
                state=PlanState(str(row[2])),
                note=str(row[3]),
                created_at=float(str(row[4])),
                applied_at=None if row[5] is None else float(str(row[5])),
                undone_at=None if row[6] is None else float(str(row[6])),
                done=int(str(row[7])),
                failed=int(str(row[8])),
                undone=int(str(row[9])),
                planned=int(str(row[10])),
                stays=int(str(row[11])),
                emptied=int(str(row[12])),
            )
            for row in self._reader.rows_of(
                "SELECT plan.id, kind, plan.state, note, created_at, applied_at, undone_at,"
                " count(*) FILTER (WHERE journal.state = 'done'),"
                " count(*) FILTER (WHERE journal.state = 'failed'),"
                " count(*) FILTER (WHERE journal.state = 'undone'),"
                " count(*) FILTER (WHERE journal.state = 'planned'),"
                " (SELECT count(*) FROM plan_conflict WHERE plan_conflict.plan_id = plan.id),"
                " count(*) FILTER (WHERE journal.state = 'emptied')"
                f" FROM plan LEFT JOIN journal ON plan_id = plan.id AND {_OF_FILES}"
                " WHERE plan.state <> 'discarded' AND (?1 IS NULL OR plan.state = ?1)"
                " AND (?2 IS NULL OR plan.id = ?2) GROUP BY plan.id ORDER BY plan.id DESC",
                (None if state is None else state.value, plan_id),
            )
        ]

    def sizes(self) -> dict[int, int]:
        """Return the bytes of all files of each plan, wherever they are now."""
        return {
            int(str(row[0])): int(str(row[1] or 0))
            for row in self._reader.rows_of(
                "SELECT plan_id, sum(json_extract(before, '$.stamp[0]')) FROM journal"
                f" WHERE {_OF_FILES} GROUP BY plan_id"
            )
        }

    def about(self, plan_id: int) -> str:
        """Return the JSON that says what was asked for; `{}` when there is no such plan."""
        rows = self._reader.rows_of("SELECT about FROM plan WHERE id = ?", (plan_id,))
        return str(rows[0][0]) if rows else "{}"

    def conflicts(self, plan_id: int) -> list[Conflict]:
        """Return what a plan leaves where it is, as it was drawn up."""
        roots = self._roots()
        found = []
        for source, reason, file_id in self._reader.rows_of(
            "SELECT source, reason, file_id FROM plan_conflict WHERE plan_id = ? ORDER BY position",
            (plan_id,),
        ):
            place = read_place(str(source), roots)
            if place is not None:
                number = None if file_id is None else int(str(file_id))
                found.append(Conflict(place, str(reason), file_id=number))
        return found

    def trashed(self) -> list[tuple[int, JournalStep]]:
        """Return the steps that put something in a trash that is not known to be gone from there.

        Each with its plan, oldest first.
        """
        return self._with_plans(
            "SELECT id, action, before, after, state, changed_at, plan_id FROM journal"
            " WHERE action = 'trash' AND state = 'done' ORDER BY changed_at, id"
        )

    def trashed_files(self, file_ids: Iterable[int]) -> list[tuple[int, JournalStep]]:
        """Return the steps that put these files in a trash and were not taken back, oldest first.

        Each with its plan, whether or not the file was deleted from there since.
        """
        return self._with_plans(
            "SELECT id, action, before, after, state, changed_at, plan_id FROM journal"
            " WHERE action = 'trash' AND state IN ('done', 'emptied')"
            " AND json_extract(before, '$.file') IN (SELECT value FROM json_each(?))"
            " ORDER BY changed_at, id",
            json.dumps(list(file_ids)),
        )

    def _with_plans(self, sql: str, *params: str) -> list[tuple[int, JournalStep]]:
        """Return the steps of rows that have the number of their plan last."""
        rows = self._reader.rows_of(sql, params)
        steps = journal_steps([row[:6] for row in rows], self._roots())
        return [(int(str(row[6])), step) for row, step in zip(rows, steps, strict=True)]

    def emptied(self, step_ids: Sequence[int]) -> None:
        """Note of steps that what they put in the trash was deleted from there."""
        now = time.time()
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE journal SET state = 'emptied', changed_at = ? WHERE id = ?",
                [(now, step_id) for step_id in step_ids],
            )

    def _roots(self) -> dict[int, bytes]:
        return {
            int(str(row[0])): _bytes(row[1])
            for row in self._reader.rows_of("SELECT id, raw_root FROM library")
        }

    def begin(self, plan_id: int) -> None:
        """Note that the steps of a plan are being done from now on."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE plan SET state = 'applying' WHERE id = ?", (plan_id,)
            )

    def end(self, plan_id: int) -> None:
        """Note that nobody does steps of this plan now: it is applied, or was stopped."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE plan SET applied_at = ?1, state = iif(EXISTS (SELECT 1 FROM journal"
                " WHERE plan_id = ?2 AND state = 'planned'), 'stopped', 'applied') WHERE id = ?2",
                (time.time(), plan_id),
            )

    def settle(self, steps: Sequence[JournalStep], outcomes: Sequence[Outcome]) -> None:
        """Keep how steps ended, and let the catalog's rows follow, in one transaction.

        A moved file keeps its row, and with it the time it was read in full: the next scan has
        nothing to do. A step that took another one back is noted there, too.
        """
        by_id = {entry.id: entry.step for entry in steps}
        now = time.time()
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE journal SET state = ?, after = ?, changed_at = ? WHERE id = ?",
                [
                    (
                        outcome.state.value,
                        after_json(
                            by_id[outcome.step_id], reason=outcome.reason, result=outcome.result
                        ),
                        now,
                        outcome.step_id,
                    )
                    for outcome in outcomes
                ],
            )
            touched: set[int] = set()
            for outcome in outcomes:
                step = by_id[outcome.step_id]
                if outcome.state is not StepState.DONE:
                    continue
                if step.file_id is not None:
                    touched |= goes(connection, step, outcome.result)
                if step.undoes is not None:
                    take_back(connection, step.undoes, now)
            self._writer.refresh(connection, touched)


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes)  # noqa: S101 - what the column holds
    return value
