"""Answers that a test planned, in the place of those that a server would give."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from loradex.demo.hub_http import Misbehaviour, Reply, Request


@dataclass(frozen=True, slots=True)
class _Planned:
    path: str
    answer: Reply | Misbehaviour


class Plan:
    """A queue of planned answers for one server. Safe to share between threads."""

    def __init__(self) -> None:
        self._planned: deque[_Planned] = deque()
        self._lock = threading.Lock()

    def add(self, answer: Reply | Misbehaviour, *, times: int = 1, path: str = "/") -> None:
        """Give `answer` to the next `times` requests whose path starts with `path`."""
        with self._lock:
            self._planned.extend([_Planned(path, answer)] * times)

    def clear(self) -> None:
        """Forget what was planned."""
        with self._lock:
            self._planned.clear()

    def before(
        self, answer: Callable[[Request], Reply | Misbehaviour]
    ) -> Callable[[Request], Reply | Misbehaviour]:
        """Return `answer` with the plan put before it."""

        def planned_or(request: Request) -> Reply | Misbehaviour:
            with self._lock:
                for planned in self._planned:
                    if request.path.startswith(planned.path):
                        self._planned.remove(planned)
                        return planned.answer
            return answer(request)

        return planned_or
