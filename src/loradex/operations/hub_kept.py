"""Search and look up what a hub told before, for when it cannot be asked."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from loradex.catalog.catalog import Catalog
from loradex.catalog.known_models import KnownModel, KnownSummary
from loradex.domain.hub_names import hub_bases, hub_types
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_search import HubPage, HubQuery, SearchPeriod, SearchSort

_DAYS = {
    SearchPeriod.DAY: 1,
    SearchPeriod.WEEK: 7,
    SearchPeriod.MONTH: 30,
    SearchPeriod.YEAR: 365,
}

_ORDER: dict[SearchSort, Callable[[KnownSummary], tuple[object, ...]]] = {
    SearchSort.RATED: lambda model: (model.likes, model.downloads),
    SearchSort.LIKED: lambda model: (model.likes, model.downloads),
    SearchSort.DOWNLOADED: lambda model: (model.downloads, model.likes),
    SearchSort.NEWEST: lambda model: (model.newest,),
}


def kept_model(catalog: Catalog, reference: HubReference) -> KnownModel | None:
    """Return what is kept of the model that a reference names, None when nothing is."""
    model_id = reference.model_id
    if model_id is None and reference.version_id is not None:
        model_id = catalog.known.model_of(reference.hub, reference.version_id)
    if model_id is None:
        return None
    return catalog.known.models(reference.hub, [model_id]).get(model_id)


def kept_page(
    catalog: Catalog, hub: str, query: HubQuery, start: int
) -> tuple[HubPage, int | None]:
    """Return models that were kept, `query.page_size` of them from `start`, and the next start.

    Words are looked for in names, tags and creators. `hidden` counts all that a query finds above
    its content limit, on the first page.
    """
    found = [model for model in catalog.known.summaries(hub) if _fits(model, query)]
    allowed = [model for model in found if query.content_limit.allows(model.content_level)]
    end = start + query.page_size
    if query.sort is SearchSort.OLDEST:
        first = heapq.nsmallest(end, allowed, key=lambda model: (model.newest, model.id))
    else:
        order = _ORDER[query.sort]
        first = heapq.nlargest(end, allowed, key=lambda model: (*order(model), model.id))
    ids = [model.id for model in first[start:]]
    models = catalog.known.models(hub, ids)
    page = HubPage(
        tuple(models[id_].model for id_ in ids if id_ in models),
        None,
        len(found) - len(allowed) if start == 0 else 0,
    )
    return page, end if end < len(allowed) else None


def _fits(model: KnownSummary, query: HubQuery) -> bool:
    types = [name for kind in query.kinds for name in hub_types(kind)]
    bases = [name for base in query.bases for name in hub_bases(base)]
    return (
        _has_words(model, query.text)
        and (not query.kinds or _among([model.type], types))
        and (not query.bases or _among(model.bases, bases))
        and (not query.tag or _among(model.tags, [query.tag]))
        and (not query.creator or _among([model.creator or ""], [query.creator]))
        and model.newest >= _since(query.period)
    )


def _among(said: Iterable[str], wanted: Iterable[str]) -> bool:
    return not {each.casefold() for each in said}.isdisjoint(each.casefold() for each in wanted)


def _has_words(model: KnownSummary, text: str) -> bool:
    place = " ".join((model.name, model.creator or "", *model.tags)).casefold()
    return all(word in place for word in text.casefold().split())


def _since(period: SearchPeriod) -> str:
    days = _DAYS.get(period)
    return "" if days is None else f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
