"""TAESD: a decoder of a few layers that shows about what a VAE would (`taesd`).

Its files hold the decoder alone, numbered layer by layer, or encoder and decoder in diffusers'
names. Latents go in as the denoiser made them. Pictures to begin from are still seen by the VAE.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable
from loradex.render.bases.base import Base, Family
from loradex.render.bases.coder import Coder
from loradex.render.bases.picture import refuse_nan, to_picture
from loradex.render.bases.weights import Weights, open_weights
from loradex.render.device import Placed
from loradex.render.quiet import offline_and_quiet

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Generator, Tensor, nn

_CHANNELS: Mapping[Family, int] = {
    "sd1": 4,
    "sd2": 4,
    "sdxl": 4,
    "sd3": 16,
    "flux": 16,
    "chroma": 16,
    "z-image": 16,
}
"""Families with a TAESD of their own; those of Qwen-Image and FLUX.2 are built another way."""
_ROOTS = (("decoder.layers.", 0), ("taesd_decoder.", 1), ("", 1))
"""How layers are called, and what their numbers begin with: the authors' have a clamp first."""
_MOST_LAYERS = 64


def load_tiny(path: Path, base: Base, placed: Placed) -> Coder:
    """Return the decoder in `path` for `base`; raise `NotRenderable` when it is none for it."""
    wanted = _CHANNELS.get(base.family)
    with offline_and_quiet(), open_weights(path) as file:
        names = _decoder(file)
        if not names or file.shape(names["0.weight"])[1] != wanted:
            raise NotRenderable(f"{path.name} is not a TAESD for {base.family} checkpoints.")
        return _TinyCoder(_built(file, names, placed, path.name), base.coder)


class _TinyCoder:
    """Decodes with a tiny network, and encodes with the VAE that it stands in for."""

    def __init__(self, decoder: nn.Module, whole: Coder) -> None:
        from torch import nn  # noqa: PLC0415 - heavy

        self._decoder = decoder
        self._whole = whole
        self.vae: nn.Module = nn.ModuleList([decoder, whole.vae])

    def decode(self, latents: Tensor, *, tiled: bool) -> Image:
        """Return the picture; it takes too little memory to need tiles."""
        import torch  # noqa: PLC0415 - heavy

        refuse_nan(latents)
        with torch.inference_mode():
            picture = self._decoder(latents.to(next(self._decoder.parameters())))[0]
        return to_picture(picture)

    def encode(self, picture: Image | Tensor, generator: Generator) -> Tensor:
        """Return what the VAE sees."""
        return self._whole.encode(picture, generator)


def _decoder(file: Weights) -> dict[str, str]:
    """Return the decoder's weights by diffusers' names without their root; empty for no TAESD."""
    for root, first in _ROOTS:
        if f"{root}{first}.weight" not in file.names or f"{root}{first + 2}.conv.0.weight" not in (
            file.names
        ):
            continue
        found = {}
        for name in file.names:
            number, dot, rest = name.removeprefix(root).partition(".")
            if name.startswith(root) and dot and number.isdigit():
                found[f"{int(number) - first}.{rest}"] = name
        return found
    return {}


def _built(file: Weights, names: Mapping[str, str], placed: Placed, called: str) -> nn.Module:
    """Return the decoder with its weights; how many blocks there are stands in its numbers."""
    import torch  # noqa: PLC0415 - heavy
    from diffusers.models.autoencoders.vae import DecoderTiny  # noqa: PLC0415

    blocks = _blocks(names)
    width = file.shape(names["0.weight"])[0]
    if not blocks or width > 1024:
        raise NotRenderable(f"The layers of {called} are not those of a TAESD.")
    with torch.device("meta"):
        decoder: nn.Module = DecoderTiny(
            in_channels=file.shape(names["0.weight"])[1],
            out_channels=3,
            num_blocks=blocks,
            block_out_channels=(width,) * len(blocks),
            upsampling_scaling_factor=2,
            act_fn="relu",
            upsample_fn="nearest",
        )
    weights: dict[str, Tensor] = {}
    for name, expected in decoder.state_dict().items():
        theirs = names.get(name.removeprefix("layers."))
        if theirs is None or file.shape(theirs) != tuple(expected.shape):
            raise NotRenderable(f"{called} lacks a weight {name} of {list(expected.shape)}.")
        weights[name] = file.tensor(theirs).to(placed.device, placed.torch_dtype, copy=True)
    decoder.load_state_dict(weights, strict=True, assign=True)
    return decoder.eval().requires_grad_(False)


def _blocks(names: Mapping[str, str]) -> tuple[int, ...]:
    """Return how many residual blocks follow one another between the enlargements."""
    counts: list[int] = []
    run = 0
    for number in range(2, _MOST_LAYERS):
        if f"{number}.conv.0.weight" in names:
            run += 1
        elif f"{number}.weight" in names:
            counts.append(run)
            run = 0
    return tuple(counts)
