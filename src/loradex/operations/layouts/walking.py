"""What a walk of a library leaves out besides its own globs, found anew at each scan."""

from __future__ import annotations

from pathlib import Path

from loradex.domain.library import Layout, Library
from loradex.operations.layouts.huggingface import older_places


def left_out(library: Library) -> tuple[str, ...]:
    """Return globs for further places of files that the walk meets anyway.

    A Hugging Face cache has a link to an unchanged file in every snapshot: the newest counts.
    SD.Next keeps such a cache inside its models.
    """
    root = Path(library.root)
    if library.layout is Layout.HUGGING_FACE:
        return older_places(root)
    if library.layout is Layout.SDNEXT:
        return ("*/blobs", "*/refs", *older_places(root, "Diffusers"))
    return ()
