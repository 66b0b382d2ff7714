"""The preview of a picture or a model: from the shelf, or fetched, within what may be shown."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.domain.content_level import ContentLimit
from loradex.domain.hub import HubImage
from loradex.domain.progress import CancelToken
from loradex.errors import (
    Cancelled,
    FormatError,
    HubError,
    HubRateLimited,
    HubUnavailable,
    HubUnreachable,
)
from loradex.operations.previews.links import still_link
from loradex.operations.previews.shelf import PreviewShelf
from loradex.operations.previews.shrinking import shrunk
from loradex.paths import Home

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.hub.pictures import PictureFetcher
    from loradex.settings import Settings

PREVIEW_WIDTH = 450
WORKERS = 2

UNREACHABLE_SECONDS = 60.0
TROUBLE_SECONDS = 600.0
REFUSED_SECONDS = 86_400.0
"""How long a failure is remembered: no connection, a server in trouble, no picture to be had."""

_log = logging.getLogger(__name__)

Shown = Callable[[HubImage, Path | None], None]


def open_fetcher(settings: Settings) -> PictureFetcher | None:
    """Return who fetches pictures; None offline, when only what is on the shelf is shown."""
    if settings.offline:
        return None
    from loradex.hub.pictures import PictureFetcher  # noqa: PLC0415 - httpx takes its time
    from loradex.hub.roots import Roots  # noqa: PLC0415

    return PictureFetcher(settings.hub_url, roots=Roots.of(settings))


def first_shown(images: Iterable[HubImage], limit: ContentLimit) -> HubImage | None:
    """Return the picture that stands for them all: the first within `limit`, a still if any."""
    allowed = [image for image in images if limit.allows(image.content_level)]
    stills = (image for image in allowed if image.type == "image")
    return next(stills, next((image for image in allowed if image.type == "video"), None))


def preview_path(
    home: Home,
    fetcher: PictureFetcher | None,
    image: HubImage,
    *,
    limit: ContentLimit,
    width: int = PREVIEW_WIDTH,
    cancel: CancelToken | None = None,
) -> Path | None:
    """Return a small still picture of `image`, fetched if it is not on the shelf yet.

    None for what is above `limit`, what has no picture, and what could not be had lately. Takes
    as long as a download: not for the thread that draws. Raises `Cancelled`.
    """
    link = still_link(image.url, image.type, width) if limit.allows(image.content_level) else None
    if link is None:
        return None
    shelf, name = PreviewShelf(home), _name(link, width)
    kept = shelf.find(name)
    if kept is not None or fetcher is None or shelf.failed_lately(name):
        return kept
    cancel = cancel or CancelToken()
    with fetcher.alone(link, cancel=cancel):
        # Somebody else may have fetched it while we waited.
        kept = shelf.find(name)
        if kept is not None or shelf.failed_lately(name):
            return kept
        return _fetched(shelf, fetcher, link, width=width, cancel=cancel)


def for_content(
    catalog: Catalog,
    fetcher: PictureFetcher | None,
    content_id: int,
    *,
    limit: ContentLimit,
    width: int = PREVIEW_WIDTH,
    cancel: CancelToken | None = None,
) -> Path | None:
    """Return the preview of a model of the catalog: its version's first picture on the hub.

    The first within `limit`; None when it is matched to nothing, or nothing may be shown.
    """
    image = first_shown(catalog.known.images_of(content_id), limit)
    if image is None:
        return None
    return preview_path(catalog.home, fetcher, image, limit=limit, width=width, cancel=cancel)


def prefetch(
    home: Home,
    fetcher: PictureFetcher | None,
    images: Sequence[HubImage],
    *,
    limit: ContentLimit,
    width: int = PREVIEW_WIDTH,
    cancel: CancelToken,
    shown: Shown,
) -> None:
    """Fetch the previews of a page in the background, in its order; return at once.

    `shown` hears of each, from other threads: where it lies, None when there is none. `cancel`
    ends it after the pictures that are on their way.
    """
    waiting = iter(images)
    turn = threading.Lock()

    def work() -> None:
        while not cancel.cancelled:
            with turn:
                image = next(waiting, None)
            if image is None:
                return
            with suppress(Cancelled):
                path = preview_path(home, fetcher, image, limit=limit, width=width, cancel=cancel)
                if not cancel.cancelled:
                    shown(image, path)

    for _ in range(min(WORKERS, len(images))):
        threading.Thread(target=work, name="loradex-previews", daemon=True).start()


def _fetched(
    shelf: PreviewShelf, fetcher: PictureFetcher, link: str, *, width: int, cancel: CancelToken
) -> Path | None:
    """Fetch a picture and put it on the shelf; a failure is remembered."""
    name = _name(link, width)
    try:
        data, suffix = shrunk(fetcher.fetch(link, cancel=cancel), width)
    except (HubError, FormatError) as error:
        _log.info("No preview: %s", error.message)
        with suppress(OSError):
            shelf.note_failure(name, _pause_after(error))
        return None
    try:
        return shelf.put(name, suffix, data)
    except OSError as error:
        _log.warning("A preview cannot be kept: %s", error.strerror or error)
        return None


def _pause_after(error: HubError | FormatError) -> float:
    """Return the seconds for which asking again makes no sense."""
    if isinstance(error, HubRateLimited):
        return min(max(error.retry_after or 0.0, UNREACHABLE_SECONDS), REFUSED_SECONDS)
    if isinstance(error, HubUnreachable):
        return UNREACHABLE_SECONDS
    return TROUBLE_SECONDS if isinstance(error, HubUnavailable) else REFUSED_SECONDS


def _name(link: str, width: int) -> str:
    return hashlib.sha256(f"{width} {link}".encode("utf-8", "surrogatepass")).hexdigest()
