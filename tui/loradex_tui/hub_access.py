"""The hubs as the terminal UI uses them: opened when first needed, closed when it ends."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.domain.content_level import ContentLimit
from loradex.domain.hub import HubImage
from loradex.domain.hub_waiting import TellWait
from loradex.domain.progress import CancelToken, SilentSink
from loradex.errors import UsageError
from loradex.settings import Settings

if TYPE_CHECKING:
    from loradex.hub.pictures import PictureFetcher
    from loradex.operations.downloads.plan import DownloadPlan
    from loradex.operations.hub_browse import BrowsePage
    from loradex.operations.hubs import Hubs
    from loradex.operations.updates import UpdateReport


@dataclass(frozen=True, slots=True)
class Offer:
    """What downloading some references means."""

    references: tuple[str, ...]
    plan: DownloadPlan
    owned: Mapping[tuple[str, int], tuple[str, ...]]
    """Names of the versions that are owned, by hub and model."""
    libraries: tuple[str, ...] = ()
    """All that there are, by name."""
    library: str | None = None
    """The one it goes into; None for the only one that takes it."""

    @property
    def next_library(self) -> str | None:
        """The one after that it could go into, None where there is no choice."""
        if len(self.libraries) < 2:
            return None
        at = self.libraries.index(self.library) if self.library in self.libraries else -1
        return self.libraries[(at + 1) % len(self.libraries)]


class HubAccess:
    """Asks hubs from any thread; every call takes as long as a hub takes.

    `tell` hears of long waits, from those threads.
    """

    def __init__(self, catalog: Catalog, settings: Settings, tell: TellWait) -> None:
        self._catalog = catalog
        self._settings = settings
        self._tell = tell
        self._cancel = CancelToken()
        self._ahead = CancelToken()
        self._lock = threading.Lock()
        self._hubs: Hubs | None = None
        self._fetcher: PictureFetcher | None = None
        self._left: list[Hubs] = []
        """What was opened under other settings; so are those that follow."""
        self._left_fetchers: list[PictureFetcher] = []

    @property
    def limit(self) -> ContentLimit:
        """The most that is shown."""
        return self._settings.content_limit

    def search(self, text: str, cursor: str | None) -> BrowsePage:
        """Return a page of what a line of text finds; raise `QueryError` if it cannot be read."""
        from loradex.operations.hub_browse import search  # noqa: PLC0415 - httpx loads here
        from loradex.operations.hub_query import read_hub_query, read_owned  # noqa: PLC0415

        query = read_hub_query(text, self.limit)
        return search(self._catalog, self._open(), query, cursor, owned=read_owned(text))

    def updates(self) -> UpdateReport:
        """Return what is newer than what is owned."""
        from loradex.operations.updates import find_updates  # noqa: PLC0415

        return find_updates(self._catalog, self._open(), sink=SilentSink(), cancel=self._cancel)

    def offer(self, references: Sequence[str], library: str | None = None) -> Offer:
        """Return what downloading these means, into a library or the one that is usual.

        Where several could take it and none is usual, it is the first; `library` names another.
        """
        names = [each.name for each in self._catalog.files.libraries()]
        usual = library or self._settings.download_library or None
        several = usual is None and len(names) > 1
        try:
            plan = self._plan(references, usual)
            several = several and not plan.files
        except UsageError:
            if not several:
                raise
        if several:
            usual = names[0]
            plan = self._plan(references, usual)
        owned: dict[tuple[str, int], tuple[str, ...]] = {}
        for each in plan.files:
            ids = {version.id for version in each.model.versions}
            have = self._catalog.known.owned(each.hub, ids)
            titles = [version.name for version in each.model.versions if version.id in have]
            owned[each.hub, each.model.id] = tuple(titles)
        return Offer(tuple(references), plan, owned, tuple(names), usual)

    def _plan(self, references: Sequence[str], library: str | None) -> DownloadPlan:
        from loradex.operations.downloads.plan import DownloadOptions  # noqa: PLC0415
        from loradex.operations.downloads.planning import plan_downloads  # noqa: PLC0415

        return plan_downloads(
            self._catalog,
            self._open(),
            references,
            DownloadOptions(library=library),
            self._settings,
            sink=SilentSink(),
            cancel=self._cancel,
        )

    def picture(self, image: HubImage) -> Path | None:
        """Return a small still of a picture; None if there is none, or it may not be shown."""
        from loradex.operations.previews import preview_path  # noqa: PLC0415

        return preview_path(
            self._catalog.home, self._pictures(), image, limit=self.limit, cancel=self._cancel
        )

    def fetch_ahead(self, images: Sequence[HubImage]) -> None:
        """Fetch pictures that may be looked at next, two at a time; return at once.

        What an earlier call still had before it is left out.
        """
        from loradex.operations.previews import prefetch  # noqa: PLC0415

        fetcher = self._pictures()
        with self._lock:
            self._ahead.cancel()
            self._ahead = CancelToken()
            if self._cancel.cancelled or fetcher is None:
                return
            prefetch(
                self._catalog.home,
                fetcher,
                images,
                limit=self.limit,
                cancel=self._ahead,
                shown=lambda _image, _path: None,
            )

    def picture_of(self, content_id: int) -> Path | None:
        """Return the hub's picture of a model that is owned; None if there is none."""
        from loradex.operations.previews import for_content  # noqa: PLC0415

        return for_content(
            self._catalog, self._pictures(), content_id, limit=self.limit, cancel=self._cancel
        )

    def take_settings(self, settings: Settings) -> None:
        """Ask from now on as other settings say; what is under way goes on as it began."""
        with self._lock:
            if self._hubs is not None:
                self._left.append(self._hubs)
            if self._fetcher is not None:
                self._left_fetchers.append(self._fetcher)
            self._hubs = self._fetcher = None
            self._settings = settings

    def stop(self) -> None:
        """Let all that is under way end soon, a question to a locked keyring included."""
        self._cancel.cancel()
        self._ahead.cancel()

    def close(self) -> None:
        """End all that is under way."""
        self.stop()
        for hubs in (*self._left, self._hubs):
            if hubs is not None:
                hubs.__exit__(None, None, None)
        for fetcher in (*self._left_fetchers, self._fetcher):
            if fetcher is not None:
                fetcher.close()

    def _open(self) -> Hubs:
        from loradex.operations.hubs import open_hubs  # noqa: PLC0415
        from loradex.plugin_manager import Plugins, load_plugins  # noqa: PLC0415

        def plugins() -> Plugins:
            return load_plugins(self._catalog.home, self._settings.disabled_plugins)

        with self._lock:
            if self._hubs is None:
                self._hubs = open_hubs(
                    self._settings,
                    self._catalog.home,
                    plugins=plugins,
                    cancel=self._cancel,
                    tell=self._tell,
                )
            return self._hubs

    def _pictures(self) -> PictureFetcher | None:
        from loradex.operations.previews import open_fetcher  # noqa: PLC0415

        with self._lock:
            if self._fetcher is None:
                self._fetcher = open_fetcher(self._settings)
            return self._fetcher
