"""What a hub knows: models, versions, files, images. Free of any one hub's wire format."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a version. Hashes are lower-case hex; any may be absent."""

    id: int | None
    name: str
    type: str
    size_bytes: int | None
    sha256: str | None
    autov3: str | None
    primary: bool
    format: str | None
    precision: str | None
    download_url: str | None
    hashes: dict[str, str]
    """Every digest the hub gave: its own key (`SHA256`, `AutoV3` …) to lower-case hex."""
    size_type: str | None = None
    """`full` or `pruned`, when the hub says so."""
    quantisation: str | None = None
    pickle_scan: str | None = None
    virus_scan: str | None = None
    """The hub's own scans: `Success`, `Danger`, `Pending`, `Error`; None when it has none."""


@dataclass(frozen=True, slots=True)
class HubImage:
    """One picture (or video) of a version."""

    id: int | None
    url: str
    type: str
    content_level: int
    width: int | None
    height: int | None
    blurhash: str | None


@dataclass(frozen=True, slots=True)
class HubVersion:
    """One version of a model. `raw` is the hub's document as fetched, JSON text."""

    id: int
    model_id: int
    name: str
    base_model: str
    trained_words: tuple[str, ...]
    """As the hub has them, uncleaned."""
    content_level: int
    description: str | None
    published_at: str | None
    air: str | None
    usage_control: str | None
    files: tuple[HubFile, ...]
    images: tuple[HubImage, ...]
    model_name: str | None
    model_type: str | None
    raw: str
    slug: str | None = None
    """Its name on hubs whose ids are text, as `owner/name@commit`; `id` is `number_for` it."""
    position: int | None = None
    """Place in the creator's order, from 0; not the order of time."""
    early_access_until: str | None = None
    """Until then only for those who paid; in ISO 8601, UTC."""
    paid: bool = False
    """Only for those who paid, for good."""
    open_here: bool = False
    """The hub that was asked is another than published it, and gives it to whoever may ask: usage
    control, early access and payment are about the other. Not kept in the catalog."""


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model with its versions. `raw` is the hub's document as fetched, JSON text."""

    id: int
    name: str
    type: str
    description: str | None
    tags: tuple[str, ...]
    creator: str | None
    content_level: int
    mode: str | None
    """`Archived`, `TakenDown` or None."""
    licence: dict[str, str]
    versions: tuple[HubVersion, ...]
    raw: str
    slug: str | None = None
    """Its name on hubs whose ids are text, as `owner/name`; `id` is `number_for` it."""
    downloads: int | None = None
    likes: int | None = None


@dataclass(frozen=True, slots=True)
class HubAccount:
    """Whose key it is. `tier` is the hub's own word (`free`, `gold` …); None when not told."""

    name: str | None
    tier: str | None


@dataclass(frozen=True, slots=True)
class HashHit:
    """The hub knows these bytes as that version."""

    sha256: str
    version_id: int
    model_id: int | None


def number_for(slug: str) -> int:
    """Return a stable id for a name on a hub whose ids are text: 53 bits, never 0."""
    digest = hashlib.sha256(slug.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> 11 or 1
