"""A made catalog for `bench/catalog.py`: names, tags, words and hub rows as libraries have them.

Everything goes through the catalog's own stores and `derive`, but for the rows of hubs and digests,
which are written in bulk first; so what is measured is what a scan and a match leave behind.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import TypeVar

from loradex.catalog.catalog import Catalog
from loradex.domain.evidence import Evidence, Source
from loradex.domain.header import FileFormat
from loradex.domain.identity import Identity
from loradex.domain.library import Layout
from loradex.domain.look import Look
from loradex.domain.safety import Safety
from loradex.domain.scanning import Found
from loradex.paths import Home

_T = TypeVar("_T")

SEED = 20261123
ROOT = "/models"
BATCH = 2_000

KINDS = {
    "lora": 70, "checkpoint": 9, "embedding": 8, "diffusion_model": 3, "controlnet": 3, "vae": 2,
    "upscaler": 2, "text_encoder": 1, "unknown": 2,
}  # fmt: skip
BASES = {"sdxl": 48, "sd1": 28, "flux1": 14, "sd2": 2, "qwen-image": 2, "wan": 2, "": 4}
DERIVATIVES = {"": 50, "pony": 22, "illustrious": 20, "noobai": 8}
WORDS = [
    *("neon", "knight", "cyber", "punk", "alley", "style", "anime", "portrait", "light", "dark"),
    *("city", "forest", "dream", "ink", "water", "color", "retro", "film", "noir", "cosmic"),
    *("dragon", "castle", "garden", "winter", "summer", "flat", "line", "sketch", "comic"),
    *("pixel", "clay", "glass", "metal", "rust", "gothic", "baroque", "steam", "solar", "storm"),
]
TAG_WORDS = [
    *("character", "style", "anime", "woman", "photorealistic", "concept", "clothing"),
    *("celebrity", "background", "tool", "poses", "vehicle", "buildings", "objects", "animal"),
]
_SYLLABLES = [
    *("ka", "lo", "mi", "ra", "ven", "dor", "el", "sha", "tor", "qui", "zen", "ari", "bel"),
    *("cor", "dun", "fae", "gri", "hol", "isk", "jun"),
]


def fill(home: Home, count: int) -> None:
    """Make a catalog of `count` contents at `home`: about a third of a minute for 100,000."""
    chance = random.Random(SEED)  # noqa: S311
    words = [*WORDS, *("".join(chance.choices(_SYLLABLES, k=3)) for _ in range(3_000))]
    tags = [*TAG_WORDS, *(" ".join(chance.choices(words, k=1 + n % 2)) for n in range(2_000))]
    with Catalog.open(home) as catalog:
        catalog.files.add_library("main", os.fsencode(ROOT), Layout.PLAIN, device=1)
        for start in range(0, count, BATCH):
            numbers = range(start + 1, min(start + BATCH, count) + 1)
            catalog.looks.record(1, [_look(chance, words, number) for number in numbers], "1")
        _write_hub(home, chance, words, tags, count)
        _tag(home, chance, tags, count)
        for start in range(1, count + 1, BATCH):
            with catalog._writer.transaction() as connection:
                catalog._writer.refresh(connection, range(start, min(start + BATCH, count + 1)))
        catalog.person.set_note(1 + count // 2, "best at guidance 3, needs the trigger word twice")


def _one(chance: random.Random, weights: dict[str, int]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]


@cache
def _weights(count: int, flat: int) -> Sequence[float]:
    return list(accumulate(1 / (rank + flat) for rank in range(count)))


def _some(chance: random.Random, words: Sequence[_T], count: int, *, flat: int = 10) -> list[_T]:
    """Draw words, common ones far more often than rare ones, as Zipf's law has it.

    With 3,000 words the most common one is in some 5 % of names; a larger `flat` is less steep.
    """
    return chance.choices(words, cum_weights=_weights(len(words), flat), k=count)


def _look(chance: random.Random, words: Sequence[str], number: int) -> Look:
    kind, base = _one(chance, KINDS), _one(chance, BASES)
    derivative = _one(chance, DERIVATIVES) if base == "sdxl" else ""
    stem = "_".join(_some(chance, words, chance.randrange(2, 5)))
    folder = f"{kind}/{base or 'other'}/{chance.choice(WORDS)}/{chance.choice(WORDS)}"
    facts = [Evidence("kind", kind, Source.TENSORS)]
    facts += [Evidence("base", base, Source.TENSORS)] if base else []
    facts += [Evidence("derivative", derivative, Source.HEADER, 0.8)] if derivative else []
    large = kind in ("checkpoint", "diffusion_model")
    return Look(
        Found(
            f"{folder}/{stem}_v{number % 7}_{number}.safetensors".encode(),
            chance.randrange(1_800_000_000, 24_000_000_000) if large
            else chance.randrange(20_000, 900_000_000),
            1_700_000_000_000_000_000 + number, 1, number,
        ),
        fingerprint=f"{number:032x}",
        format=FileFormat.PICKLE if number % 40 == 0 else FileFormat.SAFETENSORS,
        identity=Identity(
            algorithm="lora" if kind == "lora" else None,
            rank=chance.choice((8, 16, 32, 64, 128)) if kind == "lora" else None,
            dtype=chance.choice(("F16", "BF16", "F32")),
        ),
        facts=tuple(facts),
        trigger_words=tuple(_some(chance, words, chance.randrange(0, 4))) if kind == "lora" else (),
        safety=Safety.SAFE,
        tensor_count=792,
        header_bytes=110_000,
    )  # fmt: skip


def digest(number: int) -> str:
    """Return a made SHA256."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def _write_hub(
    home: Home, chance: random.Random, words: Sequence[str], tags: Sequence[str], count: int
) -> None:
    """Four of five contents are known to the hub; two versions to a model."""
    creators = [f"{a}{b}" for a in words[:80] for b in words[:60]]
    with sqlite3.connect(home.catalog) as database:
        database.executemany(
            "UPDATE content SET sha256 = ?1, blake3 = ?2, autov2 = substr(?1, 1, 10),"
            " autov3 = substr(?2, 1, 12), autov1 = substr(?2, 20, 8), crc32 = substr(?2, 40, 8)"
            " WHERE id = ?3",
            [(digest(id_), digest(-id_), id_) for id_ in range(1, count + 1)],
        )
        database.execute("UPDATE file SET hashed_at = 1")
        known = [id_ for id_ in range(1, count + 1) if id_ % 5]
        database.executemany(
            "INSERT INTO hub_model(hub, id, name, type, creator, description, tags, content_level,"
            " licence, downloads, likes, fetched_at, raw) VALUES ('civitai', ?, ?, 'LORA', ?, ?, ?,"
            " ?, '{}', ?, ?, 1, x'')",
            [
                (
                    model,
                    " ".join(_some(chance, words, 3)).title(),
                    chance.choice(creators),
                    f"<p>{' '.join(_some(chance, words, 60, flat=60))}</p>",
                    json.dumps(_some(chance, tags, 4)),
                    chance.choice((1, 1, 3, 7, 28)),
                    int(chance.paretovariate(0.5)) * 10,
                    int(chance.paretovariate(0.8)),
                )
                for model in range(1, len(known) // 2 + 2)
            ],
        )
        database.executemany(
            "INSERT INTO hub_version(hub, id, model_id, name, base_model, trained_words,"
            " content_level, published_at, paid, fetched_at, raw)"
            " VALUES ('civitai', ?, ?, ?, 'SDXL 1.0', '[]', 1, ?, 0, 1, x'')",
            [
                (place, place // 2 + 1, f"v{place % 2 + 1}.0", f"2025-{place % 12 + 1:02}-15")
                for place in range(len(known))
            ],
        )
        database.executemany(
            "INSERT INTO match(content_id, hub, version_id, model_id, matched_by, confidence,"
            " matched_at) VALUES (?, 'civitai', ?, ?, 'sha256', 1.0, 1)",
            [(id_, place, place // 2 + 1) for place, id_ in enumerate(known)],
        )
    database.close()


def _tag(home: Home, chance: random.Random, tags: Sequence[str], count: int) -> None:
    names = list(dict.fromkeys(tag.casefold() for tag in tags))
    with sqlite3.connect(home.catalog) as database:
        database.executemany("INSERT OR IGNORE INTO tag(name, folded) VALUES (?1, ?1)",
                             [(name,) for name in names])  # fmt: skip
        ids = [row[0] for row in database.execute("SELECT id FROM tag ORDER BY id")]
        database.executemany(
            "INSERT OR IGNORE INTO content_tag(content_id, tag_id, source, removed, confidence,"
            " detail, added_at) VALUES (?, ?, 'hub', 0, 1.0, '', 1)",
            [
                (id_, tag_id)
                for id_ in range(1, count + 1)
                if id_ % 5
                for tag_id in _some(chance, ids, chance.randrange(2, 9), flat=3)
            ],
        )
        database.executemany(
            "INSERT INTO annotation(content_id, note, rating, favourite, changed_at, version)"
            " VALUES (?, ?, ?, ?, 1, 1)",
            [
                (id_, "keep this one" if id_ % 30 == 0 else "", 1 + id_ // 10 % 5, id_ % 50 == 0)
                for id_ in range(10, count + 1, 10)
            ],
        )
    database.close()
