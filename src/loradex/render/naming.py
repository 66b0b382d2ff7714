"""Names of the same weight in two worlds: diffusers' module paths and the original LDM layout.

Single-file checkpoints, and SDXL LoRAs made with kohya's scripts, use the LDM names. All
functions go from diffusers to LDM, since a diffusers name says everything that is needed; a
reader builds the table for the names it wants and looks them up. They work on module paths and
on full parameter names alike.
"""

from __future__ import annotations

import re

UNET_PREFIX = "model.diffusion_model."
VAE_PREFIX = "first_stage_model."

_UNET_PLAIN = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_BLOCK = re.compile(r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)")
_MID = re.compile(r"mid_block\.(resnets|attentions)\.(\d+)")

_VAE_ATTENTION = {
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}
_VAE_BLOCK = re.compile(
    r"(encoder|decoder)\.(down|up)_blocks\.(\d+)\.(resnets|downsamplers|upsamplers)\.(\d+)"
)
_VAE_MID = re.compile(r"(encoder|decoder)\.mid_block\.(resnets|attentions)\.(\d+)")

_OPEN_CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "self_attn.out_proj": "attn.out_proj",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}
_OPEN_CLIP_PLAIN = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
    "text_projection.weight": "text_projection",
}


def unet_ldm_name(name: str, *, layers: int, attention_levels: frozenset[int]) -> str:
    """Return the LDM name of a U-Net module or parameter.

    `layers` is the number of resnets per down block; an up block has one more.
    `attention_levels` holds the up blocks with attention, since it shifts the upsampler's number.
    """
    for ours, theirs in _UNET_PLAIN.items():
        if name == ours or name.startswith(f"{ours}."):
            return theirs + name[len(ours) :]
    found = _MID.match(name)
    if found:
        number = 1 if found.group(1) == "attentions" else 2 * int(found.group(2))
        return f"middle_block.{number}" + _inner(found.group(1), name[found.end() :])
    found = _BLOCK.match(name)
    if found is None:
        return name
    side, block, kind, index = found.group(1), int(found[2]), found.group(3), int(found[4])
    rest = name[found.end() :]
    slot = int(kind == "attentions")
    if side == "down":
        if kind == "downsamplers":
            number, rest = (block + 1) * (layers + 1), ".op" + rest.removeprefix(".conv")
        else:
            number = 1 + block * (layers + 1) + index
        return f"input_blocks.{number}.{slot}" + _inner(kind, rest)
    if kind == "upsamplers":
        index, slot = layers, 1 + (block in attention_levels)
    return f"output_blocks.{block * (layers + 1) + index}.{slot}" + _inner(kind, rest)


def _inner(kind: str, rest: str) -> str:
    """Return a name's part inside a resnet in LDM words; attention parts have equal names."""
    if kind != "resnets" or not rest:
        return rest
    part, dot, tail = rest[1:].partition(".")
    return f".{_RESNET.get(part, part)}{dot}{tail}"


def vae_ldm_name(name: str, *, levels: int) -> str:
    """Return the LDM name of a VAE parameter; the decoder's levels count backwards there."""
    found = _VAE_MID.match(name)
    if found:
        rest = name[found.end() :]
        if found.group(2) == "attentions":
            return f"{found.group(1)}.mid.attn_1" + _renamed(rest, _VAE_ATTENTION)
        block = int(found.group(3)) + 1
        return f"{found.group(1)}.mid.block_{block}" + _shortcut(rest)
    found = _VAE_BLOCK.match(name)
    if found is None:
        return name.replace("conv_norm_out", "norm_out")
    half, side, level, kind = found.group(1), found.group(2), int(found[3]), found.group(4)
    rest = name[found.end() :]
    place = level if side == "down" else levels - 1 - level
    if kind == "resnets":
        return f"{half}.{side}.{place}.block.{found.group(5)}" + _shortcut(rest)
    sampler = "downsample" if kind == "downsamplers" else "upsample"
    return f"{half}.{side}.{place}.{sampler}{rest}"


def _shortcut(rest: str) -> str:
    return rest.replace(".conv_shortcut", ".nin_shortcut")


def _renamed(rest: str, table: dict[str, str]) -> str:
    for ours, theirs in table.items():
        if rest.startswith(f".{ours}."):
            return f".{theirs}{rest[len(ours) + 1 :]}"
    return rest


def plain_clip_name(name: str) -> str:
    """Return a CLIP text parameter without the `text_model.` that only some writers use."""
    return name.removeprefix("text_model.")


def open_clip_name(name: str) -> tuple[str, int | None]:
    """Return the OpenCLIP name of a CLIP text parameter, and its third of it if that is fused.

    OpenCLIP keeps query, key and value in one tensor: thirds 0, 1, 2 of its rows. Its
    `text_projection` is the transpose of ours.
    """
    name = plain_clip_name(name)
    if name in _OPEN_CLIP_PLAIN:
        return _OPEN_CLIP_PLAIN[name], None
    found = re.match(r"encoder\.layers\.(\d+)\.", name)
    if found is None:
        return name, None
    root, rest = f"transformer.resblocks.{found.group(1)}", name[found.end() :]
    fused = re.fullmatch(r"self_attn\.([qkv])_proj\.(weight|bias)", rest)
    if fused:
        return f"{root}.attn.in_proj_{fused.group(2)}", "qkv".index(fused.group(1))
    return root + _renamed(f".{rest}", _OPEN_CLIP), None
