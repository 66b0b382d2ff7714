"""How the program ends when it is told to from outside: as if a person had quit."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_NAMES = ("SIGTERM", "SIGHUP")


def end_on_signals(app: LoradexApp) -> None:
    """Give the terminal back and stop what runs, then leave with 128 and the signal's number."""
    loop = asyncio.get_running_loop()
    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None:
            # Windows' event loop takes no signals, nor does one outside of the main thread.
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, _end, app, 128 + number)


def _end(app: LoradexApp, code: int) -> None:
    app.exit(return_code=code)
