"""Read a network's dimensions off the shapes in an LDM-named single file.

Such a file carries no configuration. Widths, depths and context size stand in the shapes; what
does not (heads, groups, activation, latent scale) follows the three families that use this layout:
SD 1.x (convolutional `proj_in`, 8 heads), SD 2.x and SDXL (linear `proj_in`, heads of width 64).
Files that say so in their metadata (`NARROW`) have fewer heads and groups, as the demo's has: with
the usual ones a group would hold a single channel, whose level it would wipe out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from loradex.errors import NotRenderable

Shapes = Mapping[str, tuple[int, ...]]

_LATENT_CHANNELS = 4
_INPAINTING_CHANNELS = 9
_HEAD_WIDTH = 64
_NARROW_HEAD_WIDTH = 32
NARROW = "loradex.narrow"
"""The key in a file's metadata that says "1" where its networks have few heads and groups."""
_TIME_IDS = 6
"""SDXL embeds six numbers: original size, crop and target size."""


@dataclass(frozen=True, slots=True)
class UNetLayout:
    """A U-Net's configuration in diffusers' words, with what naming its weights needs."""

    config: dict[str, object]
    layers: int
    attention_levels: frozenset[int]
    context: int
    is_xl: bool


def unet_layout(shapes: Shapes, *, pooled: int | None, narrow: bool = False) -> UNetLayout:
    """Return the layout of the U-Net whose LDM-named `shapes` (no prefix) these are.

    `pooled` is the width of the projected text output, None without one. Raises `NotRenderable`.
    """
    first = _shape(shapes, "input_blocks.0.0.weight")
    if first[1] != _INPAINTING_CHANNELS:
        refuse_other_inputs(first[1])
    levels = _levels(shapes)
    layers = len(levels[0])
    if any(len(level) != layers for level in levels):
        raise NotRenderable("The U-Net has a different number of layers at each level.")
    widths = [
        _shape(shapes, f"input_blocks.{level[0]}.0.in_layers.2.weight")[0] for level in levels
    ]
    depths = [_depth(shapes, f"input_blocks.{level[0]}.1") for level in levels]
    attended = [index for index, depth in enumerate(depths) if depth]
    if not attended or not _depth(shapes, "middle_block.1"):
        raise NotRenderable(
            "The U-Net has no text attention in its middle, as SSD-1B and Segmind-Vega.",
            hint="Such checkpoints are drawn from diffusers folders, not from single files.",
        )
    start = f"input_blocks.{levels[attended[0]][0]}.1"
    context = _shape(shapes, f"{start}.transformer_blocks.0.attn2.to_k.weight")[1]
    linear = len(_shape(shapes, f"{start}.proj_in.weight")) == 2
    label = shapes.get("label_emb.0.0.weight")
    config: dict[str, object] = {
        "in_channels": first[1],
        "out_channels": _shape(shapes, "out.2.weight")[0],
        "block_out_channels": widths,
        "layers_per_block": layers,
        "transformer_layers_per_block": [depth or 1 for depth in depths],
        "down_block_types": [
            "CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in depths
        ],
        "up_block_types": [
            "CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in reversed(depths)
        ],
        "mid_block_type": "UNetMidBlock2DCrossAttn",
        "cross_attention_dim": context,
        "use_linear_projection": linear,
        "attention_head_dim": _heads(widths, linear=linear, narrow=narrow),
        "norm_num_groups": _groups(widths[0], narrow=narrow),
        "sample_size": 64,
    }
    if label is not None:
        config |= _added_conditions(label[1], pooled)
    last = len(widths) - 1
    up_levels = frozenset(last - index for index in attended)
    return UNetLayout(config, layers, up_levels, context, label is not None)


def _groups(width: int, *, narrow: bool) -> int:
    """Return into how many groups a network whose first level has `width` channels is normed."""
    return max(1, min(32, width // 4)) if narrow else 32


def _heads(widths: Sequence[int], *, linear: bool, narrow: bool) -> list[int] | int:
    if linear:
        return [max(1, width // _HEAD_WIDTH) for width in widths]
    return [max(1, min(8, width // _NARROW_HEAD_WIDTH)) for width in widths] if narrow else 8


def refuse_other_inputs(channels: int) -> None:
    """Raise `NotRenderable` for a U-Net that is not plain text to image, which takes four."""
    if channels != _LATENT_CHANNELS:
        uses = {9: "inpainting", 8: "editing pictures", 5: "depth maps", 7: "upscaling"}
        use = uses.get(channels, "something other than text")
        raise NotRenderable(
            f"This checkpoint is made for {use}: its U-Net takes {channels} channels, not 4.",
            hint="Choose a text-to-image checkpoint.",
        )


def _added_conditions(width: int, pooled: int | None) -> dict[str, object]:
    if pooled is None or (width - pooled) % _TIME_IDS or width <= pooled:
        raise NotRenderable(
            f"The U-Net wants {width} added numbers, which does not fit the text encoders.",
            hint="SDXL refiners and Kolors are not drawn from.",
        )
    return {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": (width - pooled) // _TIME_IDS,
        "projection_class_embeddings_input_dim": width,
    }


def _levels(shapes: Shapes) -> list[list[int]]:
    """Return the numbers of the input blocks with a resnet, a list per resolution."""
    levels: list[list[int]] = [[]]
    for number in range(1, 1 + _count(shapes, r"input_blocks\.(\d+)\.")):
        if f"input_blocks.{number}.0.op.weight" in shapes:
            levels.append([])
        elif f"input_blocks.{number}.0.in_layers.2.weight" in shapes:
            levels[-1].append(number)
    if not all(levels):
        raise NotRenderable("The U-Net's layers cannot be told from its weights.")
    return levels


def _depth(shapes: Shapes, block: str) -> int:
    return _count(shapes, re.escape(block) + r"\.transformer_blocks\.(\d+)\.")


def vae_config(shapes: Shapes, *, is_xl: bool, narrow: bool = False) -> dict[str, object]:
    """Return diffusers' configuration of the VAE whose LDM-named `shapes` these are."""
    levels = _count(shapes, r"encoder\.down\.(\d+)\.")
    if not levels:
        raise NotRenderable(
            "The file holds no VAE, so pictures cannot be decoded.",
            hint="Use a checkpoint with a VAE inside, or a diffusers folder.",
        )
    widths = [
        _shape(shapes, f"encoder.down.{level}.block.0.conv1.weight")[0] for level in range(levels)
    ]
    return {
        "block_out_channels": widths,
        "layers_per_block": _count(shapes, r"encoder\.down\.0\.block\.(\d+)\."),
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "norm_num_groups": _groups(widths[0], narrow=narrow),
        "latent_channels": _shape(shapes, "decoder.conv_in.weight")[1],
        "in_channels": 3,
        "out_channels": 3,
        "sample_size": 512,
        "scaling_factor": 0.13025 if is_xl else 0.18215,
        "force_upcast": is_xl,
    }


def clip_config(shapes: Shapes) -> dict[str, object]:
    """Return the configuration of a CLIP text encoder from Hugging Face names."""
    rows, width = _shape(shapes, "embeddings.token_embedding.weight")
    return _clip(
        rows,
        width,
        positions=_shape(shapes, "embeddings.position_embedding.weight")[0],
        layers=_count(shapes, r"encoder\.layers\.(\d+)\."),
        inner=_shape(shapes, "encoder.layers.0.mlp.fc1.weight")[0],
        activation="quick_gelu",
    )


def open_clip_config(shapes: Shapes, *, drop_last: bool) -> dict[str, object]:
    """Return the configuration of a CLIP text encoder from OpenCLIP names.

    `drop_last`: SD 2.x reads the layer before the last of 24, and its last one is not used.
    """
    rows, width = _shape(shapes, "token_embedding.weight")
    layers = _count(shapes, r"transformer\.resblocks\.(\d+)\.")
    config = _clip(
        rows,
        width,
        positions=_shape(shapes, "positional_embedding")[0],
        layers=min(layers, 23) if drop_last else layers,
        inner=_shape(shapes, "transformer.resblocks.0.mlp.c_fc.weight")[0],
        activation="gelu",
    )
    if "text_projection" in shapes:
        config["projection_dim"] = shapes["text_projection"][1]
    return config


def _clip(
    rows: int, width: int, *, positions: int, layers: int, inner: int, activation: str
) -> dict[str, object]:
    return {
        "vocab_size": rows,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": max(1, width // _HEAD_WIDTH),
        "max_position_embeddings": positions,
        "hidden_act": activation,
        "projection_dim": width,
        "bos_token_id": 0,
        # 2 makes transformers pool at the highest id, which is the end token in every CLIP.
        "eos_token_id": 2,
    }


def _shape(shapes: Shapes, name: str) -> tuple[int, ...]:
    try:
        return shapes[name]
    except KeyError:
        raise NotRenderable(f"The file lacks the weight {name}.") from None


def _count(names: Iterable[str], pattern: str) -> int:
    """Return one more than the highest number that `pattern` finds at the start of a name."""
    found = (re.match(pattern, name) for name in names)
    return max((int(match.group(1)) + 1 for match in found if match), default=0)
