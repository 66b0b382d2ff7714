"""Watch libraries: keep the catalog at their side, and deal with files that arrive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.domain.library import Library
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.errors import Cancelled, CatalogBusy, LibraryError, LoradexError
from loradex.operations.moves.applying import recover
from loradex.operations.moves.lock import MovesBusy
from loradex.operations.watching.events import EventKind, Tell, WatchEvent
from loradex.operations.watching.eyes import FALLBACK_SECONDS, CannotWatch, Eyes, LostSight
from loradex.operations.watching.following import Following, Means, Scanned
from loradex.operations.watching.hashing import BackgroundHashing
from loradex.operations.watching.libraries import Watched, WatchedLibraries, identity
from loradex.operations.watching.noticing import Noticing
from loradex.operations.watching.problems import ProblemsOnce
from loradex.operations.watching.settling import QUIET_SECONDS, Settling
from loradex.operations.watching.snapshot import Snapshot
from loradex.plugin_manager import Plugins

ROOTS_SECONDS = 5.0
"""How often it is seen to whether the libraries' folders are there."""

SAFETY_SECONDS = 900.0
"""How often everything is compared although nothing was seen: the system may drop events."""

IDLE_SECONDS = 60.0
"""Without arrivals for that long, what waits for its hashes is read."""

_RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How to watch. `hashing` is `now`, `later` (when nothing arrives) or `never`."""

    workers: int
    hashing: str = "now"
    poll: float | None = None
    """Look through all names every so many seconds; None lets the system tell of changes."""
    quiet: float = QUIET_SECONDS
    """Seconds for which nothing may happen to a file before it counts as complete."""
    newcomers: bool = False
    """Watch libraries as well that are added meanwhile."""


def watch(
    catalog: Catalog,
    libraries: Sequence[Library],
    options: WatchOptions,
    *,
    tell: Tell,
    scanned: Scanned,
    plugins: Callable[[], Plugins],
    sink: ProgressSink,
    cancel: CancelToken,
) -> None:
    """Scan libraries, then follow what happens in them until `cancel`; return then.

    A file is indexed when it is complete: named as a model and not as a download, quiet for some
    seconds, its header whole. Then it is hashed, and what its library's rule for arrivals says is
    done. A library whose folder goes away is offline until it comes back. A catalog that is busy,
    or a file that cannot be read, is told of and ends nothing. Raises `LibraryError` when none of
    the libraries is registered any more and none that is added would be watched.
    """
    means = Means(
        catalog,
        options.workers,
        options.hashing == "now",
        tell,
        scanned,
        plugins,
        ProblemsOnce(sink),
        cancel,
    )
    watching = _Watch(means, libraries, options)
    try:
        watching.run()
    except Cancelled:
        if not cancel.cancelled:
            raise
    finally:
        watching.close()


class _Watch:
    """The loop: look, and do what is due."""

    def __init__(self, means: Means, libraries: Sequence[Library], options: WatchOptions) -> None:
        self._means = means
        self._options = options
        self._poll = options.poll
        self._libraries = WatchedLibraries((each, self._snapshot(each)) for each in libraries)
        self._settling = Settling(options.quiet, time.monotonic)
        self._hashing = BackgroundHashing(means.catalog, means.sink)
        self._noticing = Noticing(self._libraries, self._settling)
        self._following = Following(means, self._libraries, self._settling, self._hashing)
        self._eyes: Eyes | None = None
        self._roots_at = 0.0
        self._safety_at = time.monotonic() + SAFETY_SECONDS
        self._hash_at = 0.0 if options.hashing == "now" else time.monotonic() + IDLE_SECONDS

    def run(self) -> None:
        """Go round until cancelled."""
        for problem in recover(self._means.catalog):
            self._means.sink.problem(problem)
        self._open_eyes()
        self._noticing.note_recent(self._means.cancel)
        while not self._means.cancel.cancelled:
            self._do_what_is_due()
            self._look()

    def close(self) -> None:
        """End what runs beside the loop."""
        self._hashing.stop()
        if self._eyes is not None:
            self._eyes.close()

    def _do_what_is_due(self) -> None:
        now = time.monotonic()
        for path in self._settling.settled():
            owner = self._libraries.owner(path)
            if owner is not None:
                owner.want_scan(now)
        if now >= self._safety_at:
            self._safety_at = now + SAFETY_SECONDS
            for watched in self._libraries:
                watched.want_scan(now)
        if now >= self._roots_at:
            self._roots_at = now + ROOTS_SECONDS
            self._check_roots()
        for watched in self._libraries:
            if watched.due is not None and watched.due <= now:
                self._visit(watched)
        self._hash_in_background()

    def _look(self) -> None:
        """Take in what happened; after what cannot be told, what is not told may have to settle."""
        if self._eyes is None:
            self._means.cancel.wait(1.0)
            return
        try:
            self._noticing.note(self._eyes.look())
        except LostSight:
            self._open_eyes(time.monotonic() + self._options.quiet)

    def _open_eyes(self, scan_at: float = 0.0) -> None:
        """Look at all folders that are there; scan those, for nothing was seen meanwhile."""
        if self._eyes is not None:
            self._eyes.close()
            self._eyes = None
        for watched in self._libraries:
            watched.root = identity(watched.library.root)
        there = [watched for watched in self._libraries if watched.root is not None]
        roots = [watched.library.root for watched in there]
        try:
            self._eyes = Eyes(roots, self._means.cancel, self._poll)
        except FileNotFoundError:  # it went away just now; the next look at the roots sees that
            return
        except CannotWatch as reason:
            if self._poll is None:
                self._poll = FALLBACK_SECONDS
                text = f"{reason} All is looked through every {self._poll:g} seconds instead."
                self._means.tell(WatchEvent(EventKind.POLLING, "", detail=text))
                self._open_eyes(scan_at)
            return
        for watched in there:
            watched.want_scan(scan_at)
            if not watched.seen:
                watched.seen = True
                self._means.tell(
                    WatchEvent(EventKind.WATCHING, watched.library.name, watched.library.root)
                )

    def _check_roots(self) -> None:
        """See which folders went away, came back, or are others now."""
        try:
            registered = {each.id: each for each in self._means.catalog.files.libraries()}
            added = self._options.newcomers and self._take_in(registered.values())
        except CatalogBusy:
            return
        if self._libraries.refresh(registered) or added or self._eyes is None:
            if not list(self._libraries) and not self._options.newcomers:
                raise LibraryError("There is no library left to watch.")
            self._open_eyes()

    def _take_in(self, registered: Iterable[Library]) -> bool:
        """Watch libraries that were added meanwhile; return whether there are any."""
        new = [library for library in registered if library.id not in self._libraries]
        for library in new:
            self._libraries.add(library, self._snapshot(library))
        return bool(new)

    def _snapshot(self, library: Library) -> Snapshot:
        return Snapshot(library, self._means.catalog.files.known_files(library.id).values())

    def _visit(self, watched: Watched) -> None:
        try:
            if self._following.visit(watched):
                self._hash_at = time.monotonic() + IDLE_SECONDS
        except LibraryError:  # it was removed meanwhile
            self._roots_at = 0.0
        except (CatalogBusy, MovesBusy) as error:
            self._trouble(watched.library.name, error)
            watched.want_scan(time.monotonic() + _RETRY_SECONDS)

    def _hash_in_background(self) -> None:
        """Hash what waits for it: at once, or when nothing has arrived for a while."""
        if self._hashing.trouble is not None:
            self._trouble("", self._hashing.trouble)
            self._hashing.trouble = None
        now = time.monotonic()
        if self._options.hashing != "never" and now >= self._hash_at:
            self._hash_at = now + IDLE_SECONDS
            self._hashing.start()

    def _trouble(self, library: str, error: LoradexError) -> None:
        self._means.tell(WatchEvent(EventKind.TROUBLE, library, detail=str(error)))
