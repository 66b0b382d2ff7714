"""Every transformer family against the diffusers pipeline of that family, on tiny weights."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .conftest import CPU, HEIGHT, STEPS, WIDTH, draw
from .families import FAMILIES, index_of

pytestmark = pytest.mark.render


def ours(
    folder: Path, prompts: list[str], seeds: list[int], guidance: list[float], negative: str = ""
) -> list[np.ndarray[Any, Any]]:
    from loradex.render.bases.load import load_base

    return draw(load_base(folder, CPU), prompts, seeds, guidance, negative)


def theirs(
    folder: Path, prompt: str, seed: int, guidance: float, negative: str = ""
) -> np.ndarray[Any, Any]:
    import diffusers
    import torch

    from loradex.render.quiet import offline_and_quiet

    name = index_of(folder)["_class_name"]
    options: dict[str, Any] = {"guidance_scale": guidance, "negative_prompt": negative}
    if name == "FluxPipeline":
        options = {"guidance_scale": guidance}
        if folder.name == "flux-schnell":
            options["max_sequence_length"] = 256
    elif name == "QwenImagePipeline":
        options = {"true_cfg_scale": guidance, "negative_prompt": negative}
    elif name == "ZImagePipeline":
        options["guidance_scale"] = guidance - 1
    elif name == "Flux2KleinPipeline":
        options = {"guidance_scale": guidance}
    with offline_and_quiet():
        pipe = getattr(diffusers, name).from_pretrained(folder, local_files_only=True)
        pipe.set_progress_bar_config(disable=True)
        picture = pipe(
            prompt=prompt,
            width=WIDTH,
            height=HEIGHT,
            num_inference_steps=STEPS,
            generator=torch.Generator().manual_seed(seed),
            **options,
        ).images[0]
    return np.asarray(picture).astype(int)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_picture_is_what_diffusers_draws(family: str, folders: Any) -> None:
    folder = folders(family)
    negative = "" if family == "klein" else "fog"
    drawn = ours(folder, ["a red boat", "the sea, fog"], [3, 4], [4.0, 2.5], negative)
    expected = [
        theirs(folder, "a red boat", 3, 4.0, negative),
        theirs(folder, "the sea, fog", 4, 2.5, negative),
    ]
    for mine, other in zip(drawn, expected, strict=True):
        assert other.std() > 5, "a picture of nothing proves nothing"
        assert np.abs(mine - other).max() <= 1
    assert np.abs(expected[0] - expected[1]).max() > 20


@pytest.mark.parametrize("family", ["sd3", "chroma", "z-image"])
def test_without_guidance_the_negative_text_is_not_asked(family: str, folders: Any) -> None:
    folder = folders(family)
    (mine,) = ours(folder, ["a red boat"], [5], [1.0], "fog")
    assert np.abs(mine - theirs(folder, "a red boat", 5, 1.0)).max() <= 1


@pytest.mark.parametrize("family", FAMILIES)
def test_the_sizes_that_are_allowed_are_those_that_fit(family: str, folders: Any) -> None:
    from loradex.render.bases.load import load_base

    assert load_base(folders(family), CPU).multiple == 16
