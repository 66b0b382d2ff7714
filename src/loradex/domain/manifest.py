"""A library's manifest: what is known of models, by their digests, for another machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from loradex.domain.verdicts import Finding, VerdictKind, VerdictSource

VERSION = 1
"""Of the manifest's shape. It grows when an older loradex would misread what a newer one wrote."""

PERSON = "person"

_NUMBERED = ("civitai", "civarchive")
"""Hubs whose versions have CivitAI's numbers."""


@dataclass(frozen=True, slots=True)
class HubPlace:
    """A version of a hub's model that a content is."""

    hub: str
    model_id: int
    version_id: int
    air: str | None = None
    name: str = ""

    @property
    def reference(self) -> str | None:
        """What `loradex hub get` understands; None where no such text is known."""
        if self.air is None and self.hub in _NUMBERED:
            return f"version:{self.version_id}"
        return self.air


@dataclass(frozen=True, slots=True)
class OwnField:
    """A value of a field that a person added. `type` as in the catalog."""

    name: str
    type: str
    value: str | float


@dataclass(frozen=True, slots=True)
class ToldVerdict:
    """What a person or a probe says of a content, and on which checkpoint, known by its digest."""

    source: VerdictSource
    findings: tuple[Finding, ...] = ()
    dismissed: tuple[VerdictKind, ...] = ()
    checkpoint: str = ""
    checkpoint_sha256: str | None = None
    note: str = ""
    created_at: float = 0.0
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One model. Digests are lower-case hex; what is not known is None."""

    size: int
    name: str
    sha256: str | None = None
    fingerprint: str | None = None
    """The quick digest, for files that were not read in full."""
    blake3: str | None = None
    crc32: str | None = None
    autov1: str | None = None
    autov2: str | None = None
    autov3: str | None = None
    file_name: str = ""
    kind: str = "unknown"
    base: str | None = None
    derivative: str | None = None
    format: str = ""
    dtype: str | None = None
    quantisation: str | None = None
    rank: int | None = None
    added_at: float | None = None
    hubs: tuple[HubPlace, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    """Tag and who put it there."""
    hidden_tags: tuple[str, ...] = ()
    """Tags that a person took off for good."""
    trigger_words: tuple[tuple[str, str], ...] = ()
    """Word and who says it."""
    verdicts: tuple[ToldVerdict, ...] = ()
    note: str = ""
    rating: int | None = None
    favourite: bool = False
    collections: tuple[str, ...] = ()
    """Hand-picked ones."""
    preferences: Mapping[str, float | int | str] = field(default_factory=dict)
    fields: tuple[OwnField, ...] = ()
    places: tuple[tuple[str, str], ...] = ()
    """Library and path below it."""

    @property
    def own_tags(self) -> tuple[str, ...]:
        """The tags that the person gave."""
        return tuple(dict.fromkeys(name for name, source in self.tags if source == PERSON))

    @property
    def own_words(self) -> tuple[str, ...]:
        """The trigger words that the person added."""
        return tuple(dict.fromkeys(text for text, who in self.trigger_words if who == PERSON))

    @property
    def where_to_get(self) -> str | None:
        """A command that fetches it, None where no hub is known to have it."""
        found = next(filter(None, (hub.reference for hub in self.hubs)), None)
        return None if found is None else f"loradex hub get {found}"


class Prefer(StrEnum):
    """Whose word counts where two catalogs say different things."""

    MINE = "mine"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class Change:
    """What an entry changes of a content that is here; empty where there is nothing to do."""

    content_id: int
    name: str
    add_tags: tuple[str, ...] = ()
    hide_tags: tuple[str, ...] = ()
    add_words: tuple[str, ...] = ()
    note: str | None = None
    """The whole note as it shall be."""
    rating: int | None = None
    favourite: bool | None = None
    collections: tuple[str, ...] = ()
    preferences: Mapping[str, float | int | str] = field(default_factory=dict)
    fields: tuple[OwnField, ...] = ()
    verdicts: tuple[ToldVerdict, ...] = ()

    def __bool__(self) -> bool:
        """True when there is anything to change."""
        return self != Change(self.content_id, self.name)


@dataclass(frozen=True, slots=True)
class Own:
    """What the person here said of a content."""

    tags: frozenset[str] = frozenset()
    """Folded."""
    hidden_tags: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    """Folded, removed ones included."""
    note: str = ""
    rating: int | None = None
    favourite: bool = False
    collections: frozenset[str] = frozenset()
    preferences: Mapping[str, float | int | str] = field(default_factory=dict)
    fields: Mapping[str, tuple[str, str | float]] = field(default_factory=dict)
    """Name to type and value."""
    verdicts: tuple[ToldVerdict, ...] = ()
