"""The two ways to draw: what differs between them, and for which files it cannot."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loradex.domain.recipe import LoraUse, RenderSettings
from loradex.render.device import micro_batch
from loradex.render.ways import at_once

from .conftest import Stock, model

pytestmark = pytest.mark.render


@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
@pytest.mark.parametrize("side", [64, 256, 512, 1024])
def test_another_number_of_pictures_goes_through_at_once(device: str, side: int) -> None:
    settings = RenderSettings(width=side, height=side)
    usual, other = (at_once(settings, device, way) for way in ("usual", "otherwise"))
    assert usual == micro_batch(settings, device)
    assert other != usual
    assert other in (1, 2)


def loaded(folder: Path) -> Any:
    from loradex.render.bases.load import load_base
    from loradex.render.device import Placed
    from loradex.render.quiet import offline_and_quiet

    with offline_and_quiet():
        return load_base(folder, Placed("cpu", "float32", "cpu"))


def test_a_plain_lora_is_merged_otherwise(stock: dict[str, Stock]) -> None:
    from loradex.render.weights import Weights

    files = stock["sd1"]
    base = loaded(files.folder)
    loras = (LoraUse(model(files.kohya), 1.0, 1.0),)
    usual, other = Weights(base, "cpu"), Weights(base, "cpu", "otherwise")
    usual.match(loras)
    other.match(loras)
    assert usual.runs_beside(loras)
    assert not other.runs_beside(loras)
    assert other.company(loras) != other.company((LoraUse(model(files.kohya), 0.5, 0.5),))


def test_weights_of_eight_bits_are_left_alone(stock: dict[str, Stock]) -> None:
    """Rounded to eight bits most of a LoRA would be lost: that is no other way to the same."""
    import torch

    from loradex.render.weights import Weights

    files = stock["sd1"]
    base = loaded(files.folder)
    base.modules()["unet"].to(torch.float8_e4m3fn)
    loras = (LoraUse(model(files.kohya), 1.0, 1.0),)
    weights = Weights(base, "cpu", "otherwise")
    weights.match(loras)
    assert weights.runs_beside(loras)
