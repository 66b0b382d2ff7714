"""The Hugging Face Hub as one of loradex's hubs."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from loradex.domain.hub import HashHit, HubFile, HubModel, HubVersion, number_for
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_search import HubPage, HubQuery
from loradex.domain.hub_source import FetchStart, PlaceClaim
from loradex.errors import (
    HubAuthRequired,
    HubBadRequest,
    HubForbidden,
    HubNotFound,
    HubUnexpectedAnswer,
)
from loradex.plugin_api import HubContext
from loradex_plugins.huggingface.files import is_weights
from loradex_plugins.huggingface.library import Library
from loradex_plugins.huggingface.names import (
    HUB,
    file_address,
    is_slug,
    recognised,
    split_version_slug,
)
from loradex_plugins.huggingface.records import model_from
from loradex_plugins.huggingface.search import listings_for, merged, within

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

MOST_RESULTS = 500
"""How deep a search may be paged: the Hub is asked from its beginning for every page."""
KEEP_SECONDS = 300.0
_MOST_KEPT = 200
_ODD_RECORD = (ValueError, KeyError, TypeError, AttributeError, OverflowError)

_log = logging.getLogger(__name__)


class HuggingFaceHub:
    """A `HubSource` that can be searched, knows names, gives files and confirms places.

    Of what it does not show it says why.

    Repositories are models and their commits versions; ids are numbers made from those names, so
    `model` and `models` know only what this object has told before: ask by name otherwise.
    """

    name = HUB

    def __init__(self, context: HubContext, endpoint: str | None = None) -> None:
        self._library = Library(context) if endpoint is None else Library(context, endpoint)
        self._endpoint = self._library.endpoint
        self._slugs: dict[int, str] = {}
        self._kept: dict[tuple[str, str | None], tuple[float, ModelInfo]] = {}
        self._absent: dict[tuple[str, str | None], HubNotFound] = {}

    def page_url(self, model_id: int, version_id: int | None = None) -> str:
        """Return the address of a repository's page; empty for one not told of before."""
        slug = self._slugs.get(model_id)
        if slug is None:
            return ""
        state = split_version_slug(self._slugs.get(version_id or 0, ""))
        return f"{self._endpoint}/{slug}" + (f"/tree/{state[1]}" if state else "")

    def ids_by_hash(self, sha256s: Iterable[str]) -> list[HashHit]:
        """Return nothing: the Hub cannot be asked by hash."""
        return []

    def versions_by_hash(self, sha256s: Iterable[str]) -> list[HubVersion]:
        """Return nothing: the Hub cannot be asked by hash."""
        return []

    def version_by_hash(self, digest: str) -> HubVersion | None:
        """Return nothing: the Hub cannot be asked by hash."""
        return None

    def models(self, ids: Iterable[int]) -> list[HubModel]:
        """Return the models the Hub has; raise `HubBadRequest` for ids not told of before."""
        found = (self.model(id_) for id_ in ids)
        return [model for model in found if model is not None]

    def model(self, model_id: int) -> HubModel | None:
        """Return one model; raise `HubBadRequest` for an id not told of before."""
        slug = self._slugs.get(model_id)
        if slug is None or not is_slug(slug):
            raise HubBadRequest(
                f"{self._library.host} is asked by name, not by number.", hint="Write owner/name."
            )
        found = self.look_up(HubReference(HUB, slug=slug))
        return None if found is None else found[0]

    def search(self, query: HubQuery, cursor: str | None = None) -> HubPage:
        """Return a page of repositories; `cursor` is how many were shown before."""
        start = int(cursor) if cursor is not None and cursor.isdecimal() else 0
        end = min(start + max(query.page_size, 1), MOST_RESULTS)
        listings = listings_for(query)
        # One more than is shown tells whether there is a next page.
        found = [self._library.models(listing, end + 1) for listing in listings]
        infos = list(merged(found, listings[0].sort)) if listings else []
        shown = within(infos[start:end], query.period, datetime.now(UTC))
        models = [model for info in shown if (model := self._read(info)) is not None]
        allowed = [model for model in models if query.content_limit.allows(model.content_level)]
        more = len(infos) > end and end < MOST_RESULTS
        return HubPage(tuple(allowed), str(end) if more else None, len(models) - len(allowed))

    def recognise(self, text: str) -> HubReference | None:
        """Return what a page address, an AIR or `hf:owner/name` names; None if not the Hub's."""
        return recognised(text, self._endpoint)

    def look_up(self, reference: HubReference) -> tuple[HubModel, HubVersion | None] | None:
        """Return a repository, and its state if the reference names a revision or a file."""
        slug = reference.slug
        if slug is None:
            slug = self._slugs.get(reference.model_id or 0)
        if slug is None:
            raise HubBadRequest(
                f"{self._library.host} is asked by name, not by number.", hint="Write owner/name."
            )
        try:
            info = self._info(slug, reference.revision)
        except HubNotFound as error:
            _log.info("%s", error.message)
            self._absent[slug, reference.revision] = error
            return None
        model = self._expected(info, () if reference.path is None else (reference.path,))
        exact = reference.revision is not None or reference.path is not None
        return model, model.versions[0] if exact and model.versions else None

    def absence(self, reference: HubReference) -> HubNotFound | None:
        """Return why a repository was last not shown: it may be private, its revision mistyped."""
        return self._absent.get((reference.slug or "", reference.revision))

    def download_start(self, version: HubVersion, file: HubFile) -> FetchStart:
        """Return the file's address at its commit; raise in clear words if it cannot be had."""
        state = split_version_slug(version.slug or "")
        if state is None or not is_weights(file.name):
            raise HubNotFound(
                f"It is not known where {file.name} lies on {self._library.host}.",
                hint="Look its repository up again.",
            )
        slug, commit = state
        url = file_address(self._endpoint, slug, commit, file.name)
        self._library.check_file(url, slug)
        return FetchStart(url, self._library.token())

    def versions_by_place(self, claims: Sequence[PlaceClaim]) -> list[HubVersion]:
        """Return the states that the claims name; a repository that is gone is left out."""
        paths: dict[tuple[str, str], list[str]] = {}
        for claim in claims:
            if is_slug(claim.slug):
                paths.setdefault((claim.slug, claim.revision), []).append(claim.path)
        found: list[HubVersion] = []
        for (slug, revision), wanted in paths.items():
            try:
                found += self._expected(self._info(slug, revision), wanted).versions
            except (HubNotFound, HubForbidden, HubAuthRequired, HubUnexpectedAnswer) as error:
                _log.info("%s", error.message)
        return found

    def _info(self, slug: str, revision: str | None) -> ModelInfo:
        """Return what the Hub says of a repository; for some minutes it is not asked again."""
        key = (slug, revision)
        now = time.monotonic()
        if key in self._kept and now - self._kept[key][0] < KEEP_SECONDS:
            return self._kept[key][1]
        info = self._library.model(slug, revision)
        if len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (now, info)
        return info

    def _expected(self, info: ModelInfo, wanted: Collection[str] = ()) -> HubModel:
        try:
            return self._remembered(model_from(info, self._endpoint, wanted))
        except _ODD_RECORD as error:
            raise HubUnexpectedAnswer(
                f"{self._library.host} sent a record that cannot be read.",
                hint="Try again later; if it stays so, loradex needs an upgrade.",
            ) from error

    def _read(self, info: ModelInfo) -> HubModel | None:
        """Return a search's result; None for one that cannot be read, which costs only itself."""
        try:
            return self._remembered(model_from(info, self._endpoint))
        except _ODD_RECORD as error:
            _log.info("A result could not be read: %r", error)
            return None

    def _remembered(self, model: HubModel) -> HubModel:
        self._slugs[number_for(model.slug or "")] = model.slug or ""
        for version in model.versions:
            self._slugs[version.id] = version.slug or ""
        return model
