"""Show a model in the system's file manager: only what the catalog knows, and never by a shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.errors import UsageError


def show_folder(catalog: Catalog, content_id: int) -> Path:
    """Show the folder that holds a model's file, and return it.

    Where the file manager can do so, the file is selected; it is never opened, since what opens
    model files may run what is in them. Raises `UsageError` when no file of it is there, or when
    there is no file manager.
    """
    paths = [Path(os.fsdecode(raw)) for raw in catalog.files.paths([content_id])]
    here = next((path for path in paths if path.is_absolute() and os.path.lexists(path)), None)
    if here is None:
        raise UsageError(
            "No file of this model is there.", hint="Is its drive connected? Then: loradex scan"
        )
    command = _command(here)
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell, and a path that the catalog knows
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
    return here.parent


def _command(path: Path) -> list[str]:
    """Return the program that shows a path, with its arguments."""
    if sys.platform == "darwin":
        return ["open", "-R", str(path)]
    if sys.platform == "win32":
        return ["explorer", f"/select,{path}"]
    program = shutil.which("xdg-open")
    displayed = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if program is None or not displayed:
        raise UsageError(
            f"There is no file manager here. The folder is {path.parent}",
            hint="On a machine with a desktop, xdg-open shows it.",
        )
    return [program, str(path.parent)]
