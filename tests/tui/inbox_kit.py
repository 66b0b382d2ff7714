"""A library in which a person has much to decide."""

from __future__ import annotations

from dataclasses import replace

from catalog_kit import hashes, model, version
from loradex.catalog.catalog import Catalog
from loradex.domain.evidence import Evidence, Source
from loradex.domain.look import Look
from loradex.operations.matching import found
from loradex.paths import Home
from tui.shelf import HOSTILE, look, shelf

RULES = """
[settings]
plugins = false
"""
CAPTIONS = (("watercolor (medium)", 212), ("landscape", 180), ("mountain", 88), ("no humans", 64))


def disputed(name: str, number: int) -> Look:
    """Return a file whose header and name say different bases."""
    return replace(
        look(name, number),
        facts=(
            Evidence("kind", "lora", Source.TENSORS),
            Evidence("base", "sdxl", Source.HEADER, 0.9, detail="modelspec.architecture"),
            Evidence("base", "flux1", Source.FILE_NAME, 0.6, detail="its name has “flux”"),
        ),
    )


def waiting(home: Home, root: bytes = b"/models") -> Catalog:
    """Return a catalog: 1 to 4 have tags to be added, 5 to 7 questions, 8 and 9 are new.

    6 was matched by its tensors only; of 7 nothing tells what it is; 10 needs nothing.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    home.tagging.write_text(RULES)
    looks = [
        look("anime_neon_city_style", 1, captions=(("neonct", 120), ("cityscape", 80))),
        look("mountain_watercolor_v2", 2, captions=CAPTIONS, words=("wtrclr style",)),
        look("cinematic_horror_lighting", 3, base="flux1"),
        look("pixel_art_knight", 4, base="sd1", words=("pxknight",)),
        disputed("flux_like_sdxl_portrait", 5),
        look("neon_knight_v3", 6, derivative="pony"),
        look("riddle", 7, kind="unknown", base=None),
        look("kx_0042", 8),
        look(HOSTILE[0] + HOSTILE[5], 9),
        look("described", 10),
    ]
    catalog = shelf(home, looks, root=root)
    catalog.person.add_tags([10], ["mine"])
    files = {each.content_id: each for each in catalog.files.to_hash()}
    catalog.looks.record_hashes([(files[6], hashes("a"))])
    nine = version(9, name="v3", sha256="f" * 64, words=("neonkn", "glowing armor"))
    catalog.hub.record_models(
        "civitai", [replace(model(tags=("sci-fi", "armor")), versions=(nine,))]
    )
    catalog.hub.record_versions("civitai", [nine])
    catalog.hub.record_matches(
        "civitai", [found(6, nine, model(tags=("sci-fi", "armor")), "autov3")]
    )
    return catalog
