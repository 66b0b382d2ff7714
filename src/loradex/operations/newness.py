"""Which versions of a model are newer than the owned ones, and which of these are shown. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from loradex.domain.hub import HubModel, HubVersion
from loradex.operations.downloads.choosing import NotToBeHad, Wishes, chosen_files, withheld
from loradex.operations.hub_words import base_family, published

WHOLE_MODEL = 0
"""In the place of a version's id: the whole model is ignored."""


class Hidden(StrEnum):
    """Why a newer version is not shown."""

    IGNORED = "ignored"
    OTHER_BASE = "other_base"
    EARLY_ACCESS = "early_access"
    """Only for those who paid, for now or for good."""
    NOT_DOWNLOADABLE = "not_downloadable"
    """For use on the site only, or archived."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is shown beside newer versions for the same base that anybody may download."""

    any_base: bool = False
    early_access: bool = False
    all_versions: bool = False
    """Older versions that are not owned, and those that cannot be downloaded."""
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version that is not owned."""

    version: HubVersion
    newer: bool
    """Than every owned version for the same base; where none is, than every owned version."""
    same_base: bool
    """Something owned is for the same base."""
    withheld: str | None
    """Why not everybody may download it; None when everybody may."""
    ignored: bool
    size: int | None
    """Bytes of the file that downloading it would fetch, if the hub says."""


def news(
    model: HubModel,
    offered: Sequence[HubVersion],
    owned: Sequence[HubVersion],
    ignored: Collection[int],
    *,
    wanted: Wanted,
    now: datetime,
) -> tuple[tuple[NewVersion, ...], Counter[Hidden]]:
    """Return what of `offered` is shown, the newest first, and how much newer is not, and why.

    `offered` and `owned` are in the creator's order, the first on top. `ignored` are ids of
    versions, `WHOLE_MODEL` for all of them. A model of which nothing is owned has no news.
    """
    shown: list[NewVersion] = []
    hidden: Counter[Hidden] = Counter()
    have = {version.id for version in owned}
    for version in offered if owned else ():
        if version.id in have:
            continue
        new = _compared(version, owned, ignored, now)
        reason = _hidden(new, model, wanted)
        if not new.newer and not wanted.all_versions:
            continue
        if reason is None:
            shown.append(new)
        elif new.newer:
            hidden[reason] += 1
    return tuple(sorted(shown, key=lambda new: published(new.version), reverse=True)), hidden


def is_newer(version: HubVersion, other: HubVersion) -> bool:
    """Tell whether a version came out later; without dates, whether it stands further up.

    A creator's order is not that of time, but all there is for what was never dated.
    """
    if version.published_at is not None and other.published_at is not None:
        return version.published_at > other.published_at
    if version.position is not None and other.position is not None:
        return version.position < other.position
    return version.id > other.id


def _compared(
    version: HubVersion, owned: Sequence[HubVersion], ignored: Collection[int], now: datetime
) -> NewVersion:
    family = base_family(version.base_model)
    kin = [other for other in owned if base_family(other.base_model) == family]
    return NewVersion(
        version=version,
        newer=all(is_newer(version, other) for other in kin or owned),
        same_base=bool(kin),
        withheld=withheld(version, now),
        ignored=WHOLE_MODEL in ignored or version.id in ignored,
        size=_size(version),
    )


def _hidden(new: NewVersion, model: HubModel, wanted: Wanted) -> Hidden | None:
    version = new.version
    if new.ignored and not wanted.ignored:
        return Hidden.IGNORED
    if not new.same_base and not wanted.any_base:
        return Hidden.OTHER_BASE
    on_site_only = version.usage_control not in (None, "Download")
    if (on_site_only or model.mode is not None) and not wanted.all_versions:
        return Hidden.NOT_DOWNLOADABLE
    if new.withheld is not None and not on_site_only and not wanted.early_access:
        return Hidden.EARLY_ACCESS
    return None


def _size(version: HubVersion) -> int | None:
    try:
        return chosen_files(version, Wishes())[0].size_bytes
    except NotToBeHad:
        return None
