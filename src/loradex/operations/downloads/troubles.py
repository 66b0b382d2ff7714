"""What becomes of a download that was stopped: tried again soon, held with others, or failed."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from enum import Enum, auto

from loradex.domain.text import display_text
from loradex.errors import (
    DiskFull,
    DownloadError,
    DownloadsDisabled,
    HubAuthRequired,
    HubNotFound,
    HubOffline,
    HubRateLimited,
    HubRegionBlocked,
    HubUnavailable,
    HubUnexpectedAnswer,
    HubUnreachable,
    LoradexError,
    NotAModel,
)
from loradex.hub.fetching import NotAsPromised

_SHORT_PAUSE = 60.0
"""Seconds, where a hub that is asked too often does not say for how long it wants a pause."""
_LONGER = 4.0
"""How much longer each further one is."""


class Outcome(Enum):
    """What becomes of it."""

    AGAIN = auto()
    """It is tried again after a pause."""
    HUB_LATER = auto()
    """Everything of its hub waits for a time."""
    HUB_CLOSED = auto()
    """Nothing of its hub can be had in this run."""
    KEY_REFUSED = auto()
    """It needs a key, or a better one; so does all of its hub, when it is not the only one."""
    DISK_FULL = auto()
    """Everything on its disk waits for room."""
    ASIDE = auto()
    """Wrong bytes came."""
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failure as the queue keeps it. `retry_after` is in seconds, None when nobody said."""

    outcome: Outcome
    message: str
    hint: str | None = None
    retry_after: float | None = None


def trouble_of(error: LoradexError | OSError, tries: int) -> Trouble:
    """Return what a failure after so many earlier ones means for the queue."""
    if isinstance(error, OSError):
        return _system_trouble(error)
    return Trouble(_outcome(error), error.message, error.hint, _retry_after(error, tries))


def _outcome(error: LoradexError) -> Outcome:
    return next((outcome for kinds, outcome in _OUTCOMES if isinstance(error, kinds)), _FAILED)


_FAILED = Outcome.FAILED

_OUTCOMES: tuple[tuple[tuple[type[LoradexError], ...], Outcome], ...] = (
    ((DiskFull,), Outcome.DISK_FULL),
    ((NotAsPromised,), Outcome.ASIDE),
    ((HubRateLimited,), Outcome.HUB_LATER),
    ((HubOffline, HubRegionBlocked), Outcome.HUB_CLOSED),
    ((NotAModel, HubNotFound, DownloadsDisabled), Outcome.FAILED),
    ((HubAuthRequired,), Outcome.KEY_REFUSED),
    ((HubUnreachable, HubUnavailable, HubUnexpectedAnswer, DownloadError), Outcome.AGAIN),
)
"""The first that fits counts; anything else has failed."""


def _retry_after(error: LoradexError, tries: int) -> float | None:
    if not isinstance(error, HubRateLimited):
        return None
    if error.retry_after is None and error.scope != "downloads":
        return _SHORT_PAUSE * _LONGER**tries
    return error.retry_after


def _system_trouble(error: OSError) -> Trouble:
    """Return what a refusal of the operating system means: a disk is full, or cannot be written."""
    where = display_text(os.fsdecode(error.filename)) if error.filename else "The file"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Trouble(Outcome.DISK_FULL, f"The disk of {where} is full.")
    return Trouble(
        Outcome.FAILED,
        f"{where} cannot be written: {error.strerror or error}.",
        "Check the folder's permissions, then run `loradex hub downloads retry`.",
    )
