"""The engine against plain diffusers, and against itself."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from loradex.domain.grid import FailedCell, RenderedCell

from .conftest import SIZE, STEPS, Stock, draw_all, spec_for

pytestmark = pytest.mark.render

SHAPES = ["sd1", "sdxl"]
SAMPLERS = ["Euler", "Euler a", "DPM++ 2M Karras", "DDIM", "UniPC", "Heun"]


def pixels(cell: RenderedCell | FailedCell) -> np.ndarray[Any, Any]:
    assert isinstance(cell, RenderedCell), cell
    return np.asarray(Image.open(cell.path)).astype(int)


def oracle(
    stock: Stock,
    shape: str,
    *,
    strength: float,
    prompt: str,
    seed: int,
    negative: str = "",
    sampler: str = "Euler",
    lora: Path | None = None,
    **extra: Any,
) -> np.ndarray[Any, Any]:
    """One picture as diffusers itself draws it: load, load_lora_weights, set_adapters, call."""
    import diffusers
    import torch

    from loradex.render.quiet import offline_and_quiet
    from loradex.render.samplers import SAMPLERS as TABLE

    kind = (
        diffusers.StableDiffusionPipeline if shape == "sd1" else diffusers.StableDiffusionXLPipeline
    )
    with offline_and_quiet():
        pipe = kind.from_pretrained(stock.folder, local_files_only=True, torch_dtype=torch.float32)
        pipe.set_progress_bar_config(disable=True)
        entry = TABLE[sampler]
        scheduler = getattr(diffusers, entry.scheduler)
        pipe.scheduler = scheduler.from_config(pipe.scheduler.config, **entry.options)
        if strength:
            path = lora or stock.kohya
            pipe.load_lora_weights(path.parent, weight_name=path.name, adapter_name="it")
            pipe.set_adapters(["it"], [strength])
        picture = pipe(
            prompt,
            negative_prompt=negative or None,
            width=SIZE,
            height=SIZE,
            num_inference_steps=STEPS,
            guidance_scale=7.0,
            generator=torch.Generator().manual_seed(seed),
            **extra,
        ).images[0]
    return np.asarray(picture).astype(int)


@pytest.mark.parametrize("shape", SHAPES)
def test_each_cell_is_what_diffusers_draws(
    shape: str, stock: dict[str, Stock], tmp_path: Path
) -> None:
    files = stock[shape]
    spec = spec_for(
        files.folder,
        [files.kohya],
        strengths=(0, 0.7),
        prompts=("a red boat", "fog"),
        seeds=(3, 9),
        negative="ugly",
    )
    plan, cells = draw_all(spec, tmp_path)
    assert len(cells) == 8
    for cell in plan.cells:
        expected = oracle(
            files,
            shape,
            strength=cell.strength,
            prompt=cell.prompt,
            seed=cell.seed,
            negative="ugly",
        )
        assert np.abs(pixels(cells[cell.key]) - expected).max() <= 1
