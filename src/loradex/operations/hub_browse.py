"""Look around on a hub: search, and all there is to know of one model, beside what is owned."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.domain.content_level import ContentLimit
from loradex.domain.hub import HubImage, HubModel, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_search import HubPage, HubQuery
from loradex.domain.hub_source import HubSearch, HubSource
from loradex.errors import (
    BadReference,
    HubOffline,
    HubUnavailable,
    HubUnreachable,
    UsageError,
)
from loradex.operations.downloads.choosing import (
    NotToBeHad,
    Wishes,
    chosen_files,
    newest_version,
    withheld,
)
from loradex.operations.downloads.references import looked_up, recognised
from loradex.operations.hub_kept import kept_model, kept_page
from loradex.operations.hub_refresh import has_only_some
from loradex.operations.hub_words import licence_words, published
from loradex.operations.previews import first_shown

if TYPE_CHECKING:
    from loradex.operations.hubs import Hubs

_COMPARED = tuple(
    field.name
    for field in fields(HubVersion)
    if field.name not in ("raw", "model_name", "model_type", "open_here")
)
_ENDING = ("early_access_until", "paid")
"""What is over when a hub no longer speaks of it."""

_SEARCH_KEPT = "With --offline (or LORADEX_OFFLINE=1) what it told before is searched."
_SEARCH_KEPT_ELSEWHERE = "With `offline` in the settings what it told before is searched."

KEPT_CURSOR = "kept:"
"""Begins cursors of searches through what was kept."""


@dataclass(frozen=True, slots=True)
class BrowseItem:
    """A model that was found."""

    hub: str
    model: HubModel
    page_url: str
    owned: Mapping[int, int]
    """Versions of which a file is in the catalog, and as which content."""
    latest: HubVersion | None
    """The version published last; None for a model without versions."""
    newest: HubVersion | None
    """The version published last of those that anybody may download; None without one."""
    size: int | None
    """Bytes of the file that downloading `newest` would fetch, if the hub says."""
    withheld: str
    """Why there is no `newest`; a sentence that may hold untrusted text, empty when there is."""
    preview: HubImage | None
    """A picture within the content limit, None when there is none."""


@dataclass(frozen=True, slots=True)
class BrowsePage:
    """Models found, in the hub's order. `cursor` leads to the next page; None on the last."""

    hub: str
    items: tuple[BrowseItem, ...]
    cursor: str | None
    hidden: int
    """Left out for their content level."""
    left_out: int = 0
    """Left out because they are owned, or are not, as it was asked for."""
    kept: bool = False
    """The hub was not asked: these are models it told of before."""


@dataclass(frozen=True, slots=True)
class VersionDetails:
    """A version, seen from here."""

    version: HubVersion
    owned: int | None
    """The content that is a file of it, None when it is not owned."""
    withheld: str | None
    """Why not everybody may download it; None when everybody may."""
    images: tuple[HubImage, ...]
    """Those within the content limit."""
    hidden_images: int
    description: str


@dataclass(frozen=True, slots=True)
class HubDetails:
    """All that a hub tells of a model. Texts are plain, but untrusted."""

    hub: str
    model: HubModel
    named: HubVersion | None
    """The version that was asked for, None when it was the model."""
    versions: tuple[VersionDetails, ...]
    """The newest first."""
    description: str
    licence: tuple[str, ...]
    page_url: str
    kept: bool = False
    """The hub was not asked, or has it no longer: this is what it told before."""
    gone_at: float | None = None
    """When the hub was found to have it no longer; None as far as we know it is there."""

    @property
    def hidden_images(self) -> int:
        """How many pictures are above the content limit."""
        return sum(each.hidden_images for each in self.versions)


def search(
    catalog: Catalog,
    hubs: Hubs,
    query: HubQuery,
    cursor: str | None = None,
    hub: str | None = None,
    *,
    owned: bool | None = None,
) -> BrowsePage:
    """Return a page of what a hub finds, with what of it is owned; what was seen is kept.

    `hub` is a name, None for the first that can be searched. `owned` leaves out what is not owned
    (True) or what is (False), so that a page may come out short or empty and not be the last.
    Offline, what was kept is searched where no answer was. Raises from the `HubError` tree, and
    `UsageError` for a hub that cannot be searched.
    """
    source = _searchable(hubs, hub)
    kept = cursor is not None and cursor.startswith(KEPT_CURSOR)
    try:
        page = _kept_page(catalog, source, query, cursor) if kept else _asked(source, query, cursor)
    except HubOffline:
        kept = True
        page = _kept_page(catalog, source, query, cursor)
    except (HubUnreachable, HubUnavailable) as error:
        error.elsewhere = " ".join(filter(None, (error.hint, _SEARCH_KEPT_ELSEWHERE)))
        error.hint = " ".join(filter(None, (error.hint, _SEARCH_KEPT)))
        raise
    shown = [model for model in page.models if query.content_limit.allows(model.content_level)]
    if not kept:
        keep(catalog, source.name, shown)
    items = _items(catalog, source, shown, query.content_limit)
    wanted = [item for item in items if owned is None or bool(item.owned) is owned]
    return BrowsePage(
        hub=source.name,
        items=tuple(wanted),
        cursor=page.cursor,
        hidden=page.hidden + len(page.models) - len(shown),
        left_out=len(items) - len(wanted),
        kept=kept,
    )


def details(
    catalog: Catalog,
    hubs: Hubs,
    reference_text: str,
    *,
    limit: ContentLimit = ContentLimit.SAFE,
) -> HubDetails:
    """Return all that a hub tells of the model or version that a reference names.

    The reference is a hub's own, or one to a model of the catalog that is matched. Offline, and
    for what the hub has no longer, it is what the hub told before. Pictures above `limit` are
    counted and left out; the model itself was asked for by name and is shown whatever its level.
    Raises `BadReference`, and from the `HubError` tree.
    """
    source, reference = _meant(catalog, hubs, reference_text)
    try:
        model, named = looked_up(source, reference)
    except (BadReference, HubOffline) as error:
        known = kept_model(catalog, reference)
        if known is None:
            raise
        gone = isinstance(error, BadReference) and not has_only_some(source)
        gone_at = time.time() if gone else None
        return _details(
            catalog,
            source,
            known.model,
            _named(known.model, reference),
            limit,
            kept=True,
            gone_at=known.gone_at or gone_at,
        )
    if named is not None:
        model = _with(model, named)
    keep(catalog, source.name, [model])
    return _details(catalog, source, model, named, limit)


def keep(catalog: Catalog, hub: str, models: Sequence[HubModel]) -> None:
    """Keep models as a hub told them, for later and for offline.

    An answer with fewer pictures of a version leaves those that are kept: searches and records of
    single versions tell of some of them only. A version that says nothing new is not written.
    """
    if not models:
        return
    known = catalog.known.models(hub, [model.id for model in models])
    gone = {id_ for each in known.values() for id_ in each.gone_versions}
    before = {v.id: v for each in known.values() for v in each.model.versions if v.id not in gone}
    told = [
        _pictured(version, before.get(version.id)) for model in models for version in model.versions
    ]
    catalog.hub.record_models(hub, models)
    catalog.hub.record_versions(hub, [v for v in told if _says_more(v, before.get(v.id))])


def _pictured(version: HubVersion, before: HubVersion | None) -> HubVersion:
    """Return a version with the pictures that were told before, where it tells of fewer."""
    if before is None:
        return version
    fewer = {image.url for image in version.images} < {image.url for image in before.images}
    return replace(version, images=before.images) if fewer else version


def _says_more(version: HubVersion, before: HubVersion | None) -> bool:
    """Tell whether a version differs from what is kept in more than what it leaves out."""
    if before is None:
        return True
    return any(
        value != getattr(before, name)
        for name in _COMPARED
        if (value := getattr(version, name)) not in (None, "", (), 0) or name in _ENDING
    )


def _searchable(hubs: Hubs, name: str | None) -> HubSource:
    """Return the hub to search; raise `UsageError` when it cannot be."""
    candidates = [hubs.named(name)] if name is not None else list(hubs)
    for hub in candidates:
        if isinstance(hub, HubSearch):
            return hub
    raise UsageError(
        f"The hub {name!r} cannot be searched." if name else "No hub can be searched.",
        hint="Name another with --hub, or see `hubs` in loradex.toml.",
    )


def _asked(hub: HubSource, query: HubQuery, cursor: str | None) -> HubPage:
    if not isinstance(hub, HubSearch):
        raise UsageError(f"The hub {hub.name!r} cannot be searched.")
    return hub.search(query, cursor)


def _kept_page(catalog: Catalog, hub: HubSource, query: HubQuery, cursor: str | None) -> HubPage:
    """Return a page of what was kept; a hub's own cursor means nothing there."""
    start = (cursor or "").removeprefix(KEPT_CURSOR)
    page, following = kept_page(
        catalog, hub.name, query, int(start) if start.isdecimal() and start.isascii() else 0
    )
    return HubPage(
        page.models, None if following is None else f"{KEPT_CURSOR}{following}", page.hidden
    )


def _items(
    catalog: Catalog, hub: HubSource, models: Sequence[HubModel], limit: ContentLimit
) -> list[BrowseItem]:
    owned = catalog.known.owned(hub.name, (v.id for model in models for v in model.versions))
    now = datetime.now(UTC)
    return [_item(hub, model, owned, limit, now) for model in models]


def _item(
    hub: HubSource,
    model: HubModel,
    owned: Mapping[int, int],
    limit: ContentLimit,
    now: datetime,
) -> BrowseItem:
    newest, size, why = None, None, ""
    try:
        newest = newest_version(model, now)[0]
        size = chosen_files(newest, Wishes())[0].size_bytes
    except NotToBeHad as reason:
        why = str(reason)
    versions = sorted(model.versions, key=published, reverse=True)
    if newest is not None:
        versions.sort(key=lambda version: version is not newest)
    return BrowseItem(
        hub=hub.name,
        model=model,
        page_url=hub.page_url(model.id),
        owned={v.id: owned[v.id] for v in model.versions if v.id in owned},
        latest=max(model.versions, key=published, default=None),
        newest=newest,
        size=size,
        withheld=why,
        preview=first_shown((image for v in versions for image in v.images), limit),
    )


def _meant(catalog: Catalog, hubs: Hubs, text: str) -> tuple[HubSource, HubReference]:
    """Return the hub and what is meant there; a model of the catalog means its version."""
    try:
        return recognised(hubs, text)
    except BadReference as error:
        try:
            match = catalog.details(catalog.resolve(text)).match
        except BadReference:
            raise error from None
        if match is None:
            raise BadReference(
                "That model is matched to no hub.", hint="Try: loradex hub match"
            ) from None
        return hubs.named(match.hub), HubReference(match.hub, match.model_id, match.version_id)


def _with(model: HubModel, version: HubVersion) -> HubModel:
    """Return a model with a version's own record, which says more, in place of the one in it."""
    return replace(
        model,
        versions=tuple(
            replace(version, position=each.position) if each.id == version.id else each
            for each in model.versions
        ),
    )


def _named(model: HubModel, reference: HubReference) -> HubVersion | None:
    return next((v for v in model.versions if v.id == reference.version_id), None)


def _details(
    catalog: Catalog,
    hub: HubSource,
    model: HubModel,
    named: HubVersion | None,
    limit: ContentLimit,
    *,
    kept: bool = False,
    gone_at: float | None = None,
) -> HubDetails:
    owned = catalog.known.owned(hub.name, (version.id for version in model.versions))
    now = datetime.now(UTC)
    versions = sorted(model.versions, key=published, reverse=True)
    return HubDetails(
        hub=hub.name,
        model=model,
        named=named,
        versions=tuple(_version(version, owned, limit, now) for version in versions),
        description=_plain(model.description),
        licence=licence_words(model.licence),
        page_url=hub.page_url(model.id, named.id if named else None),
        kept=kept,
        gone_at=gone_at,
    )


def _version(
    version: HubVersion, owned: Mapping[int, int], limit: ContentLimit, now: datetime
) -> VersionDetails:
    images = tuple(image for image in version.images if limit.allows(image.content_level))
    return VersionDetails(
        version=version,
        owned=owned.get(version.id),
        withheld=withheld(version, now),
        images=images,
        hidden_images=len(version.images) - len(images),
        description=_plain(version.description),
    )


def _plain(html: str | None) -> str:
    from loradex.hub.description import safe_text  # noqa: PLC0415 - an HTML cleaner is behind it

    return safe_text(html) if html else ""
