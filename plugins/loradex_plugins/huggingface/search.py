"""Searches as the Hub understands them. It knows AND only, so an OR becomes several listings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

from loradex.domain.hub_search import HubQuery, SearchPeriod, SearchSort
from loradex.domain.kinds import ModelKind
from loradex.errors import HubBadRequest
from loradex_plugins.huggingface.bases import base_repositories
from loradex_plugins.huggingface.library import Listing, ListingSort

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

MOST_LISTINGS = 8
"""Requests for one page at most; what a query means beyond them is not asked for."""

_SORTS: dict[SearchSort, ListingSort] = {
    SearchSort.RATED: "likes",
    SearchSort.LIKED: "likes",
    SearchSort.DOWNLOADED: "downloads",
    SearchSort.NEWEST: "created_at",
}
_DAYS = {
    SearchPeriod.DAY: 1,
    SearchPeriod.WEEK: 7,
    SearchPeriod.MONTH: 31,
    SearchPeriod.YEAR: 366,
}
_KINDS: dict[ModelKind, tuple[str | None, str | None]] = {
    ModelKind.CHECKPOINT: (None, "text-to-image"),
    ModelKind.DIFFUSION_MODEL: ("gguf", "text-to-image"),
    ModelKind.LORA: ("lora", None),
    ModelKind.CONTROLNET: ("controlnet", None),
    ModelKind.EMBEDDING: ("textual_inversion", None),
    ModelKind.MOTION_MODULE: ("animatediff", None),
    ModelKind.VAE: ("vae", None),
    ModelKind.IP_ADAPTER: ("ip-adapter", None),
    ModelKind.T2I_ADAPTER: ("t2i-adapter", None),
    ModelKind.UPSCALER: ("image-upscaling", None),
}
"""Kinds to the tag and the task that people give them."""


def listings_for(query: HubQuery) -> list[Listing]:
    """Return what to ask the Hub for, at most `MOST_LISTINGS`; none if nothing can fit.

    Without a kind or a base only what generates pictures is asked for: most of the Hub does not.
    """
    if query.sort not in _SORTS:
        raise HubBadRequest(
            "Hugging Face cannot list the oldest first.", hint="Sort by downloads, likes or newest."
        )
    kinds = _kinds(query)
    bases = _bases(query)
    combined = [
        Listing(
            tags=tuple(tag for tag in (kind_tag, _base_tag(base, kind_tag), query.tag) if tag),
            text=query.text.strip() or None,
            author=query.creator.strip() or None,
            pipeline_tag=task,
            sort=_SORTS[query.sort],
        )
        for (kind_tag, task), base in product(kinds, bases)
    ]
    return combined[:MOST_LISTINGS]


def merged(listings: Sequence[Sequence[ModelInfo]], sort: ListingSort) -> Iterator[ModelInfo]:
    """Yield what several listings hold in their common order, each repository once."""
    seen = set()
    everything = (info for listing in listings for info in listing)
    for info in sorted(everything, key=lambda info: _rank(info, sort), reverse=True):
        if info.id not in seen:
            seen.add(info.id)
            yield info


def within(infos: Iterable[ModelInfo], period: SearchPeriod, now: datetime) -> Iterator[ModelInfo]:
    """Yield those that are not older than a period; the Hub cannot be asked for that."""
    days = _DAYS.get(period)
    oldest = None if days is None else now - timedelta(days=days)
    for info in infos:
        created = info.created_at
        if oldest is None or (created is not None and created.astimezone(UTC) >= oldest):
            yield info


def _kinds(query: HubQuery) -> list[tuple[str | None, str | None]]:
    if query.kinds:
        return [_KINDS[kind] for kind in query.kinds if kind in _KINDS]
    return [(None, None)] if query.bases else [(None, "text-to-image")]


def _bases(query: HubQuery) -> list[str | None]:
    if not query.bases:
        return [None]
    return list(dict.fromkeys(slug for base in query.bases for slug in base_repositories(base)))


def _base_tag(base: str | None, kind_tag: str | None) -> str | None:
    if base is None:
        return None
    return f"base_model:adapter:{base}" if kind_tag == "lora" else f"base_model:{base}"


def _rank(info: ModelInfo, sort: ListingSort) -> float:
    if sort == "created_at":
        return info.created_at.timestamp() if info.created_at is not None else 0.0
    count = info.likes if sort == "likes" else info.downloads
    return float(count) if isinstance(count, int) else 0.0
