"""A sink that tells of each problem once, however often a scan meets it."""

from __future__ import annotations

from collections import OrderedDict

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
