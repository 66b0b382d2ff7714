"""The process that draws for probes, with what the catalog's home offers it."""

from __future__ import annotations

from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.domain.recipe import RenderSettings
from loradex.operations.drawing_rounds import DrawingRoom
from loradex.operations.probing.request import ProbeRequest
from loradex.operations.tokenizers import tokenizer_folders


def drawing_room(
    catalog: Catalog, request: ProbeRequest, *, sink: ProgressSink, cancel: CancelToken
) -> DrawingRoom:
    """Return a process that draws into the catalog's renders, to be used as a context manager."""
    said = request.settings
    settings = RenderSettings(dtype=said.dtype or "auto", device=said.device or "auto")
    return DrawingRoom(
        catalog.home.renders,
        log=catalog.home.root / "logs" / "drawing.log",
        settings=settings,
        tokenizers=tokenizer_folders(catalog.home),
        sink=sink,
        cancel=cancel,
    )
