"""The script that makes the zoo, at three steps a model."""

# ruff: noqa: PLC0415 - the repository is put on the path by a fixture, torch comes only if needed

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from loradex.domain.kinds import ModelKind
from loradex.formats.headers import read_header
from loradex.identify import identify

pytestmark = [pytest.mark.render, pytest.mark.filterwarnings("ignore")]
ROOT = Path(__file__).parents[2]
NAMES = ("neon", "sepia", "sepia-weak", "fish-quixel", "inverted-brasp", "house-ohwx")


def test_a_model_and_its_loras_are_trained_and_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.zoo.__main__ import write_truth
    from bench.zoo.autoencoder import AutoencoderEffort, train_autoencoder
    from bench.zoo.base import BaseEffort, load_base, train_base
    from bench.zoo.loras import make_lora
    from bench.zoo.sheets import applied
    from bench.zoo.tuned import TUNED

    said: list[str] = []
    vae = train_autoencoder(0, said.append, AutoencoderEffort(3, 8))
    effort = BaseEffort(reading_steps=3, steps=3, marking_steps=3, pictures=8, batch=4)
    train_base(vae, tmp_path, seed=0, say=said.append, effort=effort)
    vae, networks = load_base(tmp_path)
    recipes = {
        one.name: dataclasses.replace(
            one.made, steps=3, pictures=4, factor=0.5 if one.made.parent else 1.0
        )
        for one in TUNED
    }
    (tmp_path / "loras").mkdir()
    before = {name: tensor.clone() for name, tensor in networks.unet.state_dict().items()}
    for name in NAMES:
        path = tmp_path / "loras" / f"{name}.safetensors"
        make_lora(path, name, recipes, vae, networks, say=said.append)
        assert identify(read_header(path)).kind is ModelKind.LORA
        with applied(path, networks, 1.0):
            changed = networks.unet.state_dict()
            assert any((changed[key] != tensor).any() for key, tensor in before.items())
    after = networks.unet.state_dict()
    assert all((after[key] == tensor).all() for key, tensor in before.items())
    write_truth(tmp_path, TUNED)
    truth = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    assert {Path(one["file"]).stem for one in truth["loras"]} == set(NAMES)
    checkpoint = tmp_path / "base.safetensors"
    assert identify(read_header(checkpoint)).kind is ModelKind.CHECKPOINT
    assert any("loss" in line for line in said)
