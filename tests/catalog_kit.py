"""A catalog with known contents, for tests that need one."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.evidence import Evidence, Source
from loradex.domain.hashes import Hashes
from loradex.domain.hub import HubFile, HubModel, HubVersion
from loradex.domain.identity import Identity
from loradex.domain.library import Layout
from loradex.domain.look import Look
from loradex.domain.scanning import Found


def fingerprint(number: int) -> str:
    """Return the number as a fingerprint."""
    return f"{number:032x}"


def hashes(digit: str) -> Hashes:
    """Return digests that are all one hex digit."""
    return Hashes(digit * 64, digit * 64, digit * 8, digit * 8, digit * 10, digit * 12)


def look(
    path: str | bytes,
    number: int,
    *,
    kind: str = "lora",
    base: str | None = "sdxl",
    size: int = 1000,
    words: tuple[str, ...] = (),
    derivative: str | None = None,
    problem: str | None = None,
    rank: int | None = None,
    inode: int | None = None,
) -> Look:
    """Return what a scan would have seen at `path`."""
    facts = [Evidence("kind", kind, Source.TENSORS)]
    if base:
        facts.append(Evidence("base", base, Source.TENSORS, detail="its shapes say so"))
    if derivative:
        facts.append(Evidence("derivative", derivative, Source.HEADER, 0.8))
    return Look(
        Found(os.fsencode(path), size, number, 1, inode or zlib.crc32(os.fsencode(path))),
        fingerprint=fingerprint(number),
        identity=Identity(rank=rank, algorithm="lora" if kind == "lora" else None),
        facts=tuple(facts),
        trigger_words=words,
        problem=problem,
    )


def add_library(catalog: Catalog, root: Path | str = "/models", name: str = "main") -> int:
    """Register a root and return its id."""
    catalog.files.add_library(name, os.fsencode(root), Layout.PLAIN, device=1)
    return next(library.id for library in catalog.files.libraries() if library.name == name)


def version(
    number: int = 7,
    *,
    name: str = "v2",
    base: str = "Pony",
    words: tuple[str, ...] = ("neonkn", "glow"),
    sha256: str = "a" * 64,
    level: int = 1,
) -> HubVersion:
    """Return a hub version with one file."""
    return HubVersion(
        id=number,
        model_id=70,
        name=name,
        base_model=base,
        trained_words=words,
        content_level=level,
        description=None,
        published_at="2026-01-01T00:00:00Z",
        air=None,
        usage_control=None,
        files=(
            HubFile(
                id=1,
                name="neon.safetensors",
                type="Model",
                size_bytes=1000,
                sha256=sha256,
                autov3=None,
                primary=True,
                format="SafeTensor",
                precision="fp16",
                download_url=None,
                hashes={"SHA256": sha256},
            ),
        ),
        images=(),
        model_name="Neon Knight",
        model_type="LORA",
        raw="{}",
    )


def model(number: int = 70, *, tags: tuple[str, ...] = ("style", "night")) -> HubModel:
    """Return a hub model."""
    return HubModel(
        id=number,
        name="Neon Knight",
        type="LORA",
        description="A knight",
        tags=tags,
        creator="maker",
        content_level=1,
        mode=None,
        licence={},
        versions=(),
        raw="{}",
    )
