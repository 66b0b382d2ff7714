"""Collects garbage while nobody types: looking through all of memory holds up keys."""

from __future__ import annotations

import gc
import time

from textual.app import App

LOOK_EVERY = 5.0
REST = 2.0
"""Seconds without a key after which a pause is felt by nobody."""
_THRESHOLDS = (3_000, 8, 500)
"""New objects after which the young are looked through, how often until those that outlived that
are, and how often that until all are: the last only where nobody ever rests."""
_WORTH = 5
"""Collections of middle-aged objects after which all are looked through in a rest."""


class Garbage:
    """When Python looks for garbage in cycles, from the start of the program to its end."""

    def __init__(self) -> None:
        self._last_key = 0.0

    def begin(self, app: App[None]) -> None:
        """Leave alone from now on what the start made: it stays."""
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)
        gc.enable()
        app.set_interval(LOOK_EVERY, self._look)

    def key(self) -> None:
        """A key was pressed: the next ones follow soon."""
        self._last_key = time.monotonic()

    def _look(self) -> None:
        if time.monotonic() - self._last_key > REST and gc.get_count()[2] >= _WORTH:
            gc.collect()
