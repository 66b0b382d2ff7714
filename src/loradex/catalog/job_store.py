"""Jobs that only one process may do at a time: a row with a lease each.

A lease runs for a minute and is renewed while its owner works. One that is not renewed expires; one
whose owner has provably ended (killed, or the machine was started again) can be had at once. So
nobody ever has to remove a lock by hand. Nothing may depend on there being one owner only: a
process that was stopped and goes on learns at its next renewal that the job is another's now.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.lease_owner import Owner, read_owner, this_process

if TYPE_CHECKING:
    from loradex.catalog.reader import Reader
    from loradex.catalog.writer import Writer

LEASE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do a job."""

    id: int
    kind: str
    subject: str
    task: str
    token: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who does a job at present."""

    task: str
    process: str
    """As in `process 4242`."""


class JobStore:
    """Leases on jobs. A job is a `kind` of work on a `subject` (empty: on all there is)."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def acquire(self, kind: str, subject: str = "", *, task: str = "") -> Lease | None:
        """Take a job that nobody does, or whose owner is gone; None while another has it.

        `task` is what the work is called when somebody else asks who does it.
        """
        token = secrets.token_hex(8)
        owner = this_process(token, task, LEASE_SECONDS).text()
        now = time.time()
        with self._writer.transaction() as connection:
            run = connection.exec_driver_sql
            row = run(
                "SELECT id, state, owner, lease_until FROM job WHERE kind = ? AND subject = ?"
                " ORDER BY id DESC LIMIT 1",
                (kind, subject),
            ).fetchone()
            if row is not None and _held(row[1], row[2], row[3]):
                return None
            if row is None:
                row = run(
                    "INSERT INTO job(kind, subject, state, payload, owner, lease_until, created_at)"
                    " VALUES (?, ?, 'new', '{}', '', 0, ?) RETURNING id",
                    (kind, subject, now),
                ).one()
            run(
                "UPDATE job SET state = 'running', owner = ?, lease_until = ?, finished_at = NULL,"
                " error = NULL WHERE id = ?",
                (owner, now + LEASE_SECONDS, row[0]),
            )
        return Lease(int(row[0]), kind, subject, task, token)

    def renew(self, lease: Lease) -> bool:
        """Hold a job for another minute; False when it is another's by now."""
        return self._write(
            lease,
            "owner = ?, lease_until = ?",
            (
                this_process(lease.token, lease.task, LEASE_SECONDS).text(),
                time.time() + LEASE_SECONDS,
            ),
        )

    def release(self, lease: Lease, *, error: str | None = None) -> None:
        """Let go of a job that is done, or failed with `error`; another's is left alone."""
        state = "done" if error is None else "failed"
        self._write(
            lease,
            "state = ?, owner = '', lease_until = 0, finished_at = ?, error = ?",
            (state, time.time(), error),
        )

    def holder(self, kind: str, subject: str = "") -> Holder | None:
        """Return who does a job now, None when nobody does."""
        for state, text, until in self._reader.rows_of(
            "SELECT state, owner, lease_until FROM job WHERE kind = ? AND subject = ?"
            " ORDER BY id DESC LIMIT 1",
            (kind, subject),
        ):
            if _held(str(state), str(text), float(str(until))):
                owner = read_owner(str(text))
                return Holder(owner.task if owner else "", _process(owner))
        return None

    def holders(self) -> list[Holder]:
        """Return who does a job now, one entry a process and task."""
        found: dict[Holder, None] = {}
        for text, until in self._reader.rows_of(
            "SELECT owner, lease_until FROM job WHERE state = 'running' ORDER BY id"
        ):
            if _held("running", str(text), float(str(until))):
                owner = read_owner(str(text))
                found[Holder(owner.task if owner else "", _process(owner))] = None
        return list(found)

    def _write(self, lease: Lease, changes: str, values: tuple[object, ...]) -> bool:
        """Change the row of a job that still is this lease's; tell whether it is."""
        with self._writer.transaction() as connection:
            changed = connection.exec_driver_sql(
                f"UPDATE job SET {changes} WHERE id = ? AND state = 'running'"
                " AND json_valid(owner) AND json_extract(owner, '$.token') = ?",
                (*values, lease.id, lease.token),
            )
            return changed.rowcount == 1


def _held(state: str, owner_text: str, until: float) -> bool:
    """Tell whether a lease is in force.

    The wall clock is asked only about owners on other machines. A lease that seems to run longer
    than any does comes from a clock that was set back since.
    """
    if state != "running":
        return False
    owner = read_owner(owner_text)
    if owner is not None:
        if owner.is_gone():
            return False
        expired = owner.expired()
        if expired is not None:
            return not expired
    return 0 < until - time.time() <= 2 * LEASE_SECONDS


def _process(owner: Owner | None) -> str:
    if owner is None:
        return "another process"
    return f"process {owner.pid}" if owner.is_here() else "a process on another machine"
