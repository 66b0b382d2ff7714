"""Tiny folders of every transformer family, each made once."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loradex.render.device import Placed

from .families import make_family

CPU = Placed("cpu", "float32", "cpu")
WIDTH, HEIGHT, STEPS = 96, 64, 3


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    torch = pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    torch.set_num_threads(1)
    made: dict[str, Path] = {}

    def folder(family: str) -> Path:
        if family not in made:
            made[family] = make_family(tmp_path_factory.mktemp(family) / family, family)
        return made[family]

    return folder


def draw(
    base: Any,
    prompts: list[str],
    seeds: list[int],
    guidance: list[float],
    negative: str = "",
    *,
    steps: int = STEPS,
    sampler: str = "Euler",
) -> list[np.ndarray[Any, Any]]:
    """Draw one picture per prompt, all in one batch; return their pixels."""
    import torch

    from loradex.render.bases.base import Condition
    from loradex.render.denoise import generators_of, go_down

    generators = generators_of(seeds)
    noise = torch.cat([base.noise(one, WIDTH, HEIGHT) for one in generators])
    schedule = base.schedule(sampler, steps, WIDTH, HEIGHT)
    conditions = [
        Condition(base.encode(text), base.encode(negative, negative=True), one)
        for text, one in zip(prompts, guidance, strict=True)
    ]
    batch = base.join(conditions, WIDTH, HEIGHT)
    start = schedule.start(noise.to(base.latent_dtype()))
    latents = go_down(base, schedule, start, batch, generators, on_step=lambda *_: None)
    return [np.asarray(base.decode(one[None])).astype(int) for one in latents]
