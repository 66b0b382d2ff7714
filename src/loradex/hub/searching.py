"""A search in the hub's own words, and what of its answer may be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loradex.domain.content_level import ContentLimit
from loradex.domain.hub import HubModel, HubVersion
from loradex.domain.hub_names import hub_bases, hub_types
from loradex.domain.hub_search import HubPage, HubQuery, SearchPeriod, SearchSort
from loradex.domain.text import display_text
from loradex.errors import HubNotFound
from loradex.hub.translate import Translator
from loradex.hub.transport import HubTransport, Params, expect_list

LARGEST_PAGE = 100
KEEP_SECONDS = 300.0
"""How long the same search gets the same answer, without asking."""
_LONGEST_CURSOR = 500
_NOTHING = HubPage((), None)

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


def find_page(
    transport: HubTransport, translate: Translator, query: HubQuery, cursor: str | None
) -> HubPage:
    """Return a page of what `query` finds, asked for with one request.

    Nothing above its content limit. A page may be short or even empty and still have a next one.
    """
    params = search_params(query, cursor)
    if params is None:
        return _NOTHING
    answer = _ask(transport, query, params)
    document = answer if isinstance(answer, dict) else {}
    items = expect_list(document.get("items"), transport.label)
    found = translate.each(items, translate.model)
    wanted = [model for model in found if _carries(model, query.tag)]
    if found and not wanted:
        # A tag that the hub does not know finds everything; so would all further pages.
        return _NOTHING
    allowed = [model for model in wanted if query.content_limit.allows(model.content_level)]
    return HubPage(
        tuple(_within(model, query.content_limit) for model in allowed),
        _next_cursor(document.get("metadata"), cursor),
        hidden=len(wanted) - len(allowed),
    )


def search_params(query: HubQuery, cursor: str | None) -> Params | None:
    """Return the parameters of `GET models` (docs/civitai.md).

    None when the hub has no word for any of the kinds: it would search among all.
    """
    types = [name for kind in query.kinds for name in hub_types(kind)]
    if query.kinds and not types:
        return None
    bases = [name for base in query.bases for name in hub_bases(base)]
    params: dict[str, str | int | Sequence[str]] = {
        "limit": min(max(query.page_size, 1), LARGEST_PAGE),
        "sort": _SORTS[query.sort],
        "period": _PERIODS[query.period],
        # The hub's own filter leaves mature things in, and takes out what has no PG picture.
        "nsfw": "false" if query.content_limit is ContentLimit.PG else "true",
    }
    optional: dict[str, str | Sequence[str]] = {
        "query": query.text.strip(),
        "types": list(dict.fromkeys(types)),
        "baseModels": list(dict.fromkeys(bases)),
        "tag": query.tag.strip(),
        "username": query.creator.strip(),
        "cursor": cursor or "",
    }
    return params | {name: value for name, value in optional.items() if value}


def _ask(transport: HubTransport, query: HubQuery, params: Params) -> object:
    try:
        return transport.get("api/v1/models", params, keep=KEEP_SECONDS)
    except HubNotFound as error:
        if not query.creator:
            raise
        raise HubNotFound(
            f"{transport.label} knows no creator {display_text(query.creator, 80)!r}.",
            status=error.status,
            hint="Check the spelling; it is the name in the address of the creator's page.",
        ) from error


def _carries(model: HubModel, tag: str) -> bool:
    wanted = tag.strip().casefold()
    return not wanted or any(each.casefold() == wanted for each in model.tags)


def _within(model: HubModel, limit: ContentLimit) -> HubModel:
    return replace(model, versions=tuple(_version(each, limit) for each in model.versions))


def _version(version: HubVersion, limit: ContentLimit) -> HubVersion:
    images = tuple(image for image in version.images if limit.allows(image.content_level))
    return version if len(images) == len(version.images) else replace(version, images=images)


def _next_cursor(metadata: object, asked: str | None) -> str | None:
    """Return where the next page begins; None on the last, or if it would be this one again."""
    cursor = metadata.get("nextCursor") if isinstance(metadata, dict) else None
    if not isinstance(cursor, str | int) or isinstance(cursor, bool):
        return None
    text = str(cursor)
    return None if text in ("", asked) or len(text) > _LONGEST_CURSOR else text
