"""Fetch the hub's pictures of many models ahead of time, so that lists show them at once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.domain.content_level import ContentLimit
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.operations.previews import first_shown, preview_path
from loradex.operations.previews.finding import WORKERS

if TYPE_CHECKING:
    from loradex.hub.pictures import PictureFetcher

_AT_ONCE = 200
"""Models whose pictures are looked up together; a stop is heeded between pictures."""


@dataclass(slots=True)
class PreviewsReport:
    """What came of it, in models."""

    there: int = 0
    """A picture is on the shelf now."""
    without: int = 0
    """The hub is not known to have one, or none that may be shown."""
    failed: int = 0
    """It has one that could not be had; asked for again later."""


def fetch_previews(
    catalog: Catalog,
    fetcher: PictureFetcher | None,
    ids: Sequence[int],
    *,
    limit: ContentLimit,
    sink: ProgressSink,
    cancel: CancelToken,
) -> PreviewsReport:
    """Fetch the picture of each model that has none on the shelf yet, a few at a time.

    Without `fetcher` only what is there is counted. Raises `Cancelled`; what came is kept.
    """
    report = PreviewsReport()
    with ThreadPoolExecutor(WORKERS, "previews") as pool:
        for start in range(0, len(ids), _AT_ONCE):
            images = [
                first_shown(catalog.known.images_of(id_), limit)
                for id_ in ids[start : start + _AT_ONCE]
            ]
            paths = pool.map(
                lambda image: (
                    image and preview_path(catalog.home, fetcher, image, limit=limit, cancel=cancel)
                ),
                images,
            )
            for number, (image, path) in enumerate(zip(images, paths, strict=True)):
                cancel.check()
                report.there += path is not None
                report.without += image is None
                report.failed += image is not None and path is None
                done = start + number + 1
                sink.progress(Progress("Fetching previews", done, len(ids), "models"))
    return report
