"""One place after another, where a hub tells of several that have the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from loradex.domain.hub_source import FetchStart
from loradex.errors import (
    HubAuthRequired,
    HubError,
    HubForbidden,
    HubOffline,
    HubRateLimited,
    HubUnavailable,
    HubUnreachable,
    NotAModel,
)
from loradex.hub.fetching import NotAsPromised
from loradex.hub.fetching.part import discard_part

_MAY_PASS = (HubUnreachable, HubUnavailable, HubRateLimited)

_Trouble = HubError | NotAsPromised | NotAModel
Ask = Callable[[], FetchStart]
T = TypeVar("T")


def from_the_first_that_has_it(ask: Ask, fetch: Callable[[Ask], T], part: Path) -> T:
    """Return what `fetch` makes of the first place that gives the right bytes.

    `ask` tells of the places. `fetch` fetches into `part` from one of them; what it left there that
    is wrong goes before the next is tried. Where all fail, raises what may pass with time, else
    what the last one failed with: its bytes are in `part` then.
    """
    others: tuple[FetchStart, ...] = ()

    def first() -> FetchStart:
        nonlocal others
        start = ask()
        others = tuple(
            FetchStart(url, sha256_required=True, told_by=start.told_by) for url in start.mirrors
        )
        return start

    try:
        return fetch(first)
    except HubOffline:
        raise
    except (HubError, NotAsPromised, NotAModel) as error:
        troubles: list[_Trouble] = [error]
    for place in others:
        _drop_wrong(troubles[-1], part)
        try:
            return fetch(lambda place=place: place)  # type: ignore[misc]
        except (HubError, NotAsPromised, NotAModel) as error:
            troubles.append(error)
    worst = next((each for each in troubles if isinstance(each, _MAY_PASS)), troubles[-1])
    if worst is not troubles[-1]:
        _drop_wrong(troubles[-1], part)
    hint = (
        f"{len(troubles)} places were tried. {worst.hint or ''}".strip() if others else worst.hint
    )
    if others and isinstance(worst, HubAuthRequired):
        # A stranger's wish for a key is not the hub's: it does not concern its other files.
        raise HubForbidden(worst.message, status=worst.status, hint=hint) from worst
    worst.hint = hint
    raise worst


def _drop_wrong(trouble: _Trouble, part: Path) -> None:
    if isinstance(trouble, NotAsPromised):
        discard_part(part)
