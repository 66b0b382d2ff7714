"""How well a checkpoint knows pictures: what it is asked, and by how much it errs.

A picture is mixed with noise, and the checkpoint is asked for what it would have to answer in
training. A LoRA that has learnt the picture errs less than the checkpoint alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from loradex.domain.recipe import LoraUse


@dataclass(frozen=True, slots=True)
class NoiseDraw:
    """Which noise is mixed in, and how much of it.

    `level` lies between 0 (the picture) and 1 (noise alone). It is the share of the training
    steps where a checkpoint was trained on steps, and sigma where it was trained by flow matching.
    `seed` gives the same noise on every device.
    """

    level: float
    seed: int


@dataclass(frozen=True, slots=True)
class DenoisingVariant:
    """What helps the checkpoint: words, and LoRAs at their strengths."""

    prompt: str
    loras: tuple[LoraUse, ...] = ()


@dataclass(frozen=True, slots=True)
class DenoisingLoss:
    """The mean squared error of one answer, NaN when numbers ran out of range.

    `picture` and `variant` count those that were given.
    """

    picture: int
    variant: int
    draw: NoiseDraw
    loss: float
