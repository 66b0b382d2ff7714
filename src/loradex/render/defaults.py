"""What suits a checkpoint when a person asks for nothing: size, steps, guidance, sampler.

Known from its base model, from what is known of it (variant, derivative, prediction) and, for
distilled versions, from its name: their weights have no other shape than those of the original.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from loradex.domain.kinds import BaseModel
from loradex.render.schedules import AUTOMATIC

_B = BaseModel


@dataclass(frozen=True, slots=True)
class Suits:
    """Settings that suit a checkpoint; names of sampler and schedule are A1111's.

    A guidance of 1 is off: the negative prompt is not read. Width and height are in pixels.
    """

    width: int
    height: int
    steps: int
    guidance: float
    sampler: str = "Euler"
    schedule: str = AUTOMATIC
    clip_skip: int = 1


def _square(side: int, steps: int, guidance: float, sampler: str = "Euler") -> Suits:
    return Suits(side, side, steps, guidance, sampler)


_USUAL = _square(512, 20, 7.0, "DPM++ 2M")

_BASES: Mapping[BaseModel, Suits] = {
    # Steps, guidance and sampler that A1111 1.9 and later begin with.
    _B.SD1: _USUAL,
    _B.SD2: _USUAL,
    # Guidance as in Stability's own demo (generative-models) and diffusers; DPM++ 2M needs no
    # more steps than this.
    _B.SDXL: _square(1024, 25, 5.0, "DPM++ 2M"),
    # Model card of stable-diffusion-3-medium.
    _B.SD3: _square(1024, 28, 7.0),
    # Guidance of the card of FLUX.1-dev, steps of diffusers' pipeline.
    _B.FLUX1: _square(1024, 28, 3.5),
    # Model card of FLUX.2-dev, which is also that of the klein base models.
    _B.FLUX2: _square(1024, 50, 4.0),
    # Model card of Chroma1-HD.
    _B.CHROMA: _square(1024, 40, 3.0),
    # Model card of Qwen-Image.
    _B.QWEN_IMAGE: _square(1328, 50, 4.0),
    # Defaults of diffusers' pipeline; the card gives 28 to 50 steps and a guidance of 3 to 5.
    _B.Z_IMAGE: _square(1024, 50, 5.0),
}

_VARIANTS: Mapping[tuple[BaseModel, str], Suits] = {
    # Model cards of stable-diffusion-3.5-large, -medium and -large-turbo.
    (_B.SD3, "3.5-large"): _square(1024, 28, 3.5),
    (_B.SD3, "3.5-medium"): _square(1024, 40, 4.5),
    (_B.SD3, "turbo"): _square(1024, 4, 1.0),
    # Model card of FLUX.1-schnell; it has no guidance.
    (_B.FLUX1, "schnell"): _square(1024, 4, 1.0),
    # Model card of FLUX.2-klein-4B.
    (_B.FLUX2, "klein"): _square(1024, 4, 1.0),
    # Model card of Z-Image-Turbo: 9 steps are 8 calls of the network there.
    (_B.Z_IMAGE, "turbo"): _square(1024, 9, 1.0),
    # Model cards of sd-turbo and sdxl-turbo: 1 to 4 steps of 512 pixels without guidance.
    (_B.SD2, "turbo"): Suits(512, 512, 4, 1.0, "Euler a", "SGM Uniform"),
    (_B.SDXL, "turbo"): Suits(512, 512, 4, 1.0, "Euler a", "SGM Uniform"),
    # Card of DreamShaper XL Turbo; merges with Turbo keep the size of SDXL.
    (_B.SDXL, "turbo merge"): Suits(1024, 1024, 7, 2.0, "DPM++ SDE", "Karras"),
    # Model card of SDXL-Lightning: Euler with trailing steps, no guidance.
    (_B.SDXL, "lightning"): Suits(1024, 1024, 4, 1.0, "Euler", "SGM Uniform"),
    # Model card of Hyper-SD: DDIM with trailing steps, no guidance.
    (_B.SDXL, "hyper"): Suits(1024, 1024, 8, 1.0, "DDIM", "SGM Uniform"),
    (_B.SD1, "hyper"): Suits(512, 512, 8, 1.0, "DDIM", "SGM Uniform"),
    # Model cards of LCM-LoRA: 2 to 8 steps, guidance from 1 to 2.
    (_B.SDXL, "lcm"): _square(1024, 8, 1.5, "LCM"),
    (_B.SD1, "lcm"): _square(512, 8, 1.5, "LCM"),
    # Model card of DMD2.
    (_B.SDXL, "dmd2"): _square(1024, 4, 1.0, "LCM"),
}

_DERIVATIVES: Mapping[str, Suits] = {
    # Page of Pony Diffusion V6 XL: Euler a, 25 steps, clip skip 2.
    "pony": Suits(1024, 1024, 25, 7.0, "Euler a", clip_skip=2),
    # Model card of Illustrious XL: Euler a, 20 to 28 steps, guidance from 5 to 7.5.
    "illustrious": _square(1024, 28, 6.0, "Euler a"),
    # Model card of NoobAI-XL: Euler a, 25 to 30 steps, guidance from 5 to 6.
    "noobai": _square(1024, 28, 5.5, "Euler a"),
    # Model card of Animagine XL 4.0.
    "animagine": _square(1024, 28, 5.0, "Euler a"),
}
# Model card of NoobAI-XL V-Pred: Euler and no other, 28 to 35 steps, guidance from 4 to 5.
_NOOBAI_V = _square(1024, 30, 4.5, "Euler")

_FEW_STEPS = (
    ("lightning", re.compile(r"lightning", re.IGNORECASE)),
    ("hyper", re.compile(r"hyper[-_ ]?(?:sdx?l?|xl|\d+[-_ ]?steps?)", re.IGNORECASE)),
    ("dmd2", re.compile(r"dmd[-_ ]?2", re.IGNORECASE)),
    ("lcm", re.compile(r"(?<![a-z])lcm(?![a-z])", re.IGNORECASE)),
    ("turbo", re.compile(r"turbo", re.IGNORECASE)),
)
_STEPS = re.compile(r"(?<!\d)(\d{1,2})[-_ ]?steps?(?![a-z])", re.IGNORECASE)
_SDXL_TURBO = re.compile(r"^sd_?-?xl[-_ ]?turbo", re.IGNORECASE)
_SD35 = re.compile(r"3[._]?5[-_ ]?(large|medium)", re.IGNORECASE)
_KLEIN = re.compile(r"klein", re.IGNORECASE)
_UNDISTILLED = re.compile(r"(?<![a-z])base(?![a-z])", re.IGNORECASE)
_SD2_WIDE = 768


def defaults_for(
    base: str | None,
    *,
    name: str = "",
    variant: str | None = None,
    derivative: str | None = None,
    prediction: str | None = None,
) -> Suits:
    """Return what suits a checkpoint of this base; for an unknown one, what suits SD 1.x.

    `name` is the file's or the model's; the others are an identity's own words.
    """
    try:
        known = BaseModel(base or "")
    except ValueError:
        return _USUAL
    kind = _few_step_kind(known, name, variant)
    suits = _VARIANTS.get((known, kind or variant or ""))
    if kind and suits:
        steps = _STEPS.search(name)
        return replace(suits, steps=int(steps[1])) if steps and int(steps[1]) > 0 else suits
    if suits is None:
        suits = _BASES.get(known, _USUAL)
    if known == _B.SDXL and derivative:
        of_v = derivative == "noobai" and prediction == "v_prediction"
        return _NOOBAI_V if of_v else _DERIVATIVES.get(derivative, suits)
    if known == _B.SD2 and prediction == "v_prediction":
        # Of the SD 2 models those with v-prediction were trained on 768 pixels.
        return replace(suits, width=_SD2_WIDE, height=_SD2_WIDE)
    return suits


def _few_step_kind(base: BaseModel, name: str, variant: str | None) -> str | None:
    """Return the distillation that a checkpoint's variant or name tells of; None for none."""
    if base == _B.FLUX2:
        small = _KLEIN.search(f"{name} {variant}")
        return "klein" if small and not _UNDISTILLED.search(name) else None
    if base == _B.Z_IMAGE:
        return None if _UNDISTILLED.search(name) or variant == "base" else "turbo"
    for kind, pattern in _FEW_STEPS:
        if (variant == kind or pattern.search(name)) and (base, kind) in _VARIANTS:
            merged = base == _B.SDXL and kind == "turbo" and not _SDXL_TURBO.search(name)
            return "turbo merge" if merged and variant != kind else kind
    large = _SD35.search(name) if base == _B.SD3 and variant is None else None
    return f"3.5-{large[1].lower()}" if large else None
