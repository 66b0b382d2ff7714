"""Every architecture in the order of decision: the first rule that holds wins.

A new architecture is a few lines in a family module (or a new module) and one name here. Put
it before the families whose names it borrows.
"""

from __future__ import annotations

from loradex.identify.families import (
    flux,
    hunyuan,
    lumina,
    misc,
    mmdit,
    nearest,
    pixart,
    unet,
    video,
    wan,
)
from loradex.identify.rules import Reader

MODELS: tuple[Reader, ...] = (
    *misc.NEIGHBOURS,
    *misc.MODELS,
    *unet.MODELS,
    *hunyuan.MODELS,
    *flux.MODELS,
    *mmdit.MODELS,
    *lumina.MODELS,
    *video.MODELS,
    *wan.MODELS,
    *pixart.MODELS,
)
"""Whole denoisers."""

BLOCKS: tuple[Reader, ...] = (
    *misc.BLOCKS,
    *unet.BLOCKS,
    *hunyuan.BLOCKS,
    *lumina.BLOCKS,
    *flux.BLOCKS,
    *wan.BLOCKS,
    *video.BLOCKS,
    *pixart.BLOCKS,
    *mmdit.BLOCKS,
)
"""What LoRAs and single shards show: block names and sizes only."""

NEAREST: tuple[Reader, ...] = nearest.NEAREST
"""Bases that remain when sizes are not kept or not known."""

MODULES: tuple[Reader, ...] = (*BLOCKS, *NEAREST)
"""What a LoRA's modules show, down to bare names."""
