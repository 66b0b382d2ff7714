"""Work in threads, whose results come back on the UI's own thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from textual.widget import Widget
from textual.worker import get_current_worker

from loradex.errors import LoradexError

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

T = TypeVar("T")


def in_background(
    owner: Widget,
    group: str,
    task: Callable[[], T],
    done: Callable[[T], None],
    failed: Callable[[LoradexError], None] | None = None,
    *,
    exclusive: bool = True,
) -> None:
    """Run `task` in a thread, then `done` with its result on the UI thread.

    A newer call of the same owner and group makes the older one's result void, unless not
    `exclusive`. A `LoradexError` goes to `failed`, or is shown as a toast.
    """
    app = cast("LoradexApp", owner.app)
    tell = failed or app.report

    def body() -> None:
        worker = get_current_worker()

        def deliver(action: Callable[[], None]) -> None:
            # Between the thread's end and this moment a newer call may have come.
            if not worker.is_cancelled and owner.is_attached:
                action()

        if worker.is_cancelled:
            return
        try:
            result = task()
        except LoradexError as error:
            fault = error
            owner.call_later(deliver, lambda: tell(fault))
            return
        owner.call_later(deliver, lambda: done(result))

    owner.run_worker(body, thread=True, group=group, exclusive=exclusive)
