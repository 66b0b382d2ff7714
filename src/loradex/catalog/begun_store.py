"""Work that a program began and wants to hear of again, should it not see its end."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.lease_owner import read_owner, this_process

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.reader import Reader
    from loradex.catalog.writer import Writer

_KIND = "begun"


@dataclass(frozen=True, slots=True)
class CutOffRow:
    """Work whose process is gone without having said that it is done."""

    id: int
    noted: bool
    """It was noted by the program that began it; a lease of the work itself otherwise."""
    task: str
    command: str
    """Empty where only a lease tells of it."""
    since: float
    """When it was begun, in Unix time."""


class BegunStore:
    """Rows of `job` that stand for work of this process, beside the leases of the work itself.

    They run no longer than now: nobody takes them for work that goes on.
    """

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def begin(self, task: str, command: str) -> int:
        """Note what this process has begun, and return its number.

        The same work that was cut off before is forgotten: it goes on now.
        """
        owner = this_process(secrets.token_hex(8), task, 0.0).text()
        gone = [row.id for row in self.cut_off() if row.noted and row.command == command]
        with self._writer.transaction() as connection:
            row = connection.exec_driver_sql(
                "INSERT INTO job(kind, subject, state, payload, owner, lease_until, created_at)"
                " VALUES (?, ?, 'running', '{}', ?, 0, ?) RETURNING id",
                (_KIND, command, owner, time.time()),
            ).one()
            _forget(connection, gone)
        return int(row[0])

    def end(self, ids: Collection[int]) -> None:
        """Forget work that ended, or that nobody wants to hear of again."""
        with self._writer.transaction() as connection:
            _forget(connection, ids)

    def cut_off(self) -> list[CutOffRow]:
        """Return the work whose process has certainly ended before it, the oldest first."""
        found = []
        for id_, kind, subject, text, created_at in self._reader.rows_of(
            "SELECT id, kind, subject, owner, created_at FROM job WHERE state = 'running'"
            " ORDER BY id"
        ):
            owner = read_owner(str(text))
            if owner is not None and owner.is_gone():
                noted = kind == _KIND
                command = str(subject) if noted else ""
                found.append(
                    CutOffRow(int(str(id_)), noted, owner.task, command, float(str(created_at)))
                )
        return found


def _forget(connection: Connection, ids: Collection[int]) -> None:
    connection.exec_driver_sql(
        "DELETE FROM job WHERE kind = ? AND id IN (SELECT value FROM json_each(?))",
        (_KIND, json.dumps(list(ids))),
    )
