"""Eyes on folders: which paths changed since they were asked last.

The operating system tells of changes where it can (`watchfiles`, over inotify, FSEvents and their
like). It cannot for network mounts, where others write unseen, for folders it may not enter, and
beyond its limit of watched folders: there all names are looked through every so many seconds.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from loradex.domain.progress import CancelToken

FALLBACK_SECONDS = 30.0
"""How often folders are looked through that the system cannot watch."""

_GATHER_MS = 400
_STEP_MS = 100
_LOOK_SECONDS = 1.0


class CannotWatch(Exception):
    """The system cannot tell of changes; the message says why, as a sentence."""


class LostSight(Exception):
    """Something changed that could not be told, such as a name that is no Unicode."""


class Eyes:
    """Sees changes below some folders, from when it is made until it is closed."""

    def __init__(self, roots: Sequence[str], cancel: CancelToken, poll: float | None) -> None:
        """Look at `roots`, through all names every `poll` seconds when given.

        Raises `CannotWatch`, never when polling, and FileNotFoundError when a root is not there.
        A root whose name is no Unicode is passed over: watchfiles cannot be told of it.
        """
        self._cancel = cancel
        self._roots = tuple(root for root in roots if is_unicode(root))
        self._changes = _changes(self._roots, _Stop(cancel), poll)
        self._first = self._begin()

    def look(self) -> set[str]:
        """Return the paths that changed, after a second at the latest; they may be gone.

        Raises `LostSight` when that cannot be told; these eyes see nothing more then.
        """
        seen, self._first = self._first, set()
        try:
            return seen or self._next()
        except (OSError, RuntimeError) as error:
            raise LostSight from error

    def close(self) -> None:
        """Look no longer."""
        self._changes.close()

    def _next(self) -> set[str]:
        if not self._roots:
            self._cancel.wait(_LOOK_SECONDS)
            return set()
        return next(self._changes, set())

    def _begin(self) -> set[str]:
        try:
            return self._next()
        except FileNotFoundError:
            raise
        except PermissionError as error:
            raise CannotWatch("There are folders that may not be entered.") from error
        except (OSError, RuntimeError) as error:  # notify's own words, mostly without a number
            if "limit" in str(error) or "Too many" in str(error):
                raise CannotWatch(
                    "The system watches as many folders as it may: raise"
                    " fs.inotify.max_user_watches (and max_user_instances) to be told at once."
                ) from error
            raise CannotWatch(f"The system cannot watch these folders: {error}.") from error


class _Stop:
    """A cancel token in the shape that watchfiles asks."""

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel

    def is_set(self) -> bool:
        """Tell whether to stop."""
        return self._cancel.cancelled


def _changes(
    roots: Sequence[str], stop: _Stop, poll: float | None
) -> Generator[set[str], None, None]:
    from watchfiles import watch  # noqa: PLC0415 - anyio comes with it

    for changes in watch(
        *roots,
        watch_filter=None,
        debounce=_GATHER_MS,
        step=_STEP_MS,
        stop_event=stop,
        rust_timeout=int(_LOOK_SECONDS * 1000),
        yield_on_timeout=True,
        force_polling=poll is not None,
        poll_delay_ms=int((poll or FALLBACK_SECONDS) * 1000),
        # It ends a recursive watch at the first folder it may not enter, and hides the limit.
        ignore_permission_denied=poll is not None,
        raise_interrupt=False,
    ):
        yield {path for _, path in changes}


def is_unicode(path: str) -> bool:
    """Tell whether a path can be told to others than the file system."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
