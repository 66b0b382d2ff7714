"""A server that has models of two kinds of number, seen as two hubs.

Another loradex (`loradex hub serve`) gives what CivitAI knows under CivitAI's numbers, and what no
hub knows under numbers of its own. The two must not be mixed: a number of its own means nothing to
CivitAI, and would be looked for there, not be found and count as deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from loradex.domain.hub import HashHit, HubModel, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_search import HubPage, HubQuery
from loradex.domain.own_numbers import HUB_NUMBERS, OWN_NUMBERS
from loradex.hub.client import CivitaiHub
from loradex.hub.transport import HubTransport

Found = tuple[HubModel, HubVersion | None]


class HubPart(CivitaiHub):
    """What a server has in one range of numbers, as a hub with a name of its own."""

    def __init__(
        self, transport: HubTransport, name: str, numbers: range, beside: str | None = None
    ) -> None:
        """With `beside`, it knows only what the hub of this name does not."""
        super().__init__(transport)
        self.name = name
        self.beside = beside
        self._numbers = numbers

    def ids_by_hash(self, sha256s: Iterable[str]) -> list[HashHit]:
        """Return hits of this part only."""
        return [hit for hit in super().ids_by_hash(sha256s) if hit.version_id in self._numbers]

    def versions_by_hash(self, sha256s: Iterable[str]) -> list[HubVersion]:
        """Return versions of this part only."""
        return [v for v in super().versions_by_hash(sha256s) if v.id in self._numbers]

    def version_by_hash(self, digest: str) -> HubVersion | None:
        """Return the version that holds this digest; None as well for one of the other part."""
        version = super().version_by_hash(digest)
        return version if version is not None and version.id in self._numbers else None

    def models(self, ids: Iterable[int]) -> list[HubModel]:
        """Return the models the hub has; ids of the other part are not asked for."""
        return super().models(id_ for id_ in ids if id_ in self._numbers)

    def model(self, model_id: int) -> HubModel | None:
        """Return one model with all its versions; None as well for a number of the other part."""
        return super().model(model_id) if model_id in self._numbers else None

    def version(self, version_id: int) -> HubVersion | None:
        """Return one version; None as well for a number of the other part."""
        return super().version(version_id) if version_id in self._numbers else None

    def search(self, query: HubQuery, cursor: str | None = None) -> HubPage:
        """Return a page of what a query finds in this part; it may be short or even empty."""
        page = super().search(query, cursor)
        return replace(page, models=tuple(m for m in page.models if m.id in self._numbers))

    def recognise(self, text: str) -> HubReference | None:
        """Return what a text names; None as well for what is in the other part."""
        reference = super().recognise(text)
        return reference if reference is not None and self._has(reference) else None

    def look_up(self, reference: HubReference) -> Found | None:
        """Return what a reference means; None as well for what is in the other part."""
        return super().look_up(reference) if self._has(reference) else None

    def look_up_all(self, references: Sequence[HubReference]) -> list[Found | None]:
        """Return what `look_up` would for each reference, in a few requests per hundred."""
        mine = [reference for reference in references if self._has(reference)]
        found = dict(zip(mine, super().look_up_all(mine), strict=True))
        return [found.get(reference) for reference in references]

    def _has(self, reference: HubReference) -> bool:
        numbers = (reference.model_id, reference.version_id)
        return all(number is None or number in self._numbers for number in numbers)


def parts_of(transport: HubTransport) -> tuple[CivitaiHub, CivitaiHub]:
    """Return what a server tells of CivitAI's models, and its own by the server's name and port."""
    address = transport.address
    port = address.port or (443 if address.scheme == "https" else 80)
    own = HubPart(transport, f"{address.host}:{port}", OWN_NUMBERS, CivitaiHub.name)
    return HubPart(transport, CivitaiHub.name, HUB_NUMBERS), own
