"""What loradex may ask of a hub, whichever hub it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from loradex.domain.hub import HashHit, HubFile, HubModel, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_search import HubPage, HubQuery
from loradex.domain.secret import Secret
from loradex.errors import HubError


@runtime_checkable
class HubSource(Protocol):
    """A hub that knows files by their hashes.

    Digests go in and come out as hex; case does not matter going in. All methods may raise from
    the `HubError` tree, and `Cancelled` once the person stops the work.
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


@runtime_checkable
class HubSearch(Protocol):
    """A hub that can be searched."""

    def search(self, query: HubQuery, cursor: str | None = None) -> HubPage:
        """Return a page of what a query finds; nothing above its content limit."""


@runtime_checkable
class HubNames(Protocol):
    """A hub that knows what people's names for its things mean."""

    def recognise(self, text: str) -> HubReference | None:
        """Return what a page address, an AIR or a hub's own short form names; None if not ours."""

    def look_up(self, reference: HubReference) -> tuple[HubModel, HubVersion | None] | None:
        """Return the model, and the version if the reference names one; None if there is none."""


@runtime_checkable
class HubManyNames(Protocol):
    """A hub that can be asked what many names mean in few requests."""

    def look_up_all(
        self, references: Sequence[HubReference]
    ) -> list[tuple[HubModel, HubVersion | None] | None]:
        """Return what `look_up` would for each reference, in their order."""


@runtime_checkable
class HubAbsence(Protocol):
    """A hub that can say more of a thing that it does not show than that it is not there."""

    def absence(self, reference: HubReference) -> HubError | None:
        """Return what the hub said when `look_up` last found nothing for this; None if nothing."""


@runtime_checkable
class HubParts(Protocol):
    """A hub that may have only a part of what the hub has whose numbers it uses."""

    def is_partial(self) -> bool:
        """Tell whether what it does not show may be there all the same, elsewhere."""


@runtime_checkable
class HubBeside(Protocol):
    """A hub that may know only what another one, which is asked before it, does not."""

    @property
    def beside(self) -> str | None:
        """The other hub's name; None when there is none."""


@dataclass(frozen=True, slots=True)
class FetchStart:
    """Where the bytes of a file are asked for.

    `key` goes to the origin of `url` and nowhere else, whatever redirects say.
    """

    url: str
    key: Secret | None = None
    sha256_required: bool = False
    """The place is not trusted: what does not have the promised SHA-256 is not kept."""
    mirrors: tuple[str, ...] = ()
    """Further addresses of the same bytes, for when this one fails; none of them gets the key, and
    none is trusted."""
    told_by: str = ""
    """The address of who told of these places, if they are a stranger's: none may lie nearer to us
    than that does."""


@runtime_checkable
class HubDownloads(Protocol):
    """A hub whose files can be downloaded."""

    def download_start(self, version: HubVersion, file: HubFile) -> FetchStart:
        """Return where to ask for a file. Asked anew whenever a link may have expired.

        Raises from the `HubError` tree when it is known beforehand that it cannot be had.
        """


@dataclass(frozen=True, slots=True)
class PlaceClaim:
    """A file in a tool's cache of a hub: its folders say where it came from."""

    content_id: int
    sha256: str
    slug: str
    revision: str
    path: str


@runtime_checkable
class HubPlaces(Protocol):
    """A hub that cannot be asked by hash, but can confirm where a file came from."""

    def versions_by_place(self, claims: Sequence[PlaceClaim]) -> list[HubVersion]:
        """Return versions named by the claims; whether their hashes agree is the caller's check."""
