"""One download from its row in the queue to its place in a library."""

# ruff: noqa: PTH102, PTH106, PTH112 - names are bytes here, which pathlib does not take

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.domain.downloads import Download
from loradex.domain.hashes import Hashes
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_source import FetchStart, HubDownloads, HubNames, HubSource
from loradex.domain.hub_waiting import TellWait
from loradex.domain.library import Library
from loradex.domain.progress import CancelToken
from loradex.domain.text import display_text
from loradex.errors import DownloadError, FormatError, HubError, HubNotFound, LibraryError
from loradex.formats.hashing import read_in_full
from loradex.formats.model_files import is_model_file
from loradex.formats.stream_hashing import StreamDigester
from loradex.hub.fetching import Fetcher, NotAsPromised, Promise
from loradex.hub.fetching.part import discard_part, kept_bytes
from loradex.operations.downloads.landing import Landed, Origin, into_catalog, named_for_good
from loradex.operations.downloads.mirrors import from_the_first_that_has_it
from loradex.operations.downloads.placing import Target, is_there
from loradex.operations.downloads.queue import fetches, part_of
from loradex.plugin_manager import Plugins

if TYPE_CHECKING:
    from loradex.operations.hubs import Hubs

_TEXTS = (".yaml", ".yml", ".json", ".txt", ".md")


class NoLongerWanted(Exception):
    """The download was cancelled when all of its bytes were there."""


@dataclass(frozen=True, slots=True)
class Watched:
    """How one download is stopped, and who hears how it goes.

    `told` gets the bytes that are there and how many there will be; both are called from the
    thread that downloads.
    """

    cancel: CancelToken
    told: Callable[[int, int | None], None]
    tell_wait: TellWait


@dataclass(slots=True)
class OneByOne:
    """What every download needs. Safe for threads: what they share is done one at a time."""

    catalog: Catalog
    hubs: Hubs
    fetcher: Fetcher
    plugins: Callable[[], Plugins]
    _shared: threading.Lock = field(default_factory=threading.Lock)

    def do(self, download: Download, watched: Watched) -> Landed:
        """Fetch a file, give it its name and keep it in the catalog.

        Raises `Cancelled`, `NoLongerWanted`, `OSError`, and from the trees of `HubError`,
        `DownloadError`, `LibraryError` and `CatalogError`; the bytes that came are kept then.
        """
        library = self._library(download)
        with self._shared:
            hub = self.hubs.named(download.hub)
        origin = self._origin(hub, download)
        with _folder_for(download):
            relative, hashes = self._on_the_disk(hub, origin, download, watched)
        with self._shared:
            place = Target(library, relative)
            landed = into_catalog(self.catalog, place, hashes, origin, self.plugins)
        if relative != download.relative:
            name = display_text(os.fsdecode(download.relative.rpartition(b"/")[2]))
            note = f"Something called {name} was there already: it got a name of its own."
            landed = Landed(landed.path, landed.content_id, (note, *landed.notes))
        return landed

    def _on_the_disk(
        self, hub: HubSource, origin: Origin, download: Download, watched: Watched
    ) -> tuple[bytes, Hashes]:
        """Bring a file to its place; return where that is, and its hashes."""
        place = Path(os.fsdecode(download.path))
        there = _hashes_if_same(place, download, watched.cancel)
        if there is not None:  # cut off between its name and the catalog
            return download.relative, there
        part = part_of(download)
        whole = None if kept_bytes(part) else _hashes_if_same(part, download, watched.cancel)
        hashes = whole or self._fetched(hub, origin, download, watched)
        return named_for_good(part, download, self._reserve(download, part, hashes)), hashes

    def _library(self, download: Download) -> Library:
        libraries = self.catalog.files.libraries()
        library = next((each for each in libraries if each.id == download.library_id), None)
        if library is None:
            raise LibraryError("Its library was removed.")
        if os.fsencode(library.root) != download.root:
            raise LibraryError(
                f"The library {library.name} was moved to another folder since.",
                hint="Cancel the download and get it again.",
            )
        if not is_there(self.catalog, library):
            raise LibraryError(
                f"The library {library.name} is not there: its drive is away.",
                hint="Mount it, then run `loradex hub downloads retry`.",
            )
        return library

    def _origin(self, hub: HubSource, download: Download) -> Origin:
        """Ask the hub for the record of the file, which may have changed since it was queued."""
        slugs = self.catalog.downloads.slugs(download.hub, download.model_id, download.version_id)
        owner, _, revision = (slugs.version or "").rpartition("@")
        reference = HubReference(
            hub=download.hub,
            model_id=download.model_id,
            version_id=download.version_id,
            slug=slugs.model or owner or None,
            revision=(revision or None) if owner else None,
        )
        found = hub.look_up(reference) if isinstance(hub, HubNames) else None
        gone = HubNotFound(f"{hub.name} does not have {display_text(download.name, 120)} any more.")
        if found is None:
            raise gone
        model, version = found
        if version is None or version.id != download.version_id:
            version = next((v for v in model.versions if v.id == download.version_id), None)
        if version is None:
            raise gone
        for file in version.files:
            if fetches(download, hub.name, version.id, file):
                return Origin(hub.name, hub.page_url(model.id, version.id), model, version, file)
        raise gone

    def _fetched(
        self, hub: HubSource, origin: Origin, download: Download, watched: Watched
    ) -> Hashes:
        """Fetch a file into its part; return its hashes, which are the promised ones."""
        if not isinstance(hub, HubDownloads):
            raise DownloadError(f"Nothing can be downloaded from {hub.name}.")
        file, part = origin.file, part_of(download)
        name = os.fsdecode(download.path).rpartition("/")[2]
        promise = Promise(
            name=download.name,
            size_bytes=file.size_bytes or download.size_bytes,
            sha256=file.sha256 or download.sha256,
            text=not is_model_file(name) and name.lower().endswith(_TEXTS),
        )

        def once(ask: Callable[[], FetchStart]) -> Hashes:
            fetched = self.fetcher.fetch(
                ask,
                part,
                promise,
                cancel=watched.cancel,
                digester=StreamDigester(),
                told=watched.told,
                tell_wait=watched.tell_wait,
            )
            if fetched.hashes is None:
                raise DownloadError(f"{display_text(download.name, 120)} came without hashes.")
            return fetched.hashes

        def whole(ask: Callable[[], FetchStart]) -> Hashes:
            try:
                return once(ask)
            except NotAsPromised as error:
                if error.found is None or not error.found.resumed_from:
                    raise
                # Put together from two fetches: the file may have changed in between.
                discard_part(part)
                return once(ask)

        return from_the_first_that_has_it(
            lambda: hub.download_start(origin.version, file), whole, part
        )

    def _reserve(self, download: Download, part: Path, hashes: Hashes) -> Callable[[bytes], None]:
        size = part.stat().st_size

        def reserve(relative: bytes) -> None:
            wanted = self.catalog.downloads.landing(
                download.id, sha256=hashes.sha256, size=size, relative=relative
            )
            if not wanted:
                raise NoLongerWanted

        return reserve


@contextmanager
def _folder_for(download: Download) -> Iterator[None]:
    """Have the folder of a download; folders made for it go again when nothing came to be there."""
    made: list[bytes] = []
    folder = download.path.rpartition(b"/")[0]
    while not os.path.isdir(folder) and len(folder) > len(download.root):
        made.append(folder)
        folder = folder.rpartition(b"/")[0]
    for missing in reversed(made):
        with suppress(FileExistsError):
            os.mkdir(missing)
    try:
        yield
    except BaseException as error:
        if isinstance(error, HubError):  # and not that another process is at it
            _drop_if_empty(part_of(download))
        for empty in made:
            with suppress(OSError):
                os.rmdir(empty)
        raise


def _drop_if_empty(part: Path) -> None:
    with suppress(OSError, DownloadError):
        if part.stat().st_size == 0:
            discard_part(part)


def _hashes_if_same(path: Path, download: Download, cancel: CancelToken) -> Hashes | None:
    """Return the hashes of a file that holds exactly the bytes that were promised."""
    try:
        info = path.lstat()
    except OSError:
        return None
    same_size = stat.S_ISREG(info.st_mode) and info.st_size == download.size_bytes
    if download.sha256 is None or not same_size:
        return None
    try:
        hashes = read_in_full(path, cancel=cancel).hashes
    except FormatError:
        return None
    return hashes if hashes.sha256 == download.sha256 else None
