"""ControlNets of FLUX.1 and SD 3: a picture, as the VAE sees it, that steers a transformer.

They are read in diffusers' names, from a folder or a single file, whose shapes say what the
folder's configuration would. Union ControlNets, XLabs' and Stability's own for SD 3.5 are built
another way, and refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable
from loradex.render.bases.base import Base, Batch, Extra
from loradex.render.bases.coder import KLCoder
from loradex.render.bases.packing import pack_patches
from loradex.render.bases.picture import fitted
from loradex.render.bases.steering import Steering
from loradex.render.bases.weights import Weights, open_weights
from loradex.render.build import Kind, build
from loradex.render.device import Placed
from loradex.render.part_config import part_config
from loradex.render.safefile import weight_files

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Generator, Tensor, nn

_KINDS: Mapping[str, Kind] = {"flux": "controlnet-flux", "sd3": "controlnet-sd3"}
_OTHERS = {
    "controlnet_mode_embedder.weight": "a union ControlNet",
    "input_hint_block.conv_in.weight": "a ControlNet of XLabs' kind",
    "input_hint_block.0.weight": "a ControlNet of XLabs' kind",
}
_SIGN = "controlnet_blocks.0.weight"


def build_flow_control(path: Path, base: Base, placed: Placed) -> nn.Module:
    """Return the ControlNet in `path` for `base`; raise `NotRenderable` when it is none for it."""
    kind = _KINDS.get(base.family)
    if kind is None:
        raise NotRenderable(f"{path.name} cannot steer: a {base.family} checkpoint has no way in.")
    (whole,) = weight_files(path)[:1] if path.is_dir() else (path,)
    with open_weights(whole) as file:
        for sign, words in _OTHERS.items():
            if sign in file.names:
                raise NotRenderable(f"{path.name} is {words}, which is not drawn with.")
        if _SIGN not in file.names:
            raise NotRenderable(f"{path.name} is no ControlNet for {base.family} checkpoints.")
        theirs = base.modules()["transformer"].config
        config = (_flux if base.family == "flux" else _sd3)(file, theirs)
        _refuse_other(path, config, theirs)
        if path.is_dir():
            config |= part_config(path, kind)

        def look_up(name: str) -> Tensor | None:
            return file.tensor(name) if name in file.names else None

        return build(kind, config, look_up, placed)


def seen_by(
    control: nn.Module,
    base: Base,
    pictures: Sequence[Image],
    generators: Sequence[Generator],
    size: tuple[int, int],
) -> Tensor:
    """Return what the VAE sees in each steering picture, as the ControlNet takes it.

    FLUX.1's pipelines draw from it with the picture's own generator before its noise. SD 3's do
    with one that nobody seeds; here that one is always the same.
    """
    import torch  # noqa: PLC0415 - heavy

    sd3 = base.family == "sd3"
    seen = [
        base.latents_of(fitted(picture, size), torch.Generator().manual_seed(0) if sd3 else own)
        for picture, own in zip(pictures, generators, strict=True)
    ]
    latents = torch.cat(seen)
    if sd3 and _zeroes_pooled(control) and isinstance(base.coder, KLCoder):
        # These were trained on latents that were not shifted.
        latents = latents + base.coder.offset
    if not sd3:
        latents = pack_patches(latents)
    return latents.to(next(control.parameters()))


def steer_flow(
    control: nn.Module, seen: Tensor, batch: Batch, steering: Steering, *, steps: int
) -> Extra:
    """Return what to put into `batch.extras`; `seen` is of `seen_by`."""
    import torch  # noqa: PLC0415 - heavy

    numbers = count()
    shown = torch.cat([seen, seen]) if batch.guided else seen
    asks = _asks_sd3 if hasattr(control, "pos_embed_input") else _asks_flux

    def extra(
        latents: Tensor, timestep: Tensor, arguments: Mapping[str, object]
    ) -> Mapping[str, object]:
        strength = steering.at(next(numbers), steps)
        if not strength:
            return {}
        return asks(
            control,
            latents,
            timestep.expand(latents.shape[0]),
            {**arguments, "controlnet_cond": shown, "conditioning_scale": strength},
            batch.guidance,
        )

    return extra


def _asks_flux(
    control: nn.Module,
    latents: Tensor,
    timestep: Tensor,
    arguments: dict[str, object],
    guidance: Sequence[float],
) -> Mapping[str, object]:
    import torch  # noqa: PLC0415 - heavy

    guided = bool(control.config.guidance_embeds)  # type: ignore[union-attr]
    arguments["guidance"] = torch.tensor(guidance, device=latents.device) if guided else None
    double, single = control(
        hidden_states=latents,
        timestep=timestep.to(latents.dtype) / 1000,
        **arguments,
        return_dict=False,
    )
    return {"controlnet_block_samples": double, "controlnet_single_block_samples": single}


def _asks_sd3(
    control: nn.Module,
    latents: Tensor,
    timestep: Tensor,
    arguments: dict[str, object],
    _guidance: Sequence[float],
) -> Mapping[str, object]:
    import torch  # noqa: PLC0415 - heavy

    pooled = arguments["pooled_projections"]
    if _zeroes_pooled(control) and isinstance(pooled, torch.Tensor):
        arguments["pooled_projections"] = torch.zeros_like(pooled)
    (blocks,) = control(hidden_states=latents, timestep=timestep, **arguments, return_dict=False)
    return {"block_controlnet_hidden_states": blocks}


def _zeroes_pooled(control: nn.Module) -> bool:
    return bool(getattr(control.config, "force_zeros_for_pooled_projection", False))


def _flux(file: Weights, theirs: object) -> dict[str, object]:
    """Return the configuration of a FLUX.1 ControlNet from its shapes."""
    width, channels = _shape(file, "controlnet_x_embedder.weight")
    head = _shape(file, "transformer_blocks.0.attn.norm_q.weight")[0]
    return {
        "in_channels": channels,
        "num_layers": _count(file, "transformer_blocks."),
        "num_single_layers": _count(file, "single_transformer_blocks."),
        "attention_head_dim": head,
        "num_attention_heads": max(1, width // head),
        "joint_attention_dim": _shape(file, "context_embedder.weight")[1],
        "pooled_projection_dim": _pooled(file),
        "guidance_embeds": "time_text_embed.guidance_embedder.linear_1.weight" in file.names,
        "axes_dims_rope": getattr(theirs, "axes_dims_rope", None),
    }


def _sd3(file: Weights, theirs: object) -> dict[str, object]:
    """Return the configuration of an SD 3 ControlNet from its shapes."""
    width, channels, patch = _shape(file, "pos_embed.proj.weight")[:3]
    layers = _count(file, "transformer_blocks.")
    head = getattr(theirs, "attention_head_dim", 64)
    places = _shape(file, "pos_embed.pos_embed")[1]
    return {
        "patch_size": patch,
        "in_channels": channels,
        "num_layers": layers,
        "attention_head_dim": head,
        "num_attention_heads": max(1, width // head),
        "joint_attention_dim": _shape(file, "context_embedder.weight")[1],
        "caption_projection_dim": _shape(file, "context_embedder.weight")[0],
        "pooled_projection_dim": _pooled(file),
        "pos_embed_max_size": int(places**0.5),
        "extra_conditioning_channels": _shape(file, "pos_embed_input.proj.weight")[1] - channels,
        "dual_attention_layers": tuple(
            layer
            for layer in range(layers)
            if f"transformer_blocks.{layer}.attn2.to_q.weight" in file.names
        ),
        "qk_norm": "rms_norm" if "transformer_blocks.0.attn.norm_q.weight" in file.names else None,
    }


def _refuse_other(path: Path, config: Mapping[str, object], theirs: object) -> None:
    for name in ("joint_attention_dim", "pooled_projection_dim", "num_attention_heads"):
        wanted = getattr(theirs, name, None)
        if config[name] != wanted:
            raise NotRenderable(
                f"{path.name} was made for another kind of checkpoint: its {name} is"
                f" {config[name]}, and this one's {wanted}."
            )


def _pooled(file: Weights) -> int:
    return _shape(file, "time_text_embed.text_embedder.linear_1.weight")[1]


def _shape(file: Weights, name: str) -> tuple[int, ...]:
    if name not in file.names:
        raise NotRenderable(f"{file.path.name} lacks the weight {name}.")
    return file.shape(name)


def _count(file: Weights, root: str) -> int:
    numbers = {
        name.removeprefix(root).partition(".")[0] for name in file.names if name.startswith(root)
    }
    return len([number for number in numbers if number.isdigit()])
