"""What a person looks for on a hub, and a page of what was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from loradex.domain.content_level import ContentLimit
from loradex.domain.hub import HubModel
from loradex.domain.kinds import ModelKind


class SearchSort(StrEnum):
    """In which order hubs list what was found."""

    RATED = "rated"
    DOWNLOADED = "downloaded"
    LIKED = "liked"
    NEWEST = "newest"
    OLDEST = "oldest"


class SearchPeriod(StrEnum):
    """How far back to look."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class HubQuery:
    """A search. Empty fields restrict nothing.

    `bases` are ids of `BaseModel`, its families (`pony`, `illustrious` …) or a hub's own names.
    """

    text: str = ""
    kinds: tuple[ModelKind, ...] = ()
    bases: tuple[str, ...] = ()
    tag: str = ""
    creator: str = ""
    sort: SearchSort = SearchSort.DOWNLOADED
    period: SearchPeriod = SearchPeriod.ALL
    content_limit: ContentLimit = ContentLimit.SAFE
    page_size: int = 20


@dataclass(frozen=True, slots=True)
class HubPage:
    """Models found, in the hub's order. `cursor` leads to the next page; None on the last.

    `hidden` were left out for their content level.
    """

    models: tuple[HubModel, ...]
    cursor: str | None
    hidden: int = 0
