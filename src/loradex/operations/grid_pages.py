"""Show a grid's page in the system's browser: only a file that loradex wrote, never by a shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.errors import UsageError


def open_page(catalog: Catalog, grid_id: int) -> Path:
    """Show a grid's page, and return where it lies.

    Raises `BadReference` for a grid that is not there, `UsageError` while it has no page, and
    where nothing can show one: the hint is then the path.
    """
    record = catalog.grids.grid(grid_id)
    page = Path(record.page_path or "")
    if record.page_path is None or not page.is_file():
        raise UsageError(
            f"Grid {grid_id} has no page yet: it is written when all is drawn.",
            hint=f"`loradex grids --export {grid_id}` writes it now.",
        )
    if not page.resolve().is_relative_to(catalog.home.grids.resolve()):
        raise UsageError(f"The page {page} is not one of loradex'.")
    command = _command(page)
    try:
        subprocess.Popen(  # noqa: S603 - no shell, and a path of our own
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise UsageError(f"{command[0]} could not be started: {error.strerror}.") from error
    return page


def _command(page: Path) -> list[str]:
    if sys.platform == "darwin":
        return ["open", str(page)]
    if sys.platform == "win32":
        return ["explorer", str(page)]
    program = shutil.which("xdg-open")
    if program is None or not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise UsageError(f"There is no browser here. The page is {page}")
    return [program, str(page)]
