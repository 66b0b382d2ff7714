"""What a person does with the download queue. Any process may, whichever one downloads."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.catalog.file_store import PATH_LIMIT
from loradex.domain.downloads import Download, DownloadState
from loradex.domain.hub import HubFile
from loradex.domain.text import display_text, storable
from loradex.errors import DownloadError
from loradex.operations.downloads.plan import PlannedFile, Verdict

if TYPE_CHECKING:
    from loradex.catalog.download_store import Queued
    from loradex.catalog.job_store import Holder

DOWNLOADING = "downloading"
"""The job of working through the queue: one process at a time has it."""


def enqueue(catalog: Catalog, files: Sequence[PlannedFile]) -> list[int]:
    """Put planned files into the queue; return the numbers of all of them, in their order.

    What is in it already keeps its number; it is tried again where it failed, and goes on where
    it was paused. What is owned or refused is left out. The hub's records are kept, so that a
    later process knows what it fetches. Raises `DownloadError` when another process has just taken
    a place that was planned.
    """
    wanted = [file for file in files if file.new is not None]
    for hub in dict.fromkeys(file.hub for file in wanted):
        mine = [file for file in wanted if file.hub == hub]
        catalog.hub.record_models(hub, list({f.model.id: f.model for f in mine}.values()))
        catalog.hub.record_versions(hub, {f.version.id: f.version for f in mine}.values())
    queued = catalog.downloads.add([file.new for file in wanted if file.new is not None])
    ids = [each.id for each in queued]
    _check_places(catalog, wanted, queued)
    again = [file.download_id for file in files if file.verdict is Verdict.QUEUED]
    known = [id_ for id_ in again if id_ is not None]
    catalog.downloads.retry(known)
    catalog.downloads.resume(known)
    return list(dict.fromkeys([*ids, *known]))


def _check_places(
    catalog: Catalog, wanted: Sequence[PlannedFile], queued: Sequence[Queued]
) -> None:
    """Raise when another process gave a place to another file after it was planned for this."""
    there = {each.id: each for each in catalog.downloads.some([each.id for each in queued])}
    for file, each in zip(wanted, queued, strict=True):
        row = there.get(each.id)
        if row is not None and (row.hub, row.version_id) != (file.hub, file.version.id):
            raise DownloadError(
                f"Another loradex has just begun to download something else as"
                f" {display_text(os.fsdecode(row.path))}.",
                hint="Run it again: this file gets another name then.",
            )


def cancel_downloads(catalog: Catalog, ids: Collection[int]) -> list[Download]:
    """Cancel downloads and delete what had come of them; return those that this concerned.

    Those that run are told so by their state: whoever downloads stops and deletes within moments.
    """
    cancelled = catalog.downloads.cancel(ids)
    somebody = downloader(catalog) is not None
    for download in cancelled:
        if not (somebody and download.state is DownloadState.RUNNING):
            discard(download)
    return [replace(download, state=DownloadState.CANCELLED) for download in cancelled]


def clear_downloads(catalog: Catalog, ids: Collection[int] | None = None) -> list[Download]:
    """Forget downloads that came to their end, or these that failed; return them.

    Files that are in their place, or were put aside, stay. What a failed one had fetched goes.
    """
    cleared = catalog.downloads.clear(ids)
    for download in cleared:
        if download.state is DownloadState.FAILED:
            discard(download)
    return cleared


def fetches(download: Download, hub: str, version_id: int, file: HubFile) -> bool:
    """Tell whether a download is of this file; hubs whose files have no numbers name them."""
    same_name = download.name == storable(file.name, PATH_LIMIT)
    mine = (download.hub, download.version_id, download.file_id)
    return mine == (hub, version_id, file.id) and (file.id is not None or same_name)


def listed(catalog: Catalog) -> list[Download]:
    """Return the queue. What a process that is gone has left running waits for the next run."""
    downloads = catalog.downloads.downloads()
    if downloader(catalog) is not None:
        return downloads
    running, waits = DownloadState.RUNNING, DownloadState.QUEUED
    return [replace(each, state=waits) if each.state is running else each for each in downloads]


def downloader(catalog: Catalog) -> Holder | None:
    """Return who works through the queue at present, None when nobody does."""
    return catalog.jobs.holder(DOWNLOADING)


def part_of(download: Download) -> Path:
    """Return where the bytes of a download are until they are complete."""
    return Path(os.fsdecode(download.path) + ".part")


def discard(download: Download) -> None:
    """Delete what was fetched of a download that is not wanted any more.

    Raises `DownloadError` when it cannot be deleted.
    """
    from loradex.hub.fetching.part import discard_part  # noqa: PLC0415 - seldom needed

    discard_part(part_of(download))
