"""Case C3: how long a LoRA for SDXL takes from its file to ready, beside diffusers."""

from __future__ import annotations

import gc
import statistics
import warnings
from collections.abc import Callable
from pathlib import Path

from diffusers import StableDiffusionXLPipeline
from lora_load import sdxl_unet, write_lora

from loradex.render.lora.file import match_lora
from loradex.render.lora.modules import modules_from
from loradex.render.lora.per_sample import PerSample
from loradex.render.lora.use import LoraAt

from .measure import clocked

GOAL_S = 0.25
_RANK = 32


def measured(folder: Path, *, rounds: int) -> dict[str, list[float]]:
    """Return CPU seconds of each round for both, by name.

    The file is in kohya's naming, rank 32, over 722 layers of SDXL's U-Net in bfloat16, read from
    the page cache. Ready means that the next forward pass has it.
    """
    warnings.filterwarnings("ignore")
    unet = sdxl_unet()
    path = folder / "kohya.safetensors"
    write_lora(path, unet, _RANK)
    modules = modules_from({"unet": unet})

    def ours() -> Callable[[], object]:
        lora = match_lora(path, modules, name="it", base=None)
        beside = PerSample([lora])
        beside.set([[LoraAt(lora, 0.8)]] * 2)
        return beside.remove

    def theirs() -> Callable[[], object]:
        state, alphas = StableDiffusionXLPipeline.lora_state_dict(
            str(path), unet_config=unet.config
        )
        StableDiffusionXLPipeline.load_lora_into_unet(
            state, alphas, unet, adapter_name="it", low_cpu_mem_usage=True
        )
        return unet.unload_lora

    seconds: dict[str, list[float]] = {"B0 load_lora_weights": [], "loradex": []}
    for turn in range(rounds + 1):
        for name, action in zip(seconds, (theirs, ours), strict=True):
            clean: list[Callable[[], object]] = []
            taken = clocked(lambda: clean.append(action()), cuda=False)  # noqa: B023 - called here
            clean[0]()
            gc.collect()
            if turn:
                seconds[name].append(taken)
    return seconds


def line(seconds: dict[str, list[float]]) -> tuple[str, float]:
    """Return the medians as a line, and ours."""
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    parts = [
        f"{name} {medians[name]:.3f} s ({min(times):.3f} to {max(times):.3f})"
        for name, times in seconds.items()
    ]
    return "; ".join(parts), medians["loradex"]
