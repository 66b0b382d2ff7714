"""The shelf as it is now: made anew when the catalog has changed, but never too often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from loradex.catalog.catalog import Catalog
from loradex.domain.content_level import ContentLimit
from loradex.serving.shelf import Shelf, make_shelf

REST = 1.0
"""Least seconds between two looks; a scan writes all the time."""
REST_FACTOR = 10.0
"""A shelf that takes long to make is used for so many times as long."""


class CurrentShelf:
    """Gives the shelf. Safe to share between threads; close it after use.

    `query` chooses the part of the catalog that is served. `clock` gives seconds that never go
    back.
    """

    def __init__(
        self,
        catalog: Catalog,
        query: str,
        limit: ContentLimit,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._catalog = catalog
        self._query = query
        self.limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._watch = catalog.serving.watch()
        self._shelf: Shelf | None = None
        self._state = 0
        self._good_until = 0.0

    def now(self) -> Shelf:
        """Return what is served; raise `QueryError`, or a `CatalogError` when it cannot be read."""
        with self._lock:
            if self._shelf is not None and self._clock() < self._good_until:
                return self._shelf
            state = self._watch.state()
            started = self._clock()
            if self._shelf is None or state != self._state:
                self._shelf = self._made()
                self._state = state
            took = self._clock() - started
            self._good_until = self._clock() + max(REST, REST_FACTOR * took)
            return self._shelf

    def _made(self) -> Shelf:
        rows = self._catalog.served
        here = rows.contents(self._query)
        return make_shelf(here, rows.hashed(), rows.models(), self.limit)

    def close(self) -> None:
        """Let go of the catalog."""
        self._watch.close()
