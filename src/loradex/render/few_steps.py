"""LoRAs that distil a checkpoint to a few steps, and the settings that each was made for.

A file says in its name which distillation it is, and mostly for how many steps; sources are the
model cards on Hugging Face.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from loradex.domain.kinds import BaseModel
from loradex.render.schedules import AUTOMATIC

_B = BaseModel


@dataclass(frozen=True, slots=True)
class FewSteps:
    """What to draw with. Names are A1111's; a guidance of 1 is off."""

    steps: int
    guidance: float
    sampler: str = "Euler"
    schedule: str = AUTOMATIC
    strength: float = 1.0


_TRAILING = "SGM Uniform"
_KINDS: Mapping[str, re.Pattern[str]] = {
    "lightning": re.compile(r"lightning", re.IGNORECASE),
    "hyper": re.compile(r"hyper", re.IGNORECASE),
    "dmd2": re.compile(r"dmd[-_ ]?2", re.IGNORECASE),
    "tcd": re.compile(r"(?<![a-z])tcd(?![a-z])", re.IGNORECASE),
    "lcm": re.compile(r"(?<![a-z])lcm(?![a-z])", re.IGNORECASE),
    "turbo": re.compile(r"turbo", re.IGNORECASE),
}
_STEPS = re.compile(r"(?<!\d)(\d{1,2})[-_ ]?steps?(?![a-z])", re.IGNORECASE)
_GUIDED = re.compile(r"(?<![a-z])cfg(?![a-z])", re.IGNORECASE)

_MADE_FOR: Mapping[tuple[BaseModel, str], FewSteps] = {
    # ByteDance/SDXL-Lightning.
    (_B.SDXL, "lightning"): FewSteps(4, 1.0, "Euler", _TRAILING),
    # ByteDance/Hyper-SD; for FLUX.1 dev and SD 3 at an eighth of the strength.
    (_B.SD1, "hyper"): FewSteps(8, 1.0, "DDIM", _TRAILING),
    (_B.SDXL, "hyper"): FewSteps(8, 1.0, "DDIM", _TRAILING),
    (_B.FLUX1, "hyper"): FewSteps(8, 3.5, strength=0.125),
    (_B.SD3, "hyper"): FewSteps(8, 5.0, strength=0.125),
    # tianweiy/DMD2.
    (_B.SDXL, "dmd2"): FewSteps(4, 1.0, "LCM"),
    # h1t/TCD-SDXL-LoRA and TCD-SD15-LoRA.
    (_B.SD1, "tcd"): FewSteps(4, 1.0, "TCD"),
    (_B.SDXL, "tcd"): FewSteps(4, 1.0, "TCD"),
    # latent-consistency/lcm-lora-sdv1-5 and lcm-lora-sdxl.
    (_B.SD1, "lcm"): FewSteps(8, 1.5, "LCM"),
    (_B.SDXL, "lcm"): FewSteps(8, 1.5, "LCM"),
    # alimama-creative/FLUX.1-Turbo-Alpha.
    (_B.FLUX1, "turbo"): FewSteps(8, 3.5),
    # lightx2v/Qwen-Image-Lightning.
    (_B.QWEN_IMAGE, "lightning"): FewSteps(8, 1.0),
}
_PRESERVED = 7.0
"""Guidance of a LoRA that keeps it, which says CFG in its name: 5 to 8 on Hyper-SD's card."""


def few_steps_of(base: str | None, name: str) -> FewSteps | None:
    """Return the settings of a few-step LoRA by its name, None for one that is not known."""
    try:
        known = BaseModel(base or "")
    except ValueError:
        return None
    for kind, pattern in _KINDS.items():
        made_for = _MADE_FOR.get((known, kind))
        if made_for is None or not pattern.search(name):
            continue
        steps = _STEPS.search(name)
        if steps and int(steps[1]) > 0:
            made_for = replace(made_for, steps=int(steps[1]))
        if _GUIDED.search(name) and made_for.guidance == 1:
            made_for = replace(made_for, guidance=_PRESERVED)
        return made_for
    return None


def few_step_kinds() -> tuple[str, ...]:
    """Return the distillations that are known, for messages."""
    return tuple(_KINDS)
