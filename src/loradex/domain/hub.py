"""What a hub knows: models, versions, files, images. Free of any one hub's wire format."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class HashHit:
    """The hub knows these bytes as that version."""

    sha256: str
    version_id: int
    model_id: int | None
