"""Sinks that tell of each problem once, however often a scan meets it and whoever tells of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container

from loradex.domain.progress import Problem, Progress, ProgressSink

_REMEMBERED = 10_000


class ProblemsOnce:
    """Hands progress on, and each problem for the first time only."""

    def __init__(self, sink: ProgressSink) -> None:
        self._sink = sink
        self._told: OrderedDict[Problem, None] = OrderedDict()

    def progress(self, event: Progress) -> None:
        """Hand it on."""
        self._sink.progress(event)

    def problem(self, event: Problem) -> None:
        """Hand it on unless it was told before."""
        if event in self._told:
            return
        self._told[event] = None
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        self._sink.problem(event)


class ProblemsHeld:
    """Hands progress on, and keeps problems until it is known which of them are told otherwise."""

    def __init__(self, sink: ProgressSink) -> None:
        self._sink = sink
        self._held: list[Problem] = []

    def progress(self, event: Progress) -> None:
        """Hand it on."""
        self._sink.progress(event)

    def problem(self, event: Problem) -> None:
        """Keep it."""
        self._held.append(event)

    def release(self, told: Container[str]) -> None:
        """Hand on what was kept, but for the items that are `told` of with what happened."""
        for event in self._held:
            if event.item not in told:
                self._sink.problem(event)
        self._held.clear()
