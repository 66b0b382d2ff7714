"""What the rest of loradex may ask of a hub, whichever hub it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from loradex.domain.hub import HashHit, HubModel, HubVersion

IDS_PER_CALL = 5_000
"""Hashes sent in one `ids_by_hash` request (the hub takes 10,000; civitai-api.md §9.6)."""
VERSIONS_PER_CALL = 100
"""Hashes sent in one `versions_by_hash` request (civitai-api.md §9.5)."""
MODELS_PER_CALL = 100
"""Ids sent in one `models` request (civitai-api.md §9.1)."""


class HubSource(Protocol):
    """A hub that knows files by their hashes.

    Digests go in and come out as hex; case does not matter going in. Anything that is not a
    digest is left out of the request, never sent. All methods raise from the `HubError` tree, and
    `Cancelled` once the person stops the work.
    """

    @property
    def name(self) -> str:
        """The hub's short name, as stored with what it told us."""

    def page_url(self, model_id: int, version_id: int | None = None) -> str:
        """Return the address of the page a person would open in a browser."""

    def ids_by_hash(self, sha256s: Iterable[str]) -> list[HashHit]:
        """Return a hit for every version that holds one of these bytes; several per hash."""

    def versions_by_hash(self, sha256s: Iterable[str]) -> list[HubVersion]:
        """Return each version that has a file with one of these hashes, once."""

    def version_by_hash(self, digest: str) -> HubVersion | None:
        """Return the version that holds this digest of any kind; None if the hub has none."""

    def models(self, ids: Iterable[int]) -> list[HubModel]:
        """Return the models the hub has; ids it does not have are missing from the list."""

    def model(self, model_id: int) -> HubModel | None:
        """Return one model with all its versions; None if the hub has no such model."""
