"""The size of pictures that a checkpoint was trained on, where it says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from loradex.errors import NotRenderable
from loradex.render.safefile import read_json

_SIDES = (64, 4096)
"""Pixels; a claim outside of these is a mistake."""
_NUMBERS = re.compile(r"\d{2,4}")


def folder_size(folder: Path) -> tuple[int, int] | None:
    """Return the width and height that a diffusers folder with a U-Net was made for, in pixels.

    The U-Net's `sample_size` counts latents, of which each stands for as many pixels as the VAE
    halves (diffusers: `vae_scale_factor`). None for other folders and where nothing is said.
    """
    try:
        unet = read_json(folder / "unet" / "config.json")
        vae = read_json(folder / "vae" / "config.json")
    except NotRenderable:
        return None
    latents, levels = unet.get("sample_size"), vae.get("block_out_channels")
    if not isinstance(latents, int) or not isinstance(levels, list) or not 1 <= len(levels) <= 6:
        return None
    return _sensible(latents * 2 ** (len(levels) - 1))


def claimed_size(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    """Return what a file's `modelspec.resolution` says: `1024x1024`, or one side."""
    sides = [int(number) for number in _NUMBERS.findall(metadata.get("modelspec.resolution", ""))]
    return _sensible(sides[0], sides[-1]) if sides else None


def _sensible(width: int, height: int | None = None) -> tuple[int, int] | None:
    """Return a size that can be drawn, None for one that cannot be meant."""
    sides = (width, width if height is None else height)
    least, most = _SIDES
    whole = all(least <= side <= most and side % 8 == 0 for side in sides)
    return sides if whole else None
