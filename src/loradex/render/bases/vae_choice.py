"""A VAE of one's own choice for a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from loradex.errors import NotRenderable
from loradex.render.bases.base import Family
from loradex.render.bases.coder import Coder, KLCoder
from loradex.render.bases.vae_file import build_coder, build_kl, decoding, find_vae
from loradex.render.bases.weights import open_weights
from loradex.render.build import Kind
from loradex.render.device import Placed
from loradex.render.quiet import offline_and_quiet

_NUMBERS: Mapping[Family, tuple[float, float]] = {
    "sd1": (0.18215, 0.0),
    "sd2": (0.18215, 0.0),
    "sdxl": (0.13025, 0.0),
    "sd3": (1.5305, 0.0609),
}
_FLUX_NUMBERS = (0.3611, 0.1159)
_KINDS: Mapping[Family, tuple[Kind, int]] = {
    "sd1": ("vae", 4),
    "sd2": ("vae", 4),
    "sdxl": ("vae", 4),
    "qwen": ("vae-qwen", 16),
    "flux2-klein": ("vae-flux2", 32),
}


def latent_numbers(family: Family) -> tuple[float, float]:
    """Return scale and shift of the latents a family was trained on; FLUX.1's serve several."""
    return _NUMBERS.get(family, _FLUX_NUMBERS)


def load_vae(path: Path, family: Family, placed: Placed) -> Coder:
    """Return the VAE in the single file `path` for checkpoints of `family`.

    Raises `NotRenderable` when there is none in it, or one for other latents.
    """
    with offline_and_quiet(), open_weights(path) as file:
        found = find_vae(file)
        if found is None or (found.kind, found.channels) != _KINDS.get(family, ("vae", 16)):
            raise NotRenderable(f"{path.name} is not a VAE for {family} checkpoints.")
        scale, shift = latent_numbers(family)
        if found.channels == _KINDS["sd1"][1]:
            is_xl = family == "sdxl"
            dtype = (decoding(placed) if is_xl else placed).torch_dtype
            return KLCoder(build_kl(file, found, placed, is_xl=is_xl, dtype=dtype), scale, shift)
        return build_coder(file, found, placed, scale=scale, shift=shift)
