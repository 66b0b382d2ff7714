"""Read a ControlNet or T2I-adapter from a file or a diffusers folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable
from loradex.render.bases.weights import Weights, open_weights
from loradex.render.build import build
from loradex.render.device import Placed
from loradex.render.infer import Shapes, unet_layout
from loradex.render.naming import unet_ldm_name
from loradex.render.safefile import weight_files

if TYPE_CHECKING:
    from torch import Tensor, nn

_PREFIXES = ("control_model.", "controlnet.", "")
_LAYERS = 2
_HINT = re.compile(r"controlnet_cond_embedding\.(conv_in|conv_out|blocks\.(\d+))\.")
_OTHERS = {
    "task_embedding": "a union ControlNet",
    "control_add_embedding.linear_1.weight": "a union ControlNet",
    "lora_controlnet": "a Control-LoRA",
    "controlnet_x_embedder.weight": "a ControlNet for FLUX",
}
_XL_SHRINK, _SHRINK = 16, 8
_RESNETS = 2
"""Per level of an adapter."""
_ROW = re.compile(r"body\.(\d+)\.(?!resnets)(?=(?:block[12]|in_conv)\.)")


def ldm_name(name: str) -> str:
    """Return the LDM name of a ControlNet's parameter."""
    hint = _HINT.match(name)
    if hint:
        number = {"conv_in": 0, "conv_out": 14}.get(hint.group(1))
        place = 2 * (int(hint.group(2)) + 1) if number is None else number
        return f"input_hint_block.{place}.{name[hint.end() :]}"
    if name.startswith("controlnet_down_blocks."):
        _, block, rest = name.split(".", 2)
        return f"zero_convs.{block}.0.{rest}"
    if name.startswith("controlnet_mid_block."):
        return f"middle_block_out.0.{name.removeprefix('controlnet_mid_block.')}"
    return unet_ldm_name(name, layers=_LAYERS, attention_levels=frozenset())


def is_adapter(path: Path) -> bool:
    """Tell whether a file or folder holds a T2I-adapter."""
    with _opened(path) as file:
        return any(name.startswith(("adapter.body.", "body.")) for name in file.names)


def build_controlnet(path: Path, unet: nn.Module, placed: Placed) -> nn.Module:
    """Return the ControlNet in `path`, made for checkpoints with such a U-Net.

    Raises `NotRenderable`.
    """
    with _opened(path) as file:
        for sign, words in _OTHERS.items():
            if sign in file.names:
                raise NotRenderable(f"{path.name} is {words}, which is not drawn with.")
        prefix = _prefix(file)
        native = f"{prefix}input_hint_block.0.weight" in file.names
        names = {name.removeprefix(prefix): name for name in file.names if name.startswith(prefix)}
        shapes = {
            name if native else ldm_name(name): file.shape(full) for name, full in names.items()
        }
        times = getattr(unet.config, "addition_time_embed_dim", None)
        if (times is None) == ("label_emb.0.0.weight" in shapes):
            raise NotRenderable(f"{path.name} was made for another kind of checkpoint.")
        config = _controlnet_config(shapes, times)
        _refuse_other_base(path, config, unet)

        def look_up(name: str) -> Tensor | None:
            full = names.get(ldm_name(name) if native else name)
            return None if full is None else file.tensor(full)

        return build("controlnet", config, look_up, placed)


def _controlnet_config(shapes: Shapes, times: object) -> dict[str, object]:
    """Return diffusers' configuration from LDM-named shapes."""
    # A ControlNet is the first half of a U-Net, and has no way out of its own.
    whole = {**shapes, "out.2.weight": (4, 1, 3, 3)}
    label = shapes.get("label_emb.0.0.weight")
    pooled = label[1] - 6 * times if label is not None and isinstance(times, int) else None
    config = unet_layout(whole, pooled=pooled).config
    hints = [shapes.get(f"input_hint_block.{number}.weight") for number in (0, 4, 8, 12)]
    if None in hints:
        raise NotRenderable("The ControlNet's way in for the picture cannot be told.")
    for unused in ("out_channels", "up_block_types", "sample_size"):
        config.pop(unused)
    return config | {
        "conditioning_channels": shapes["input_hint_block.0.weight"][1],
        "conditioning_embedding_out_channels": [hint[0] for hint in hints if hint is not None],
    }


def _refuse_other_base(path: Path, config: Mapping[str, object], unet: nn.Module) -> None:
    known = unet.config
    widths = config["block_out_channels"]
    theirs = (config["cross_attention_dim"], widths)
    ours = (known.cross_attention_dim, list(known.block_out_channels))  # type: ignore[union-attr, arg-type]
    if theirs != ours:
        raise NotRenderable(
            f"{path.name} was made for another kind of checkpoint: it reads texts of width "
            f"{theirs[0]}, and this one's have {ours[0]}."
        )


def build_adapter(path: Path, unet: nn.Module, placed: Placed) -> nn.Module:
    """Return the T2I-adapter in `path`, made for checkpoints like `unet`'s; raise `NotRenderable`.

    Those for SDXL shrink the picture by 16 before they look at it, the others by 8.
    """
    with _opened(path) as file:
        names = {_adapter_name(name): name for name in file.names}
        config = _adapter_config(path, file, names)
        wide = tuple(unet.config.block_out_channels)  # type: ignore[union-attr, arg-type]
        if any(one != other for one, other in zip(config.channels, wide, strict=False)):
            raise NotRenderable(f"{path.name} was made for another kind of checkpoint.")

        def look_up(name: str) -> Tensor | None:
            full = names.get(name)
            return None if full is None else file.tensor(full)

        return build("t2i-adapter", config.options(), look_up, placed)


@dataclass(frozen=True, slots=True)
class _Adapter:
    channels: tuple[int, ...]
    inputs: int
    shrink: int

    def options(self) -> dict[str, object]:
        return {
            "in_channels": self.inputs,
            "channels": list(self.channels),
            "num_res_blocks": _RESNETS,
            "downscale_factor": self.shrink,
            "adapter_type": "full_adapter_xl" if self.shrink == _XL_SHRINK else "full_adapter",
        }


def _adapter_name(name: str) -> str:
    """Return diffusers' name: the first files number all resnets in one row."""
    found = _ROW.match(name)
    if found is None:
        return name if name.startswith("adapter.") else f"adapter.{name}"
    level, resnet = divmod(int(found.group(1)), _RESNETS)
    rest = name[found.end() :]
    inner = rest if rest.startswith("in_conv.") else f"resnets.{resnet}.{rest}"
    return f"adapter.body.{level}.{inner}"


def _adapter_config(path: Path, file: Weights, names: Mapping[str, str]) -> _Adapter:
    channels: list[int] = []
    while (name := names.get(f"adapter.body.{len(channels)}.resnets.0.block1.weight")) is not None:
        channels.append(file.shape(name)[0])
    first = names.get("adapter.conv_in.weight")
    if first is None or not channels:
        raise NotRenderable(f"{path.name} is a light T2I-adapter, or none, and is not drawn with.")
    seen = file.shape(first)[1]
    shrink = _XL_SHRINK if seen in (_XL_SHRINK**2, 3 * _XL_SHRINK**2) else _SHRINK
    return _Adapter(tuple(channels), seen // shrink**2, shrink)


def _prefix(file: Weights) -> str:
    for prefix in _PREFIXES:
        for sign in ("input_hint_block.0.weight", "controlnet_cond_embedding.conv_in.weight"):
            if prefix + sign in file.names:
                return prefix
    raise NotRenderable(f"{file.path.name} is no ControlNet for SD 1.x, SD 2.x or SDXL.")


@contextmanager
def _opened(path: Path) -> Iterator[Weights]:
    (whole,) = weight_files(path)[:1] if path.is_dir() else (path,)
    with open_weights(whole) as file:
        yield file
