"""With real files: scanned, hashed, renamed by others and moved by loradex."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from catalog_kit import model, version
from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.matching import found
from loradex.operations.moves.applying import carry_out
from loradex.operations.recipes.importing import import_recipes
from loradex.paths import Home
from moves_kit import add, fill_inbox, planned, rescan
from recipes.making import png


@pytest.fixture
def catalog(home: Home, tmp_path: Path) -> Catalog:
    fill_inbox(tmp_path / "inbox")
    catalog = Catalog.open(home)
    add(catalog, tmp_path / "inbox", tmp_path / "shelf")
    return catalog


def drawn(folder: Path, lora: str, digest: str = "", seed: int = 1) -> Path:
    """Write a picture as A1111 does; return its folder."""
    hashes = f', Lora hashes: "{lora}: {digest}"' if digest else ""
    text = f"x <lora:{lora}:0.8>\nSteps: 20, Seed: {seed}, CFG scale: 7{hashes}"
    png(folder / f"{seed}.png", {"parameters": text})
    return folder


def matched_by(catalog: Catalog, folder: Path) -> list[tuple[int | None, str]]:
    """Import a folder; return which contents its LoRAs are, and how that is known."""
    import_recipes(catalog, [os.fsencode(folder)], sink=SilentSink(), cancel=CancelToken())
    return [
        (used.content_id, used.matched_by)
        for recipe in catalog.recipes.recipes()
        for used in recipe.models
    ]


def test_a_file_that_others_renamed_is_known_by_its_digests(
    catalog: Catalog, tmp_path: Path
) -> None:
    neon = catalog.resolve("neon")
    hashes = catalog.details(neon).hashes
    assert hashes is not None
    assert hashes.autov3 is not None
    (tmp_path / "inbox" / "neon.safetensors").rename(tmp_path / "inbox" / "V1 (2).safetensors")
    rescan(catalog)
    drawn(tmp_path / "pictures", "neon", hashes.autov3, seed=1)
    drawn(tmp_path / "pictures", "whatever", hashes.autov2, seed=2)
    assert sorted(matched_by(catalog, tmp_path / "pictures")) == [
        (neon, "autov3"), (neon, "sha256"),
    ]  # fmt: skip
    uses = catalog.recipes.uses(neon)
    assert uses is not None
    assert uses.pictures == 2


def test_a_file_that_was_moved_is_known_by_its_former_name(
    catalog: Catalog, tmp_path: Path
) -> None:
    neon = catalog.resolve("neon")
    plan = planned(
        catalog, [("inbox", "neon.safetensors", "shelf", "style/Neon Knight.safetensors")]
    )
    carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())
    assert matched_by(catalog, drawn(tmp_path / "pictures", "neon")) == [(neon, "former name")]


def test_pictures_imported_before_stay_with_a_file_that_is_moved(
    catalog: Catalog, tmp_path: Path
) -> None:
    neon = catalog.resolve("neon")
    assert matched_by(catalog, drawn(tmp_path / "pictures", "neon")) == [(neon, "file name")]
    plan = planned(
        catalog, [("inbox", "neon.safetensors", "shelf", "style/Neon Knight.safetensors")]
    )
    carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())
    rescan(catalog)
    uses = catalog.recipes.uses(neon)
    assert uses is not None
    assert uses.pictures == 1


def test_a_match_that_comes_later_finds_pictures_that_name_the_version(
    catalog: Catalog, tmp_path: Path
) -> None:
    neon = catalog.resolve("neon")
    text = (
        "x\nSteps: 20, Seed: 1, CFG scale: 7, Civitai resources:"
        ' [{"type": "lora", "weight": 0.6, "modelVersionId": 7}]'
    )
    png(tmp_path / "pictures" / "a.png", {"parameters": text})
    assert matched_by(catalog, tmp_path / "pictures") == [(None, "none")]
    mine = version(7)
    catalog.hub.record_models("civitai", [model()])
    catalog.hub.record_versions("civitai", [mine])
    catalog.hub.record_matches("civitai", [found(neon, mine, model(), "sha256")])
    uses = catalog.recipes.uses(neon)
    assert uses is not None
    assert (uses.pictures, uses.strength_low) == (1, 0.6)


def test_a_copy_in_another_place_is_the_same_model(catalog: Catalog, tmp_path: Path) -> None:
    neon = catalog.resolve("neon")
    source = tmp_path / "inbox" / "neon.safetensors"
    (tmp_path / "shelf" / "neon.safetensors").write_bytes(source.read_bytes())
    rescan(catalog)
    assert matched_by(catalog, drawn(tmp_path / "pictures", "neon")) == [(neon, "file name")]
