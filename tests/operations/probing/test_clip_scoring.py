"""CLIP scores over pairs: which tower is asked, what it is asked, and what its answer says."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path

import pytest

from files_kit import write_safetensors
from loradex.catalog.catalog import Catalog
from loradex.domain.clip_scores import ClipAnswer, ClipScore
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.libraries import add_library
from loradex.operations.probing.clip_scoring import (
    LibraryTower,
    clip_measures,
    clip_request,
    library_tower,
)
from loradex.operations.scan import scan
from loradex.plugin_api import MeasuredPicture

TOWER = LibraryTower(Path("/towers/l.safetensors"), (Path("/texts/l.safetensors"),))


def picture(strength: float, prompt: str, seed: int) -> MeasuredPicture:
    return MeasuredPicture(Path(f"/{strength}-{prompt}-{seed}.png"), prompt, seed, strength)


def pairs(*strengths: float) -> list[tuple[MeasuredPicture, MeasuredPicture]]:
    return [
        (picture(0.0, prompt, seed), picture(strength, prompt, seed))
        for strength in strengths
        for prompt in ("a boat", "a fox")
        for seed in (1, 2)
    ]


def test_every_picture_is_asked_about_once() -> None:
    asked = clip_request(
        pairs(0.5, 1.0), TOWER, references=[Path("/me.png")], tokenizers=[Path("/t")], device="cpu"
    )

    assert (asked.tower, asked.texts) == ("/towers/l.safetensors", ("/texts/l.safetensors",))
    assert (asked.references, asked.tokenizers, asked.device) == (("/me.png",), ("/t",), "cpu")
    paths = [each.path for each in asked.pictures]
    assert len(paths) == len(set(paths)) == 12
    for each in asked.pictures:
        strength, prompt, seed = each.path.strip("/").removesuffix(".png").split("-")
        assert each.prompt == prompt
        if strength == "0.0":
            assert each.base is None
        else:
            assert each.base is not None
            assert paths[each.base] == f"/0.0-{prompt}-{seed}.png"
    groups = {(each.group, each.prompt, each.path.split("-")[0]) for each in asked.pictures}
    assert len(groups) == len({group for group, *_ in groups}) == 6


def test_scores_are_compared_over_pairs() -> None:
    both = pairs(0.5)
    scores = {
        picture: ClipScore(
            base=0.9 if picture.strength else None,
            references=None,
            seeds=0.5 + 0.1 * (picture.prompt == "a fox") + (0.3 if picture.strength else 0.0),
            prompt=0.2 + (0.01 * picture.seed if picture.strength else 0.0),
        )
        for pair in both
        for picture in pair
    }
    order = dict.fromkeys(picture for pair in both for picture in pair)
    answer = ClipAnswer("a tower", True, tuple(scores[picture] for picture in order))

    told = {each.name: each for each in clip_measures(both, answer)}

    assert list(told) == ["clip-i-base", "clip-i-seeds", "clip-t"]
    assert {each.source for each in told.values()} == {"a tower"}
    assert {each.strength for each in told.values()} == {0.5}
    base = told["clip-i-base"]
    assert (base.base, base.lora, base.difference.pairs) == (1.0, pytest.approx(0.9), 4)
    assert base.difference.high == pytest.approx(-0.1)
    # Two prompts, not four pictures: those of one prompt have each other as neighbours.
    seeds = told["clip-i-seeds"]
    assert (seeds.base, seeds.lora) == (pytest.approx(0.55), pytest.approx(0.85))
    assert seeds.difference.pairs == 2
    # Differences of 0.01 and 0.02, twice: a deviation of 0.01 / √3, three degrees of freedom.
    text = told["clip-t"].difference
    assert (text.mean, text.pairs) == (pytest.approx(0.015), 4)
    assert text.high - text.mean == pytest.approx(3.182 * 0.01 / sqrt(3) / 2, rel=1e-3)


def test_strengths_stand_alone() -> None:
    both = pairs(0.5, 1.0)
    count = len({picture for pair in both for picture in pair})
    answer = ClipAnswer("a tower", False, (ClipScore(0.5, 0.5, None, None),) * count)
    told = [(each.name, each.strength) for each in clip_measures(both, answer)]
    assert told == [
        (name, strength) for strength in (0.5, 1.0) for name in ("clip-i-base", "clip-i-references")
    ]
    assert clip_measures(both[:1], ClipAnswer("t", False, answer.scores[:2])) == ()
    assert clip_measures([], ClipAnswer("t", False, ())) == ()


def a_tower(path: Path, width: int, *, siglip: bool = False) -> Path:
    """Write the few weights by which the catalog knows a tower."""
    tensors = {
        "vision_model.embeddings.patch_embedding.weight": (width, 3, 2, 2),
        "vision_model.embeddings.position_embedding.weight": (257, width),
        "vision_model.encoder.layers.0.self_attn.q_proj.weight": (width, width),
        "vision_model.encoder.layers.0.mlp.fc1.weight": (8, width),
        "vision_model.post_layernorm.weight": (width,),
        "visual_projection.weight": (16, width),
    }
    if not siglip:
        tensors["vision_model.embeddings.class_embedding"] = (width,)
    return write_safetensors(path, tensors, seed=width)


def scanned(catalog: Catalog, folder: Path) -> None:
    library = add_library(catalog, folder)
    scan(catalog, [library], workers=1, sink=SilentSink(), cancel=CancelToken())


def test_a_tower_of_the_library_is_found(catalog: Catalog, tmp_path: Path) -> None:
    models = tmp_path / "models"
    a_tower(models / "clip_vision" / "h.safetensors", 1280)
    a_tower(models / "clip_vision" / "siglip.safetensors", 1152, siglip=True)
    scanned(catalog, models)
    checkpoint = models / "checkpoints" / "any.safetensors"
    found = library_tower(catalog, checkpoint)
    assert found == LibraryTower(models / "clip_vision" / "h.safetensors", ())


def test_a_tower_in_its_folder_is_found(catalog: Catalog, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "image_encoder"
    a_tower(folder / "model.safetensors", 1024)
    config = {"architectures": ["CLIPVisionModelWithProjection"], "hidden_size": 1024}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    scanned(catalog, tmp_path / "models")
    found = library_tower(catalog, tmp_path / "any.safetensors")
    assert found is not None
    assert found.path == folder / "model.safetensors"  # whose configuration is read with it


def test_a_checkpoints_safety_checker_is_the_last_resort(catalog: Catalog, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    for name in ("safety_checker", "text_encoder", "text_encoder_2"):
        (checkpoint / name).mkdir(parents=True)
    assert library_tower(catalog, checkpoint) is None
    (checkpoint / "safety_checker" / "config.json").write_text("{}", encoding="utf-8")
    texts = (checkpoint / "text_encoder", checkpoint / "text_encoder_2")
    assert library_tower(catalog, checkpoint) == LibraryTower(checkpoint / "safety_checker", texts)
