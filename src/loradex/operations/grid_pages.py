"""Show a grid's page in the system's browser: only a file that loradex wrote, never by a shell."""

from __future__ import annotations

from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.errors import UsageError
from loradex.operations.outside import show_outside


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
    show_outside(str(page), UsageError(f"There is no browser here. The page is {page}"))
    return page
