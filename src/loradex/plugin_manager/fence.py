"""The wall between loradex and foreign code: exceptions and hangs end here."""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Callable
from typing import TypeVar

from loradex.domain.text import display_text
from loradex.errors import PluginError

_T = TypeVar("_T")
_Outcome = tuple[object, BaseException | None]
_Task = tuple[Callable[[], object], "queue.SimpleQueue[_Outcome]"]
_MESSAGE_LIMIT = 300


class Fence:
    """Runs the code of one plugin, always on the same thread.

    Python cannot stop a thread, so one that hangs is left behind: the thread is a daemon and does
    not keep loradex from ending.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._hung = False
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    @property
    def hung(self) -> bool:
        """True once a call did not come back in time; no more are made then."""
        return self._hung

    def call(self, function: Callable[[], _T], limit: float) -> _T:
        """Return what `function` returns; raise `PluginError` if it raises anything at all, or
        has not come back after `limit` seconds.
        """
        if self._hung:
            raise PluginError("It was left behind: an earlier call never came back.")
        self._start()
        answer: queue.SimpleQueue[_Outcome] = queue.SimpleQueue()
        self._tasks.put((function, answer))
        try:
            result, error = answer.get(timeout=limit)
        except queue.Empty:
            self._hung = True
            raise PluginError(f"It did not come back within {limit:g} s.") from None
        if isinstance(error, PluginError):
            raise error
        if error is not None:
            raise PluginError(_words(error)) from error
        return result  # type: ignore[return-value] # the queue carries results of every type

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=_work, args=(self._tasks,), name=f"plugin {self._name}", daemon=True
            )
            self._thread.start()
            weakref.finalize(self, self._tasks.put, None)


def _work(tasks: queue.SimpleQueue[_Task | None]) -> None:
    while (task := tasks.get()) is not None:
        function, answer = task
        try:
            outcome: _Outcome = (function(), None)
        except BaseException as error:  # noqa: BLE001 - foreign code, which may even sys.exit()
            outcome = (None, error)
        answer.put(outcome)
        del task, function, outcome  # nothing of a call outlives it while the thread waits


def _words(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - the exception class is foreign code as well
        text = ""
    return display_text(
        f"{type(error).__name__}: {text}" if text else type(error).__name__, _MESSAGE_LIMIT
    )
