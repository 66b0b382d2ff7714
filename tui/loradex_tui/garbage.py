"""Collects garbage while nobody types: looking through all of memory holds up keys."""

from __future__ import annotations

import gc

from textual.app import App

from loradex_tui.rest import Rest

LOOK_EVERY = 5.0
REST = 2.0
"""Seconds without a key after which a pause is felt by nobody."""
_THRESHOLDS = (3_000, 8, 500)
"""New objects after which the young are looked through, how often until those that outlived that
are, and how often that until all are: the last only where nobody ever rests."""
WORTH = 5
"""Collections of middle-aged objects after which all are looked through in a rest."""


class Garbage:
    """When Python looks for garbage in cycles, from the start of the program to its end."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def begin(self, app: App[None]) -> None:
        """Leave alone from now on what the start made: it stays."""
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)
        gc.enable()
        app.set_interval(LOOK_EVERY, self.look)

    def look(self) -> None:
        """Look through all of memory, if nobody types and there is reason to."""
        if self._rest.lasts(REST) and gc.get_count()[2] >= WORTH:
            gc.collect()
