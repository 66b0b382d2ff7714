"""What the local hub knows: models, versions, files and pictures, as plain data in a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self, TypeVar, cast, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldFile:
    """One file of a version.

    `hashes` maps the hub's names (SHA256, AutoV2 …) to hex of any case; empty for a file that was
    not scanned. `path` is where its bytes lie on this machine; without it a download is 404.
    """

    id: int
    name: str
    type: str = "Model"
    size_bytes: int = 0
    format: str | None = "SafeTensor"
    precision: str | None = None
    size: str | None = None
    quantisation: str | None = None
    hashes: dict[str, str] = field(default_factory=dict)
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldImage:
    """One picture of a version. `path` is where its bytes lie, `meta` how it was made."""

    id: int
    width: int = 512
    height: int = 512
    content_level: int = 1
    type: str = "image"
    blurhash: str | None = None
    meta: dict[str, object] | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldVersion:
    """One version. `early_access_until` gates downloads until that time; times are ISO 8601."""

    id: int
    name: str
    base_model: str = "SD 1.5"
    ecosystem: str = "sd1"
    trained_words: tuple[str, ...] = ()
    description: str | None = None
    content_level: int = 1
    published_at: str = "2026-01-01T00:00:00.000Z"
    status: str = "Published"
    usage_control: str = "Download"
    early_access_until: str | None = None
    files: tuple[WorldFile, ...] = ()
    images: tuple[WorldImage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldModel:
    """One model. `mode` is `Archived`, `TakenDown` or None; versions in display order."""

    id: int
    name: str
    type: str = "LORA"
    description: str | None = None
    tags: tuple[str, ...] = ()
    creator: str | None = None
    content_level: int = 1
    mature: bool = False
    real_person: bool = False
    mode: str | None = None
    commercial_use: tuple[str, ...] = ("Image",)
    downloads: int = 0
    likes: int = 0
    versions: tuple[WorldVersion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All models, and `accounts`: keys to the user names they belong to."""

    models: tuple[WorldModel, ...] = ()
    accounts: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the world as JSON text that `from_json` reads back."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the world in `text`; raise `ValueError` naming what is wrong."""
        return _build(cls, json.loads(text), "world")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the world in a file; raise `OSError` or `ValueError`."""
        return cls.from_json(path.read_text(encoding="utf-8"))


D = TypeVar("D")


def _build(kind: type[D], value: object, where: str) -> D:
    """Return the dataclass `kind` made from a JSON object."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{where} must be an object")
    names = {f.name for f in fields(cast("Any", kind))}
    unknown = sorted(set(value) - names)
    if unknown:
        raise ValueError(f"{where} has an unknown key {unknown[0]!r}")
    hints = get_type_hints(kind)
    parts = {name: _part(hints[name], part, f"{where}.{name}") for name, part in value.items()}
    try:
        return kind(**parts)
    except TypeError as error:
        raise ValueError(f"{where} lacks a key: {error}") from error


def _part(hint: object, value: object, where: str) -> object:
    if get_origin(hint) is not tuple:
        return value
    if not isinstance(value, list):
        raise ValueError(f"{where} must be a list")
    entry = get_args(hint)[0]
    if hasattr(entry, "__dataclass_fields__"):
        return tuple(_build(entry, item, f"{where}[{n}]") for n, item in enumerate(value))
    return tuple(value)
