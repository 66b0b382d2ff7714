"""A hub that a plugin brings, made as trustworthy as the built-in one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import TypeVar, cast

from loradex.domain.hub import HashHit, HubFile, HubModel, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_search import HubPage, HubQuery
from loradex.domain.hub_source import (
    FetchStart,
    HubAbsence,
    HubDownloads,
    HubNames,
    HubPlaces,
    HubSearch,
    HubSource,
    PlaceClaim,
)
from loradex.errors import Cancelled, HubError, HubUnavailable, PluginError
from loradex.plugin_manager.checks import checked_start
from loradex.plugin_manager.fence import Fence
from loradex.plugin_manager.record_checks import (
    checked_optional,
    checked_record,
    checked_rows,
    shown,
)

HUB_LIMIT = 600.0
"""Seconds for one call, which may be many requests over a slow network."""

_T = TypeVar("_T")
_Note = Callable[[PluginError], None]


class FencedHub:
    """A `HubSource` that asks another one behind a fence.

    Every failure is a `HubError`: the plugin's own as it is, anything else (wrong answers too) as
    `HubUnavailable`, and is noted as a problem of the plugin. `Cancelled` passes through.
    """

    def __init__(self, source: HubSource, name: str, fence: Fence, note: _Note) -> None:
        self._source = source
        self._name = name
        self._fence = fence
        self._note = note

    @property
    def name(self) -> str:
        """The hub's short name, checked when the plugin gave the hub."""
        return self._name

    def page_url(self, model_id: int, version_id: int | None = None) -> str:
        """Return the page's address; empty when the plugin has no web address for it."""
        try:
            url: object = self._ask(lambda: self._source.page_url(model_id, version_id))
        except HubError:
            return ""
        return url if isinstance(url, str) and url.startswith(("https://", "http://")) else ""

    def ids_by_hash(self, sha256s: Iterable[str]) -> list[HashHit]:
        """Ask the plugin's hub."""
        asked = list(sha256s)
        return self._ask(lambda: checked_rows(self._source.ids_by_hash(asked), HashHit))

    def versions_by_hash(self, sha256s: Iterable[str]) -> list[HubVersion]:
        """Ask the plugin's hub."""
        asked = list(sha256s)
        return self._ask(lambda: checked_rows(self._source.versions_by_hash(asked), HubVersion))

    def version_by_hash(self, digest: str) -> HubVersion | None:
        """Ask the plugin's hub."""
        return self._ask(lambda: checked_optional(self._source.version_by_hash(digest), HubVersion))

    def models(self, ids: Iterable[int]) -> list[HubModel]:
        """Ask the plugin's hub."""
        asked = list(ids)
        return self._ask(lambda: checked_rows(self._source.models(asked), HubModel))

    def model(self, model_id: int) -> HubModel | None:
        """Ask the plugin's hub."""
        return self._ask(lambda: checked_optional(self._source.model(model_id), HubModel))

    def _ask(self, question: Callable[[], _T]) -> _T:
        try:
            return self._fence.call(question, HUB_LIMIT)
        except PluginError as error:
            if isinstance(error.__cause__, HubError | Cancelled):
                raise error.__cause__ from None
            self._note(error)
            raise HubUnavailable(
                f"The plugin for {self._name} failed: {error.message}",
                hint="Tell its author, or name it under disabled_plugins in loradex.toml.",
            ) from error


class _Searched(FencedHub):
    def search(self, query: HubQuery, cursor: str | None = None) -> HubPage:
        """Ask the plugin's hub; what is above the content limit is left out here at the latest."""

        def ask() -> HubPage:
            return checked_record(cast("HubSearch", self._source).search(query, cursor), HubPage)

        page = self._ask(ask)
        limit = query.content_limit
        models = tuple(model for model in page.models if limit.allows(model.content_level))
        return replace(page, models=models, hidden=page.hidden + len(page.models) - len(models))


class _Named(FencedHub):
    def recognise(self, text: str) -> HubReference | None:
        """Ask the plugin's hub; what it recognises is always its own."""

        def ask() -> HubReference | None:
            answer = cast("HubNames", self._source).recognise(text)
            return checked_optional(answer, HubReference)

        reference = self._ask(ask)
        return None if reference is None else replace(reference, hub=self._name)

    def look_up(self, reference: HubReference) -> tuple[HubModel, HubVersion | None] | None:
        """Ask the plugin's hub."""

        def ask() -> tuple[HubModel, HubVersion | None] | None:
            answer: object = cast("HubNames", self._source).look_up(reference)
            if answer is None:
                return None
            if not isinstance(answer, tuple) or len(answer) != 2:
                raise PluginError(f"It answered {shown(answer)} where two records were due.")
            return checked_record(answer[0], HubModel), checked_optional(answer[1], HubVersion)

        return self._ask(ask)


class _Absent(FencedHub):
    def absence(self, reference: HubReference) -> HubError | None:
        """Ask the plugin's hub; no answer when it has none that can be told."""

        def ask() -> HubError | None:
            answer: object = cast("HubAbsence", self._source).absence(reference)
            if answer is None or isinstance(answer, HubError):
                return answer
            raise PluginError(f"It answered {shown(answer)} where a HubError was due.")

        try:
            return self._ask(ask)
        except HubError:
            return None


class _Downloaded(FencedHub):
    def download_start(self, version: HubVersion, file: HubFile) -> FetchStart:
        """Ask the plugin's hub; a key never goes over a line that others can read."""

        def ask() -> FetchStart:
            return checked_start(cast("HubDownloads", self._source).download_start(version, file))

        return self._ask(ask)


class _Placed(FencedHub):
    def versions_by_place(self, claims: Sequence[PlaceClaim]) -> list[HubVersion]:
        """Ask the plugin's hub."""
        asked = list(claims)

        def ask() -> list[HubVersion]:
            return checked_rows(
                cast("HubPlaces", self._source).versions_by_place(asked), HubVersion
            )

        return self._ask(ask)


_ABILITIES: dict[type, type[FencedHub]] = {
    HubSearch: _Searched,
    HubNames: _Named,
    HubAbsence: _Absent,
    HubDownloads: _Downloaded,
    HubPlaces: _Placed,
}


def fenced_hub(source: HubSource, name: str, fence: Fence, note: _Note) -> FencedHub:
    """Return `source` behind a fence, with those abilities that it has itself and no others.

    Looks at the plugin's object: call it inside the fence.
    """
    parts = tuple(part for ability, part in _ABILITIES.items() if isinstance(source, ability))
    return _class_of(parts)(source, name, fence, note)


@cache
def _class_of(parts: tuple[type[FencedHub], ...]) -> type[FencedHub]:
    return type("FencedHub", parts or (FencedHub,), {"__doc__": FencedHub.__doc__})
