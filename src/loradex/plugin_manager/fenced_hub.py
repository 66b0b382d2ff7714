"""A hub that a plugin brings, made as trustworthy as the built-in one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from loradex.domain.hub import HashHit, HubModel, HubVersion
from loradex.domain.hub_source import HubSource
from loradex.errors import HubError, HubUnavailable, PluginError
from loradex.plugin_manager.checks import checked_list, checked_optional
from loradex.plugin_manager.fence import Fence

HUB_LIMIT = 600.0
"""Seconds for one call, which may be many requests over a slow network."""

_T = TypeVar("_T")
_Note = Callable[[PluginError], None]


class FencedHub:
    """A `HubSource` that asks another one behind a fence.

    Every failure is a `HubError`: the plugin's own as it is, anything else (wrong answers too) as
    `HubUnavailable`, and is noted as a problem of the plugin.
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
        return self._ask(lambda: checked_list(self._source.ids_by_hash(asked), HashHit))

    def versions_by_hash(self, sha256s: Iterable[str]) -> list[HubVersion]:
        """Ask the plugin's hub."""
        asked = list(sha256s)
        return self._ask(lambda: checked_list(self._source.versions_by_hash(asked), HubVersion))

    def version_by_hash(self, digest: str) -> HubVersion | None:
        """Ask the plugin's hub."""
        return self._ask(lambda: checked_optional(self._source.version_by_hash(digest), HubVersion))

    def models(self, ids: Iterable[int]) -> list[HubModel]:
        """Ask the plugin's hub."""
        asked = list(ids)
        return self._ask(lambda: checked_list(self._source.models(asked), HubModel))

    def model(self, model_id: int) -> HubModel | None:
        """Ask the plugin's hub."""
        return self._ask(lambda: checked_optional(self._source.model(model_id), HubModel))

    def _ask(self, question: Callable[[], _T]) -> _T:
        try:
            return self._fence.call(question, HUB_LIMIT)
        except PluginError as error:
            if isinstance(error.__cause__, HubError):
                raise error.__cause__ from None
            self._note(error)
            raise HubUnavailable(
                f"The plugin for {self._name} failed: {error.message}",
                hint="Tell its author, or name it under disabled_plugins in loradex.toml.",
            ) from error
