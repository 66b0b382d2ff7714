"""Show a model in the system's file manager: only what the catalog knows, and never by a shell."""

from __future__ import annotations

import os
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.errors import UsageError
from loradex.operations.outside import show_outside


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
    refusal = UsageError(
        f"There is no file manager here. The folder is {here.parent}",
        hint="On a machine with a desktop, xdg-open shows it.",
    )
    show_outside(str(here.parent), refusal, selected=str(here))
    return here.parent
