"""A search in the hub's own words, and what of its answer may be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loradex.domain.content_level import ContentLimit
from loradex.domain.hub import HubModel, HubVersion
from loradex.domain.hub_names import hub_bases, hub_types
from loradex.domain.hub_search import HubQuery, SearchPeriod, SearchSort

LARGEST_PAGE = 100

_SORTS = {
    SearchSort.RATED: "Highest Rated",
    SearchSort.DOWNLOADED: "Most Downloaded",
    SearchSort.LIKED: "Most Liked",
    SearchSort.NEWEST: "Newest",
    SearchSort.OLDEST: "Oldest",
}
_PERIODS = {
    SearchPeriod.DAY: "Day",
    SearchPeriod.WEEK: "Week",
    SearchPeriod.MONTH: "Month",
    SearchPeriod.YEAR: "Year",
    SearchPeriod.ALL: "AllTime",
}


def search_params(query: HubQuery, cursor: str | None) -> dict[str, str | int | Sequence[str]]:
    """Return the parameters of `GET models` (docs/civitai.md)."""
    params: dict[str, str | int | Sequence[str]] = {
        "limit": min(max(query.page_size, 1), LARGEST_PAGE),
        "sort": _SORTS[query.sort],
        "period": _PERIODS[query.period],
        # The hub's own filter leaves mature things in, and takes whole models out for one picture.
        "nsfw": "false" if query.content_limit is ContentLimit.PG else "true",
    }
    optional: dict[str, str | Sequence[str]] = {
        "query": query.text,
        "types": [name for kind in query.kinds for name in hub_types(kind)],
        "baseModels": [name for base in query.bases for name in hub_bases(base)],
        "tag": query.tag,
        "username": query.creator,
        "cursor": cursor or "",
    }
    return params | {name: value for name, value in optional.items() if value}


def shown(query: HubQuery, models: Sequence[HubModel]) -> tuple[tuple[HubModel, ...], int]:
    """Return the models that a person may see, and how many are hidden for their level.

    An unknown tag finds everything: what does not carry the tag was not asked for. Pictures above
    the limit are taken out of what is shown.
    """
    wanted = [model for model in models if _carries(model, query.tag)]
    allowed = [model for model in wanted if query.content_limit.allows(model.content_level)]
    return tuple(_within(model, query.content_limit) for model in allowed), len(wanted) - len(
        allowed
    )


def _carries(model: HubModel, tag: str) -> bool:
    return not tag or any(each.casefold() == tag.casefold() for each in model.tags)


def _within(model: HubModel, limit: ContentLimit) -> HubModel:
    return replace(model, versions=tuple(_version(each, limit) for each in model.versions))


def _version(version: HubVersion, limit: ContentLimit) -> HubVersion:
    images = tuple(image for image in version.images if limit.allows(image.content_level))
    return version if len(images) == len(version.images) else replace(version, images=images)
