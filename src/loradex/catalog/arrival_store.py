"""Rules for arriving files, and which files each has dealt with: the column `library.arrivals`.

Ids of files only grow, so "everything up to this id" says most of it. Besides there are the files
below it that still wait (they could not be read yet), and those above it that another rule has
brought here and that this one leaves alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from loradex.catalog.reader import Reader
from loradex.domain.arrivals import ArrivalRule, Newcomer
from loradex.domain.library import FileState

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.writer import Writer

WAITING_LIMIT = 1000
"""Files that are remembered as not readable yet; the oldest are given up first."""


class ArrivalStore:
    """The rules of all libraries."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def rule(self, library_id: int) -> ArrivalRule | None:
        """Return a library's rule, None when it has none."""
        stored = self._stored(library_id)
        if "after" not in stored:
            return None
        place_in = stored.get("place_in")
        return ArrivalRule(
            tags=tuple(str(tag) for tag in _list(stored.get("tags"))),
            auto_tag=bool(stored.get("auto_tag")),
            place_in=None if place_in is None else int(str(place_in)),
            template=str(stored.get("template", "")),
        )

    def set_rule(self, library_id: int, rule: ArrivalRule | None) -> None:
        """Set a library's rule for files that come from now on; None takes it away."""
        with self._writer.transaction() as connection:
            after = connection.exec_driver_sql(
                "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'file'), 0)"
            ).scalar_one()
            stored = rule and {
                "tags": list(rule.tags),
                "auto_tag": rule.auto_tag,
                "place_in": rule.place_in,
                "template": rule.template,
                "after": after,
                "waiting": [],
                "skip": [],
            }
            connection.exec_driver_sql(
                "UPDATE library SET arrivals = ? WHERE id = ?",
                (json.dumps(stored or {}), library_id),
            )

    def newcomers(self, library_id: int) -> list[Newcomer]:
        """Return the files of a library that its rule has not dealt with, oldest first."""
        stored = self._stored(library_id)
        if "after" not in stored:
            return []
        skip = set(_list(stored.get("skip")))
        return [
            Newcomer(int(str(row[0])), str(row[1]), None if row[2] is None else int(str(row[2])))
            for row in self._reader.rows_of(
                "SELECT id, state, content_id FROM file WHERE library_id = ? AND state <> 'missing'"
                " AND (id > ? OR id IN (SELECT value FROM json_each(?))) ORDER BY id",
                (library_id, stored["after"], json.dumps(_list(stored.get("waiting")))),
            )
            if row[0] not in skip
        ]

    def present(self, library_id: int) -> list[Newcomer]:
        """Return all files of a library that are there, as if they had just arrived."""
        return [
            Newcomer(int(str(row[0])), FileState.PRESENT, int(str(row[1])))
            for row in self._reader.rows_of(
                "SELECT id, content_id FROM file WHERE library_id = ? AND state = 'present'"
                " AND content_id IS NOT NULL ORDER BY id",
                (library_id,),
            )
        ]

    def dealt_with(
        self, library_id: int, newcomers: Sequence[Newcomer], waiting: Collection[int]
    ) -> None:
        """Note that a library's rule is done with these files, but for those that `wait`."""
        if not newcomers:
            return
        with self._writer.transaction() as connection:
            stored = _locked(connection, library_id)
            if "after" not in stored:
                return
            done = {newcomer.file_id for newcomer in newcomers}
            after = max([int(str(stored["after"])), *done])
            still = [id_ for id_ in _list(stored.get("waiting")) if id_ not in done]
            stored["waiting"] = [*still, *sorted(waiting)][-WAITING_LIMIT:]
            stored["skip"] = [id_ for id_ in _list(stored.get("skip")) if int(str(id_)) > after]
            stored["after"] = after
            _write(connection, library_id, stored)

    def leave_alone(self, library_id: int, file_ids: Collection[int]) -> None:
        """Note that a library's rule has nothing to do with files that another one moves here."""
        with self._writer.transaction() as connection:
            stored = _locked(connection, library_id)
            if "after" not in stored:
                return
            after = int(str(stored["after"]))
            new = sorted(id_ for id_ in file_ids if id_ > after)
            stored["skip"] = [*_list(stored.get("skip")), *new]
            _write(connection, library_id, stored)

    def _stored(self, library_id: int) -> dict[str, object]:
        rows = self._reader.rows_of("SELECT arrivals FROM library WHERE id = ?", (library_id,))
        return _object(rows[0][0]) if rows else {}


def _locked(connection: Connection, library_id: int) -> dict[str, object]:
    """Return what is stored as it is within a writing transaction."""
    text = connection.exec_driver_sql(
        "SELECT arrivals FROM library WHERE id = ?", (library_id,)
    ).scalar()
    return _object(text)


def _write(connection: Connection, library_id: int, stored: dict[str, object]) -> None:
    connection.exec_driver_sql(
        "UPDATE library SET arrivals = ? WHERE id = ?", (json.dumps(stored), library_id)
    )


def _object(text: object) -> dict[str, object]:
    value = json.loads(str(text or "{}"))
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
