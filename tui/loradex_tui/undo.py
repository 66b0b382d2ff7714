"""What `u` takes back: what was done in this session, the latest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

KEPT = 50


def _nothing() -> None:
    """Show nothing anew."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done: what it was, how it is taken back, and what shows that.

    `take_back` runs in a thread, returns the sentence to tell and raises `LoradexError`; `then`
    runs on the UI's thread after it.
    """

    what: str
    """As in `tags of 3 models`, which follows `Undo`."""
    take_back: Callable[[], str]
    then: Callable[[], None] = _nothing


class Deeds:
    """The latest deeds, in order."""

    def __init__(self) -> None:
        self._deeds: list[Deed] = []

    @property
    def latest(self) -> str:
        """What would be taken back; empty when nothing would."""
        return self._deeds[-1].what if self._deeds else ""

    def add(self, deed: Deed) -> None:
        """Remember a deed; the oldest one is forgotten when there are too many."""
        self._deeds = [*self._deeds[-KEPT + 1 :], deed]

    def pop(self) -> Deed | None:
        """Return the latest deed and forget it; None when there is none."""
        return self._deeds.pop() if self._deeds else None
