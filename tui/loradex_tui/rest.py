"""How long nobody has pressed a key: what can wait, waits for that."""

from __future__ import annotations

import time


class Rest:
    """The time since the last key."""

    def __init__(self) -> None:
        self._last_key = float("-inf")

    def key(self) -> None:
        """A key was pressed: the next ones follow soon."""
        self._last_key = time.monotonic()

    def lasts(self, seconds: float) -> bool:
        """Tell whether so much time has passed without a key."""
        return time.monotonic() - self._last_key > seconds
