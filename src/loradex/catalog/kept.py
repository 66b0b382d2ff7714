"""What was worked out of the catalog since somebody last wrote to it."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

from loradex.catalog.columns import Columns
from loradex.catalog.folders import Folders
from loradex.catalog.snapshot import Snapshot
from loradex.catalog.tagged import Tagged


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query finds: few ids in order, or a set of the snapshot."""

    total: int
    ids: list[int] | None = None
    found: int = 0


class Kept:
    """Each part is made when a query first needs it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.answers: OrderedDict[tuple[object, ...], Answer] = OrderedDict()
        self.sets: OrderedDict[tuple[object, ...], int] = OrderedDict()

    @cached_property
    def snapshot(self) -> Snapshot:
        """The ids of all contents by name."""
        return Snapshot(self._connection)

    @cached_property
    def columns(self) -> Columns:
        """Which values contents have."""
        return Columns(self._connection, self.snapshot)

    @cached_property
    def folders(self) -> Folders:
        """Which contents lie where."""
        return Folders(self._connection)

    @cached_property
    def tagged(self) -> Tagged:
        """Which tags contents have."""
        return Tagged(self._connection, self.snapshot)
