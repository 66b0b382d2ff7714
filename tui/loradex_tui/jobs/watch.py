"""What is queued for download, and what other processes do: read from the catalog, in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.catalog.job_store import Holder
from loradex.domain.downloads import Download
from loradex_tui.jobs.running import JobRecord
from loradex_tui.widgets.download_line import is_over, is_trouble


@dataclass(frozen=True, slots=True)
class Seen:
    """The queue, what runs first, and the work of others."""

    downloads: tuple[Download, ...] = ()
    others: tuple[Holder, ...] = ()


def look(catalog: Catalog, mine: Sequence[JobRecord]) -> Seen:
    """Return what the catalog tells; work of the processes of `mine` is not others'."""
    from loradex.operations.downloads.queue import listed  # noqa: PLC0415 - hubs are behind it

    downloads = sorted(
        listed(catalog), key=lambda each: (is_over(each), not is_trouble(each), each.id)
    )
    own = {record.process for record in mine}
    others = (each for each in catalog.jobs.holders() if each.process not in own)
    return Seen(tuple(downloads), tuple(others))
