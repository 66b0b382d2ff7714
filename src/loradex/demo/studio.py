"""Tiny checkpoints and LoRAs that really draw, placed among the sample library's files.

Their weights are random from fixed seeds, so the pictures are patterns, not things; but they go
through the same code as any other model, in seconds on a CPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loradex.demo.library import SampleModel
from loradex.demo.sample_entries import HubFacts
from loradex.errors import ExtraMissing

SIZE = 128
"""Pixels a side of a demo picture."""
PROMPTS = ("a lantern at night, lntrnlght", "a mountain lake in the morning")

_LANTERN = HubFacts(
    model_id=7101,
    version_id=71011,
    model_name="Lantern Light",
    version_name="epoch 10",
    type="LORA",
    base_model="SD 1.5",
    trained_words=("lntrnlght", "warm glow"),
    tags=("style", "light"),
    description="Warm light in the corners. Drawn by the demo's tiny checkpoint.",
)
_RIPPLE = HubFacts(
    model_id=7102,
    version_id=71021,
    model_name="Ripple",
    version_name="v1",
    type="LORA",
    base_model="SD 1.5",
    trained_words=("rpplwtr",),
    tags=("style", "water"),
)


@dataclass(frozen=True, slots=True)
class Studio:
    """The files that draw, below the models folder."""

    checkpoint: Path
    checkpoint_xl: Path
    loras: tuple[Path, Path]
    lora_xl: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        return (self.checkpoint, self.checkpoint_xl, *self.loras, self.lora_xl)

    @property
    def known(self) -> tuple[SampleModel, ...]:
        """Those that the demo's hub knows."""
        lantern, ripple = self.loras
        return (SampleModel(lantern, _LANTERN), SampleModel(ripple, _RIPPLE))


def make_studio(models: Path) -> Studio | None:
    """Make what is not there yet; return None where the render extra is not installed."""
    studio = Studio(
        checkpoint=models / "checkpoints" / "sd15" / "tinyPainter_v10.safetensors",
        checkpoint_xl=models / "checkpoints" / "xl" / "tinyPainterXL",
        loras=(
            models / "loras" / "sd15" / "lntrn_e10.safetensors",
            models / "loras" / "sd15" / "ripple-000008.safetensors",
        ),
        lora_xl=models / "loras" / "xl" / "glow_xl.safetensors",
    )
    if all(path.exists() for path in studio.files):
        return studio
    try:
        _make(studio)
    except ExtraMissing:
        return None
    return studio


def _make(studio: Studio) -> None:
    from loradex.render.device import require_extra  # noqa: PLC0415 - torch is behind this
    from loradex.render.tiny import (  # noqa: PLC0415
        make_tiny_lora,
        make_tiny_pipeline,
        make_tiny_single_file,
    )

    require_extra()
    make_tiny_single_file(studio.checkpoint, shape="sd1", seed=1)
    make_tiny_pipeline(studio.checkpoint_xl, shape="sdxl", seed=2)
    for seed, path in enumerate(studio.loras, start=11):
        make_tiny_lora(path, shape="sd1", naming="kohya", seed=seed, rank=8)
    make_tiny_lora(studio.lora_xl, shape="sdxl", naming="peft", seed=21, rank=8)
