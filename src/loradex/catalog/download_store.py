"""The download queue. Every change of state is one statement, so that processes cannot disagree.

One process downloads (it holds the lease of a job); any other may add, pause, resume and cancel.
What the downloader writes about a download counts only while that is still running: a person who
paused or cancelled it meanwhile has the last word.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.file_store import PATH_LIMIT
from loradex.catalog.reader import Reader
from loradex.domain.downloads import Download, DownloadState, NewDownload
from loradex.domain.library import FileState
from loradex.domain.text import storable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.writer import Writer

UNFINISHED = (
    DownloadState.QUEUED,
    DownloadState.RUNNING,
    DownloadState.PAUSED,
    DownloadState.FAILED,
)
"""States from which a download may still come to its end: its place is spoken for."""

OVER = (DownloadState.DONE, DownloadState.CANCELLED)

_COLUMNS = (
    "id, hub, model_id, version_id, file_id, name, size_bytes, sha256, library_id, root, relative,"
    " state, done_bytes, tries, not_before, error, hint, content_id, created_at, finished_at"
)
_TEXT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Queued:
    """A file that was asked for. `added` is false when it was in the queue already."""

    id: int
    added: bool


@dataclass(frozen=True, slots=True)
class OwnedFile:
    """A place where bytes are that a hub offers."""

    content_id: int
    path: str
    state: FileState


@dataclass(frozen=True, slots=True)
class Slugs:
    """The names of a model and a version on a hub whose ids are text."""

    model: str | None
    version: str | None


class DownloadStore:
    """The table `download`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def add(self, wanted: Sequence[NewDownload]) -> list[Queued]:
        """Put files into the queue, in this order; one that is in it already is not added again.

        Two are the same when hub, version, file and library are, or the place they go to.
        """
        with self._writer.transaction() as connection:
            return [_add(connection, each) for each in wanted]

    def downloads(self, states: Collection[DownloadState] | None = None) -> list[Download]:
        """Return the queue, or what is in these states, in the order in which it was added."""
        chosen = list(DownloadState) if states is None else states
        return self._select("state IN (SELECT value FROM json_each(?))", json.dumps([*chosen]))

    def some(self, ids: Collection[int]) -> list[Download]:
        """Return the downloads of these numbers; numbers that are gone are left out."""
        return self._select("id IN (SELECT value FROM json_each(?))", json.dumps([*ids]))

    def counts(self) -> dict[DownloadState, int]:
        """Return how many downloads there are in each state that any is in."""
        return {
            DownloadState(str(state)): int(str(number))
            for state, number in self._reader.rows_of(
                "SELECT state, count(*) FROM download GROUP BY state"
            )
        }

    def owned(self, sha256s: Collection[str]) -> dict[str, OwnedFile]:
        """Return a place for each of these digests that some library holds; present ones first."""
        found: dict[str, OwnedFile] = {}
        for row in self._reader.rows_of(
            "SELECT sha256, content.id, root || '/' || file.path, file.state FROM content"
            " JOIN file ON content_id = content.id JOIN library ON library.id = library_id"
            " WHERE sha256 IN (SELECT value FROM json_each(?))"
            " AND file.state IN ('present', 'offline') ORDER BY file.state = 'offline', file.id",
            (json.dumps([*sha256s]),),
        ):
            place = OwnedFile(int(str(row[1])), str(row[2]), FileState(str(row[3])))
            found.setdefault(str(row[0]), place)
        return found

    def slugs(self, hub: str, model_id: int, version_id: int) -> Slugs:
        """Return what hubs whose ids are text call a model and a version."""
        rows = self._reader.rows_of(
            "SELECT (SELECT slug FROM hub_model WHERE hub = ?1 AND id = ?2),"
            " (SELECT slug FROM hub_version WHERE hub = ?1 AND id = ?3)",
            (hub, model_id, version_id),
        )
        model, version = rows[0]
        return Slugs(*(None if slug is None else str(slug) for slug in (model, version)))

    def take(
        self, *, not_hubs: Collection[str] = (), not_ids: Collection[int] = ()
    ) -> Download | None:
        """Take the oldest download that may begin now, and note that it runs; None without one."""
        with self._writer.transaction() as connection:
            row = connection.exec_driver_sql(
                "UPDATE download SET state = 'running', error = NULL, hint = NULL WHERE id ="
                " (SELECT id FROM download WHERE state = 'queued' AND not_before <= ?"
                " AND hub NOT IN (SELECT value FROM json_each(?))"
                " AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT 1)"
                f" RETURNING {_COLUMNS}",
                (time.time(), json.dumps([*not_hubs]), json.dumps([*not_ids])),
            ).fetchone()
        return None if row is None else _download(tuple(row))

    def running_no_more(self) -> int:
        """Queue again what a downloader that is gone has left running; return how many."""
        with self._writer.transaction() as connection:
            return connection.exec_driver_sql(
                "UPDATE download SET state = 'queued' WHERE state = 'running'"
            ).rowcount

    def note_bytes(self, done: Iterable[tuple[int, int]]) -> None:
        """Note how many bytes of running downloads are on the disk: pairs of number and bytes."""
        rows = [(nbytes, id_) for id_, nbytes in done]
        if rows:
            with self._writer.transaction() as connection:
                connection.exec_driver_sql("UPDATE download SET done_bytes = ? WHERE id = ?", rows)

    def landing(self, id_: int, *, sha256: str, size: int, relative: bytes) -> bool:
        """Note, before a file gets its name, which bytes it holds and where it goes.

        Cut off after that, the file is known again. Paused at the last moment, it lands all the
        same; False when it was cancelled or forgotten.
        """
        with self._writer.transaction() as connection:
            changed = connection.exec_driver_sql(
                "UPDATE download SET state = 'running', sha256 = ?, size_bytes = ?, done_bytes = ?,"
                " relative = ? WHERE id = ? AND state IN ('queued', 'running', 'paused')",
                (sha256, size, size, relative, id_),
            )
            return changed.rowcount == 1

    def finish(self, id_: int, content_id: int | None, *, error: str | None = None) -> None:
        """Note that a file is in its place; `error` says what a person should know of it."""
        self._end(id_, DownloadState.DONE, error, None, content_id)

    def fail(self, id_: int, error: str, hint: str | None) -> None:
        """Note that a download failed for good; a person may have it tried again."""
        self._end(id_, DownloadState.FAILED, error, hint)

    def put_aside(self, id_: int, error: str, hint: str | None) -> None:
        """Note that wrong bytes came, and were put aside or away."""
        self._end(id_, DownloadState.ASIDE, error, hint)

    def postpone(
        self, id_: int, not_before: float, error: str | None, hint: str | None, *, tried: bool
    ) -> None:
        """Queue a running download again, not to be begun before a time in Unix seconds.

        `tried` counts it as a try that failed.
        """
        self._change_running(
            id_,
            "state = 'queued', not_before = ?, tries = tries + ?, error = ?, hint = ?",
            (not_before, int(tried), *_said(error, hint)),
        )

    def hold_hub(self, hub: str, not_before: float, error: str, hint: str | None) -> int:
        """Begin nothing of a hub before a time in Unix seconds; return how many wait for it."""
        with self._writer.transaction() as connection:
            return connection.exec_driver_sql(
                "UPDATE download SET not_before = max(not_before, ?), error = ?, hint = ?"
                " WHERE hub = ? AND state = 'queued'",
                (not_before, *_said(error, hint), hub),
            ).rowcount

    def pause(self, ids: Collection[int] | None = None) -> list[Download]:
        """Pause what waits or runs, or those of it with these numbers; return them as they were."""
        return self._turn(
            ids, (DownloadState.QUEUED, DownloadState.RUNNING), DownloadState.PAUSED, ""
        )

    def resume(self, ids: Collection[int] | None = None) -> list[Download]:
        """Queue what is paused again; return it as it was."""
        return self._turn(ids, (DownloadState.PAUSED,), DownloadState.QUEUED, ", not_before = 0")

    def retry(self, ids: Collection[int] | None = None) -> list[Download]:
        """Queue what failed, waits for its next try, or holds wrong bytes; return it as it was.

        With numbers, what was cancelled as well.
        """
        states = [DownloadState.FAILED, DownloadState.ASIDE, DownloadState.QUEUED]
        if ids is not None:
            states.append(DownloadState.CANCELLED)
        return self._turn(
            ids,
            states,
            DownloadState.QUEUED,
            ", not_before = 0, tries = 0, error = NULL, hint = NULL, finished_at = NULL",
            only=f" AND (state <> 'queued' OR not_before > {time.time():.3f})",
        )

    def cancel(self, ids: Collection[int]) -> list[Download]:
        """Cancel what has not come to its end; return it as it was."""
        return self._turn(
            ids, UNFINISHED, DownloadState.CANCELLED, f", finished_at = {time.time():.3f}"
        )

    def clear(self, ids: Collection[int] | None = None) -> list[Download]:
        """Forget what is done or cancelled; with numbers, what failed or holds wrong bytes, too.

        Returns what was forgotten.
        """
        states: tuple[DownloadState, ...] = OVER
        if ids is not None:
            states = (*OVER, DownloadState.FAILED, DownloadState.ASIDE)
        condition, params = _chosen(ids, states)
        with self._writer.transaction() as connection:
            rows = connection.exec_driver_sql(
                f"DELETE FROM download WHERE {condition} RETURNING {_COLUMNS}", params
            ).fetchall()
        return sorted((_download(tuple(row)) for row in rows), key=lambda each: each.id)

    def _turn(
        self,
        ids: Collection[int] | None,
        states: Sequence[DownloadState],
        to: DownloadState,
        more: str,
        only: str = "",
    ) -> list[Download]:
        """Bring downloads from some states to another; return them as they were before."""
        condition, params = _chosen(ids, states)
        condition += only
        with self._writer.transaction() as connection:
            run = connection.exec_driver_sql
            query = f"SELECT {_COLUMNS} FROM download WHERE {condition} ORDER BY id"
            rows = run(query, params).fetchall()
            run(f"UPDATE download SET state = ?{more} WHERE {condition}", (to.value, *params))
        return [_download(tuple(row)) for row in rows]

    def _end(
        self,
        id_: int,
        state: DownloadState,
        error: str | None,
        hint: str | None,
        content_id: int | None = None,
    ) -> None:
        self._change_running(
            id_,
            "state = ?, finished_at = ?, error = ?, hint = ?, content_id = ?",
            (state.value, time.time(), *_said(error, hint), content_id),
        )

    def _change_running(self, id_: int, changes: str, values: tuple[object, ...]) -> bool:
        with self._writer.transaction() as connection:
            changed = connection.exec_driver_sql(
                f"UPDATE download SET {changes} WHERE id = ? AND state = 'running'", (*values, id_)
            )
            return changed.rowcount == 1

    def _select(self, condition: str, parameter: object) -> list[Download]:
        return [
            _download(row)
            for row in self._reader.rows_of(
                f"SELECT {_COLUMNS} FROM download WHERE {condition} ORDER BY id", (parameter,)
            )
        ]


def _add(connection: Connection, new: NewDownload) -> Queued:
    run = connection.exec_driver_sql
    there = run(
        "SELECT id FROM download WHERE state IN (SELECT value FROM json_each(?))"
        " AND (library_id = ? AND hub = ? AND version_id = ? AND file_id IS ?"
        " AND (file_id IS NOT NULL OR name = ?) OR root = ? AND relative = ?) ORDER BY id LIMIT 1",
        (
            json.dumps([*UNFINISHED]),
            new.library_id,
            new.hub,
            new.version_id,
            new.file_id,
            storable(new.name, PATH_LIMIT),
            new.root,
            new.relative,
        ),
    ).scalar()
    if there is not None:
        return Queued(int(there), added=False)
    id_ = run(
        "INSERT INTO download(hub, model_id, version_id, file_id, name, size_bytes, sha256,"
        " library_id, root, relative, state, done_bytes, tries, not_before, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, 0, 0, ?) RETURNING id",
        (
            new.hub,
            new.model_id,
            new.version_id,
            new.file_id,
            storable(new.name, PATH_LIMIT),
            new.size_bytes,
            new.sha256,
            new.library_id,
            new.root,
            new.relative,
            time.time(),
        ),
    ).scalar_one()
    return Queued(int(id_), added=True)


def _chosen(
    ids: Collection[int] | None, states: Sequence[DownloadState]
) -> tuple[str, tuple[object, ...]]:
    condition, params = "state IN (SELECT value FROM json_each(?))", (json.dumps([*states]),)
    if ids is None:
        return condition, params
    return f"{condition} AND id IN (SELECT value FROM json_each(?))", (*params, json.dumps([*ids]))


def _said(error: str | None, hint: str | None) -> tuple[str | None, str | None]:
    return (
        None if error is None else storable(error, _TEXT_LIMIT),
        None if hint is None else storable(hint, _TEXT_LIMIT),
    )


def _download(row: tuple[object, ...]) -> Download:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    values["state"] = DownloadState(str(values["state"]))
    return Download(**values)  # type: ignore[arg-type]
