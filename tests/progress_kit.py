"""A sink that keeps what it is told."""

from __future__ import annotations

from loradex.domain.progress import Problem, Progress


class Recorder:
    """Every event and problem, in order."""

    def __init__(self) -> None:
        self.events: list[Progress] = []
        self.problems: list[Problem] = []

    def progress(self, event: Progress) -> None:
        self.events.append(event)

    def problem(self, event: Problem) -> None:
        self.problems.append(event)
