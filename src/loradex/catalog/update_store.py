"""What updates are looked for: models of hubs that a person owns, less those they ignore."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.reader import Reader

if TYPE_CHECKING:
    from loradex.catalog.writer import Writer

WHOLE_MODEL = 0
"""In the place of a version's id: all versions, those to come included."""


@dataclass(frozen=True, slots=True)
class OwnedVersion:
    """A content that is a version on a hub, under its name in the catalog."""

    hub: str
    model_id: int
    version_id: int
    content_id: int
    name: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A version whose update is not wanted; the whole model with version `WHOLE_MODEL`.

    Names are None where nothing is kept of it.
    """

    hub: str
    model_id: int
    version_id: int
    model_name: str | None
    version_name: str | None
    since: float


class UpdateStore:
    """Which versions are owned, and which are not wanted."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def owned(self, content_ids: Iterable[int] | None = None) -> list[OwnedVersion]:
        """Return the matched contents that have a file, by model; of these contents only.

        None stands for all of them.
        """
        some = None if content_ids is None else json.dumps(list(content_ids))
        return [
            OwnedVersion(
                hub=str(row[0]),
                model_id=int(str(row[1])),
                version_id=int(str(row[2])),
                content_id=int(str(row[3])),
                name=str(row[4]),
                sha256=None if row[5] is None else str(row[5]),
            )
            for row in self._reader.rows_of(
                "SELECT hub, model_id, version_id, content_id, name, sha256 FROM match"
                " JOIN content ON content.id = content_id WHERE content.state <> 'missing'"
                " AND (?1 IS NULL OR content_id IN (SELECT value FROM json_each(?1)))"
                " ORDER BY hub, model_id, version_id, content_id",
                (some,),
            )
        ]

    def ignored(self) -> list[Ignored]:
        """Return what is not wanted, the latest first."""
        return [
            Ignored(
                hub=str(row[0]),
                model_id=int(str(row[1])),
                version_id=int(str(row[2])),
                model_name=None if row[3] is None else str(row[3]),
                version_name=None if row[4] is None else str(row[4]),
                since=float(str(row[5])),
            )
            for row in self._reader.rows_of(
                "SELECT i.hub, i.model_id, version_id, m.name, v.name, ignored_at"
                " FROM hub_ignored AS i"
                " LEFT JOIN hub_model AS m ON m.hub = i.hub AND m.id = i.model_id"
                " LEFT JOIN hub_version AS v ON v.hub = i.hub AND v.id = version_id"
                " ORDER BY ignored_at DESC, i.hub, i.model_id, version_id"
            )
        ]

    def ignore(self, hub: str, model_id: int, version_id: int = WHOLE_MODEL) -> bool:
        """Note that an update is not wanted; return whether that is new."""
        with self._writer.transaction() as connection:
            return bool(
                connection.exec_driver_sql(
                    "INSERT OR IGNORE INTO hub_ignored(hub, model_id, version_id, ignored_at)"
                    " VALUES (?, ?, ?, ?)",
                    (hub, model_id, version_id, time.time()),
                ).rowcount
            )

    def unignore(self, hub: str, model_id: int, version_id: int = WHOLE_MODEL) -> bool:
        """Note that it is wanted again, a whole model with all its versions.

        Returns whether it was ignored.
        """
        with self._writer.transaction() as connection:
            return bool(
                connection.exec_driver_sql(
                    "DELETE FROM hub_ignored WHERE hub = ?1 AND model_id = ?2"
                    " AND (?3 = 0 OR version_id = ?3)",
                    (hub, model_id, version_id),
                ).rowcount
            )

    def record_gone(self, hub: str, model_ids: Iterable[int]) -> None:
        """Note that a hub has these models no longer; all that it told of them stays."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE hub_model SET gone_at = ?1 WHERE hub = ?2 AND gone_at IS NULL"
                " AND id IN (SELECT value FROM json_each(?3))",
                (time.time(), hub, json.dumps(list(model_ids))),
            )

    def record_versions_left(self, hub: str, model_id: int, version_ids: Iterable[int]) -> None:
        """Note that a hub shows only these versions of a model; the others stay as they were."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE hub_version SET gone_at = ?1 WHERE hub = ?2 AND model_id = ?3"
                " AND gone_at IS NULL AND id NOT IN (SELECT value FROM json_each(?4))",
                (time.time(), hub, model_id, json.dumps(list(version_ids))),
            )
