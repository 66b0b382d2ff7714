"""What a grid can vary: the kinds of axes, their values, and a cell as axes fill it in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from loradex.domain.recipe import GridModel, GridPicture, RenderSettings


class AxisKind(StrEnum):
    """What an axis varies. The order is that of loading cost: the first is varied last."""

    CHECKPOINT = "checkpoint"
    VAE = "vae"
    CONTROL = "control"
    LORA = "lora"
    LORA2 = "lora2"
    STRENGTH = "strength"
    STRENGTH_CLIP = "strength_clip"
    STRENGTH2 = "strength2"
    BLOCKS = "blocks"
    SIZE = "size"
    STEPS = "steps"
    SAMPLER = "sampler"
    SCHEDULE = "schedule"
    CLIP_SKIP = "clip_skip"
    PROMPT = "prompt"
    PROMPT_PART = "prompt_part"
    TRIGGER = "trigger"
    NEGATIVE = "negative"
    GUIDANCE = "guidance"
    CONTROL_IMAGE = "control_image"
    CONTROL_STRENGTH = "control_strength"
    CONTROL_START = "control_start"
    CONTROL_END = "control_end"
    INIT_IMAGE = "init_image"
    DENOISING = "denoising"
    MASK = "mask"
    SEED = "seed"


Value = GridModel | GridPicture | tuple[int, int] | str | float | int | bool | None
"""What an axis sets: a model, a picture, a size in pixels, a text, a number; None for "without"."""


@dataclass(frozen=True, slots=True)
class AxisValue:
    """One value of an axis and the short text that stands for it on a sheet."""

    value: Value
    label: str


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing a grid varies. `find` is, for a prompt part, the text that its values replace."""

    kind: AxisKind
    values: tuple[AxisValue, ...]
    find: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The values as short texts."""
        return tuple(value.label for value in self.values)


@dataclass(frozen=True, slots=True)
class Draft:
    """A cell while axes fill it in, one field for each kind of axis.

    `trigger` True and a text (words of one's own) put trigger words into the prompt at every
    strength, False never; None means: where the LoRA acts, so that they come and go with it.
    `strength_clip` None means: as `strength`. `parts` are texts to find in the prompt, each with
    what to put there. `few_steps` is a LoRA that distils the checkpoint, and so acts in every cell.
    """

    checkpoint: GridModel
    prompt: str
    lora: GridModel | None = None
    strength: float = 1.0
    strength_clip: float | None = None
    blocks: str = ""
    lora2: GridModel | None = None
    strength2: float = 1.0
    trigger: bool | str | None = None
    parts: tuple[tuple[str, str], ...] = ()
    negative_prompt: str = ""
    seed: int = 1
    settings: RenderSettings = field(default_factory=RenderSettings)
    vae: GridModel | None = None
    init_image: GridPicture | None = None
    denoising: float = 0.75
    mask: GridPicture | None = None
    control: GridModel | None = None
    control_image: GridPicture | None = None
    control_strength: float = 1.0
    control_start: float = 0.0
    control_end: float = 1.0
    few_steps: GridModel | None = None
    few_strength: float = 1.0
