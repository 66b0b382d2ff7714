"""Who may ask: keys are checked here, and nowhere else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.catalog.serve_store import StoredKey
from loradex.errors import CatalogError
from loradex.serving import keys

OPEN = "open"
"""The ticket of pictures where no key is wanted."""
USE_NOTED_EVERY = 3600.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a request's key. `wait`: wrong ones came too often, for so many seconds."""

    admitted: bool
    key: StoredKey | None = None
    wait: float = 0.0


class Guard:
    """Checks keys, which may be added and removed at any time. Close it after use."""

    def __init__(
        self, catalog: Catalog, *, required: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._catalog = catalog
        self.required = required
        self._guesses = keys.Guesses(clock)
        self._noted: dict[str, float] = {}
        # One thread, and nobody waits for it: the catalog may be busy for a while.
        self._notes = ThreadPoolExecutor(1, "loradex-key-use")

    def judge(self, authorization: str | None, address: str) -> Verdict:
        """Return whether a request from `address` is admitted; not quick enough for the loop.

        Where no key is required any request is admitted, and a wrong key counts as none.
        """
        scheme, _, given = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not given.strip():
            return Verdict(not self.required)
        key = keys.key_behind(given.strip(), self._catalog.serving.keys())
        if key is not None:
            self._note_use(key)
            return Verdict(True, key)
        if not self.required:
            return Verdict(True)
        # A good key is never kept waiting: behind a proxy all come from one address.
        wait = self._guesses.wait(address)
        self._guesses.note(address)
        return Verdict(False, wait=wait)

    def tickets_for(self, key: StoredKey | None) -> Callable[[int, int], str]:
        """Return who makes the tickets of pictures for one who has this key."""
        if key is None:
            return lambda _version, _picture: OPEN
        return lambda version, picture: keys.ticket(key, version, picture)

    def good_ticket(self, given: str, version_id: int, picture_id: int) -> bool:
        """Tell whether a picture may be given for this ticket."""
        if not self.required:
            return True
        return keys.good_ticket(given, self._catalog.serving.keys(), version_id, picture_id)

    def _note_use(self, key: StoredKey) -> None:
        now = time.time()
        last = max(key.used_at or 0.0, self._noted.get(key.name, 0.0))
        if now - last >= USE_NOTED_EVERY:
            self._noted[key.name] = now
            self._notes.submit(self._write_use, key.name)

    def _write_use(self, name: str) -> None:
        try:
            self._catalog.serving.note_use(name)
        except CatalogError as error:
            _log.warning("The use of a key was not noted: %s", error.message)

    def close(self) -> None:
        """Wait until the last use is noted."""
        self._notes.shutdown()
