"""Let the desktop's own program show something: never by a shell, and nobody waits for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading

from loradex.errors import UsageError


def show_outside(shown: str, refusal: UsageError, *, selected: str = "") -> None:
    """Show a folder, a page or an address that was checked before.

    Where the file manager can, it shows `selected`, a file in the folder, without opening it.
    Raises `refusal` where there is no desktop, and `UsageError` when its program does not start.
    """
    command = _command(shown, selected)
    if command is None:
        raise refusal
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise UsageError(f"{command[0]} could not be started: {error.strerror}.") from error
    # It may run for as long as its window is open; its end is taken note of, whenever that is.
    threading.Thread(target=process.wait, daemon=True).start()


def _command(shown: str, selected: str) -> list[str] | None:
    """Return the program with its arguments, None where there is no desktop."""
    if sys.platform == "darwin":
        return ["open", "-R", selected] if selected else ["open", shown]
    if sys.platform == "win32":
        return ["explorer", f"/select,{selected}" if selected else shown]
    program = shutil.which("xdg-open")
    displayed = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return [program, shown] if program and displayed else None
