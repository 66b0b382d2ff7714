"""Which recipes are of pictures that are there no more."""

from __future__ import annotations

import os

from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken


def gone_pictures(catalog: Catalog, cancel: CancelToken) -> list[int]:
    """Return the recipes whose picture is gone although its folder is there.

    Where the folder is gone too, a drive may only be away: those are left alone.
    """
    folders: dict[bytes, bool] = {}
    gone = []
    for number, (id_, path) in enumerate(catalog.recipes.pictures_below(b"/")):
        if number % 500 == 0:
            cancel.check()
        folder = path.rpartition(b"/")[0]
        if folder not in folders:
            folders[folder] = os.path.lexists(folder)
        if folders[folder] and not os.path.lexists(path) and not _is_part(path):
            gone.append(id_)
    return gone


def _is_part(path: bytes) -> bool:
    """Say whether a path is a picture of a hub's answer, whose file is there."""
    name, mark, number = path.rpartition(b"#")
    return bool(mark) and number.isdigit() and os.path.lexists(name)
