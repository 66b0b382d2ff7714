"""A VAE in a file of its own or inside a checkpoint, by its authors' names or diffusers'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable
from loradex.render.bases.coder import Coder, Flux2Coder, KLCoder, QwenCoder
from loradex.render.bases.weights import Weights
from loradex.render.build import Kind, build
from loradex.render.device import Placed
from loradex.render.infer import NARROW, Shapes, vae_config
from loradex.render.naming import VAE_PREFIX, vae_ldm_name

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_PREFIXES = (VAE_PREFIX, "vae.", "")
_BATCH_NORM_EPSILON = 1e-4
"""FLUX.2's, which stands in no shape."""


@dataclass(frozen=True, slots=True)
class VaeSource:
    """Where a VAE lies: a file and the prefix of its names. `channels` are its latents'."""

    path: Path
    prefix: str
    kind: Kind
    channels: int
    native: bool


def find_vae(file: Weights) -> VaeSource | None:
    """Return the VAE in `file`, None when there is none of a known kind; names alone are read."""
    for prefix in _PREFIXES:
        if f"{prefix}decoder.middle.0.residual.2.weight" in file.names:
            channels = file.shape(f"{prefix}conv2.weight")[0]
            return VaeSource(file.path, prefix, "vae-qwen", channels, native=True)
        first = f"{prefix}decoder.conv_in.weight"
        if first not in file.names:
            continue
        shape = file.shape(first)
        if len(shape) == 5:
            return VaeSource(file.path, prefix, "vae-qwen", shape[1], native=False)
        kind: Kind = "vae-flux2" if f"{prefix}bn.running_mean" in file.names else "vae"
        native = f"{prefix}decoder.mid.block_1.conv1.weight" in file.names
        return VaeSource(file.path, prefix, kind, shape[1], native)
    return None


def build_coder(
    file: Weights, source: VaeSource, placed: Placed, *, scale: float, shift: float
) -> Coder:
    """Return the VAE at `source` on `placed`; scale and shift are the denoiser family's.

    Raises `NotRenderable`.
    """
    placed = decoding(placed)
    if source.kind == "vae-qwen":
        vae = _build_qwen(file, source, placed)
        return QwenCoder(vae, vae.config.latents_mean, vae.config.latents_std)  # type: ignore[union-attr, arg-type]
    vae = build_kl(file, source, placed)
    if source.kind == "vae-flux2":
        return Flux2Coder(vae, _BATCH_NORM_EPSILON)
    return KLCoder(vae, scale, shift)


def decoding(placed: Placed) -> Placed:
    """Return where and in what to decode: VAEs run out of range in float16."""
    return replace(placed, dtype="float32") if placed.dtype == "float16" else placed


def build_kl(
    file: Weights,
    source: VaeSource,
    placed: Placed,
    *,
    is_xl: bool = False,
    dtype: torch.dtype | None = None,
) -> nn.Module:
    """Return an `AutoencoderKL` on `placed`, in `dtype` where given; raise `NotRenderable`."""
    shapes = _shapes(file, source)
    levels = _levels(shapes)
    if not source.native:
        shapes = {vae_ldm_name(name, levels=levels): shape for name, shape in shapes.items()}
    config = vae_config(shapes, is_xl=is_xl, narrow=file.metadata.get(NARROW) == "1")
    config |= {
        "use_quant_conv": "quant_conv.weight" in shapes,
        "use_post_quant_conv": "post_quant_conv.weight" in shapes,
    }

    def look_up(name: str) -> Tensor | None:
        theirs = source.prefix + (vae_ldm_name(name, levels=levels) if source.native else name)
        if theirs not in file.names:
            return None
        tensor = file.tensor(theirs)
        # The only attention of a VAE is stored as 1x1 convolutions by some.
        square = ".mid.attn_1." in theirs and tensor.dim() == 4
        return tensor[:, :, 0, 0] if square else tensor

    return build(source.kind, config, look_up, placed, dtype=dtype)


def _build_qwen(file: Weights, source: VaeSource, placed: Placed) -> nn.Module:
    tensors: Mapping[str, Tensor] = {
        name: file.tensor(source.prefix + name) for name in _shapes(file, source)
    }
    if source.native:
        from diffusers.loaders.single_file_utils import (  # noqa: PLC0415 - heavy
            convert_wan_vae_to_diffusers,
        )

        # Qwen-Image's is Wan 2.1's, trained further.
        tensors = convert_wan_vae_to_diffusers(dict(tensors))
    first = tensors.get("encoder.conv_in.weight")
    if first is None:
        raise NotRenderable(f"{file.path.name} lacks the weight encoder.conv_in.weight.")
    base = max(1, int(first.shape[0]))
    levels = _video_levels(tensors)
    config = {
        "base_dim": base,
        "z_dim": source.channels,
        "dim_mult": [max(1, widths[0] // base) for widths in levels],
        "num_res_blocks": len(levels[0]),
    }

    def look_up(name: str) -> Tensor | None:
        return tensors.get(name)

    return build("vae-qwen", config, look_up, placed)


def _video_levels(tensors: Mapping[str, Tensor]) -> list[list[int]]:
    """Return the widths of the encoder's resnets, a list per resolution."""
    levels: list[list[int]] = [[]]
    for number in count():
        root = f"encoder.down_blocks.{number}"
        if f"{root}.conv1.weight" in tensors:
            levels[-1].append(int(tensors[f"{root}.conv1.weight"].shape[0]))
        elif f"{root}.resample.1.weight" in tensors:
            levels.append([])
        else:
            break
    if not all(levels):
        raise NotRenderable("The VAE's layers cannot be told from its weights.")
    return levels


def _shapes(file: Weights, source: VaeSource) -> Shapes:
    halves = ("encoder.", "decoder.", "quant_conv.", "post_quant_conv.", "bn.", "conv1.", "conv2.")
    names = (name for name in file.names if name.startswith(source.prefix))
    return {
        name.removeprefix(source.prefix): file.shape(name)
        for name in names
        if name.removeprefix(source.prefix).startswith(halves)
    }


def _levels(shapes: Shapes) -> int:
    found = {
        name.split(".")[2]
        for name in shapes
        if name.startswith(("encoder.down.", "encoder.down_b"))
    }
    return len(found)
