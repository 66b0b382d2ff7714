"""Where a transformer's weight lies in a file with its authors' names.

Published single files keep query, key and value in one tensor, and some put scale and shift the
other way round. As in `naming`, every function goes from diffusers' name to theirs, so that a
reader looks up just what it needs; the tables were checked against
`diffusers.loaders.single_file_utils`. They work on module paths and on parameter names alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loradex.render.build import Kind


@dataclass(frozen=True, slots=True)
class Origin:
    """A weight's name in the file; `rows` of it (first, one past the last), None for all.

    A last row of None means up to the end. `swapped`: its first and second half change places.
    """

    name: str
    rows: tuple[int, int | None] | None = None
    swapped: bool = False


Originator = Callable[[str, int], Origin]
"""From diffusers' name and the transformer's inner width."""

_BLOCK = re.compile(r"(transformer_blocks|single_transformer_blocks)\.(\d+)\.")
_END = r"(?=\.|$)"

_FLUX_PLAIN = {
    "time_text_embed.timestep_embedder.linear_1": "time_in.in_layer",
    "time_text_embed.timestep_embedder.linear_2": "time_in.out_layer",
    "time_text_embed.text_embedder.linear_1": "vector_in.in_layer",
    "time_text_embed.text_embedder.linear_2": "vector_in.out_layer",
    "time_text_embed.guidance_embedder.linear_1": "guidance_in.in_layer",
    "time_text_embed.guidance_embedder.linear_2": "guidance_in.out_layer",
    "time_guidance_embed.timestep_embedder.linear_1": "time_in.in_layer",
    "time_guidance_embed.timestep_embedder.linear_2": "time_in.out_layer",
    "time_guidance_embed.guidance_embedder.linear_1": "guidance_in.in_layer",
    "time_guidance_embed.guidance_embedder.linear_2": "guidance_in.out_layer",
    "double_stream_modulation_img.linear": "double_stream_modulation_img.lin",
    "double_stream_modulation_txt.linear": "double_stream_modulation_txt.lin",
    "single_stream_modulation.linear": "single_stream_modulation.lin",
    "context_embedder": "txt_in",
    "x_embedder": "img_in",
    "proj_out": "final_layer.linear",
}
_FLUX_DOUBLE = {
    "norm1.linear": "img_mod.lin",
    "norm1_context.linear": "txt_mod.lin",
    "attn.norm_q.weight": "img_attn.norm.query_norm.scale",
    "attn.norm_k.weight": "img_attn.norm.key_norm.scale",
    "attn.norm_added_q.weight": "txt_attn.norm.query_norm.scale",
    "attn.norm_added_k.weight": "txt_attn.norm.key_norm.scale",
    "attn.to_out.0": "img_attn.proj",
    "attn.to_add_out": "txt_attn.proj",
    "ff.net.0.proj": "img_mlp.0",
    "ff.net.2": "img_mlp.2",
    "ff_context.net.0.proj": "txt_mlp.0",
    "ff_context.net.2": "txt_mlp.2",
    "ff.linear_in": "img_mlp.0",
    "ff.linear_out": "img_mlp.2",
    "ff_context.linear_in": "txt_mlp.0",
    "ff_context.linear_out": "txt_mlp.2",
}
_FLUX_SINGLE = {
    "norm.linear": "modulation.lin",
    "attn.norm_q.weight": "norm.query_norm.scale",
    "attn.norm_k.weight": "norm.key_norm.scale",
    "attn.to_qkv_mlp_proj": "linear1",
    "attn.to_out": "linear2",
    "proj_out": "linear2",
}
_QKV = {"to_q": 0, "to_k": 1, "to_v": 2, "add_q_proj": 0, "add_k_proj": 1, "add_v_proj": 2}
_APPROXIMATOR = re.compile(r"distilled_guidance_layer\.(layers|norms)\.(\d+)\.")

_SD3_PLAIN = {
    "pos_embed.pos_embed": "pos_embed",
    "pos_embed.proj": "x_embedder.proj",
    "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
    "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2",
    "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
    "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2",
    "context_embedder": "context_embedder",
    "proj_out": "final_layer.linear",
}
_SD3_BLOCK = {
    "norm1.linear": "x_block.adaLN_modulation.1",
    "norm1_context.linear": "context_block.adaLN_modulation.1",
    "attn.norm_q": "x_block.attn.ln_q",
    "attn.norm_k": "x_block.attn.ln_k",
    "attn.norm_added_q": "context_block.attn.ln_q",
    "attn.norm_added_k": "context_block.attn.ln_k",
    "attn.to_out.0": "x_block.attn.proj",
    "attn.to_add_out": "context_block.attn.proj",
    "attn2.norm_q": "x_block.attn2.ln_q",
    "attn2.norm_k": "x_block.attn2.ln_k",
    "attn2.to_out.0": "x_block.attn2.proj",
    "ff.net.0.proj": "x_block.mlp.fc1",
    "ff.net.2": "x_block.mlp.fc2",
    "ff_context.net.0.proj": "context_block.mlp.fc1",
    "ff_context.net.2": "context_block.mlp.fc2",
}
_ATTENTION = re.compile(rf"(attn2?)\.({'|'.join(_QKV)}){_END}")

_Z_PLAIN = {"all_final_layer.2-1": "final_layer", "all_x_embedder.2-1": "x_embedder"}
_Z_ATTENTION = {"to_out.0": "out", "norm_k": "k_norm", "norm_q": "q_norm"}
_Z_BLOCK = re.compile(r"((?:layers|noise_refiner|context_refiner)\.\d+\.attention)\.(.+)")


def flux_origin(name: str, inner: int) -> Origin:
    """Return where FLUX.1, FLUX.2 and Chroma keep a weight in files of Black Forest Labs' kind."""
    if name.startswith("norm_out.linear"):
        return _final_modulation(name)
    approximator = _APPROXIMATOR.match(name)
    if approximator:
        return Origin(_approximator(name, approximator))
    found = _BLOCK.match(name)
    if found is None:
        return Origin(_renamed(name, _FLUX_PLAIN))
    rest = name[found.end() :]
    if found.group(1) == "transformer_blocks":
        return _flux_double(f"double_blocks.{found.group(2)}.", rest, inner)
    return _flux_single(f"single_blocks.{found.group(2)}.", rest, inner)


def _flux_double(root: str, rest: str, inner: int) -> Origin:
    attention = _ATTENTION.match(rest)
    if attention is None:
        return Origin(root + _renamed(rest, _FLUX_DOUBLE))
    side = "txt" if attention.group(2).startswith("add") else "img"
    return _third(f"{root}{side}_attn.qkv{rest[attention.end() :]}", attention.group(2), inner)


def _flux_single(root: str, rest: str, inner: int) -> Origin:
    attention = _ATTENTION.match(rest)
    if attention is not None:
        return _third(f"{root}linear1{rest[attention.end() :]}", attention.group(2), inner)
    if rest == "proj_mlp" or rest.startswith("proj_mlp."):
        return Origin(f"{root}linear1{rest.removeprefix('proj_mlp')}", (3 * inner, None))
    return Origin(root + _renamed(rest, _FLUX_SINGLE))


def _third(name: str, part: str, inner: int) -> Origin:
    """Return query, key or value out of the tensor that holds all three."""
    third = _QKV[part]
    return Origin(name, (third * inner, (third + 1) * inner))


def _final_modulation(name: str) -> Origin:
    rest = name.removeprefix("norm_out.linear")
    return Origin(f"final_layer.adaLN_modulation.1{rest}", swapped=True)


def _approximator(name: str, found: re.Match[str]) -> str:
    """Return a name in the network that makes Chroma's modulations."""
    rest = name[found.end() :]
    if found.group(1) == "norms":
        rest = rest.replace("weight", "scale")
    else:
        rest = _renamed(rest, {"linear_1": "in_layer", "linear_2": "out_layer"})
    return found.group(0) + rest


def sd3_origin(name: str, inner: int) -> Origin:
    """Return where SD 3 and 3.5 keep a weight in Stability's files.

    The last block's text modulation ends the text there, and has scale and shift swapped; it is
    told by its height, since a name alone does not say which block is the last.
    """
    if name.startswith("norm_out.linear"):
        return _final_modulation(name)
    found = _BLOCK.match(name)
    if found is None:
        return Origin(_renamed(name, _SD3_PLAIN))
    root, rest = f"joint_blocks.{found.group(2)}.", name[found.end() :]
    attention = _ATTENTION.match(rest)
    if attention is None:
        return Origin(root + _renamed(rest, _SD3_BLOCK))
    side = "context" if attention.group(2).startswith("add") else "x"
    fused = f"{root}{side}_block.{attention.group(1)}.qkv{rest[attention.end() :]}"
    return _third(fused, attention.group(2), inner)


def z_image_origin(name: str, inner: int) -> Origin:
    """Return where Z-Image keeps a weight in files made for ComfyUI."""
    found = _Z_BLOCK.match(name)
    if found is None:
        return Origin(_renamed(name, _Z_PLAIN))
    root, rest = found.groups()
    part, _, tail = rest.partition(".")
    if part in _QKV:
        return _third(f"{root}.qkv.{tail}", part, inner)
    return Origin(f"{root}.{_renamed(rest, _Z_ATTENTION)}")


def same_origin(name: str, inner: int) -> Origin:
    """Return diffusers' own name, as Qwen-Image has it everywhere."""
    return Origin(name)


ORIGINS: Mapping[Kind, Originator] = {
    "sd3": sd3_origin,
    "flux": flux_origin,
    "chroma": flux_origin,
    "flux2": flux_origin,
    "z-image": z_image_origin,
    "qwen": same_origin,
}


def _renamed(name: str, table: Mapping[str, str]) -> str:
    for ours, theirs in table.items():
        if name == ours or name.startswith(f"{ours}."):
            return theirs + name[len(ours) :]
    return name
