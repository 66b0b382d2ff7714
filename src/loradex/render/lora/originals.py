"""What the original code of each transformer calls the modules that diffusers knows otherwise.

LoRA trainers follow either. A template has one `{}` for the block's number; its value lists the
diffusers modules that its rows belong to, in order: fused projections (query, key, value) are
several modules in diffusers. Sources: the published model code of each family and diffusers' own
conversions, by which the names were compared.
"""

from __future__ import annotations

from collections.abc import Mapping

Table = Mapping[str, tuple[str, ...]]

HALVES_SWAPPED = frozenset({"norm_out.linear", "norm1_context.linear"})
"""Modulations of two halves (2 x width rows): shift and scale there, scale and shift here."""


def _qkv(root: str) -> tuple[str, ...]:
    return (f"{root}.to_q", f"{root}.to_k", f"{root}.to_v")


def _added(root: str) -> tuple[str, ...]:
    return (f"{root}.add_q_proj", f"{root}.add_k_proj", f"{root}.add_v_proj")


_DOUBLE, _BLOCK = "double_blocks.{}", "transformer_blocks.{}"
_SINGLE, _ONE = "single_blocks.{}", "single_transformer_blocks.{}"

_BFL: Table = {
    "img_in": ("x_embedder",),
    "txt_in": ("context_embedder",),
    "final_layer.linear": ("proj_out",),
    "final_layer.adaLN_modulation.1": ("norm_out.linear",),
    f"{_DOUBLE}.img_attn.qkv": _qkv(f"{_BLOCK}.attn"),
    f"{_DOUBLE}.txt_attn.qkv": _added(f"{_BLOCK}.attn"),
    f"{_DOUBLE}.img_attn.proj": (f"{_BLOCK}.attn.to_out.0",),
    f"{_DOUBLE}.txt_attn.proj": (f"{_BLOCK}.attn.to_add_out",),
    f"{_DOUBLE}.img_attn.norm.query_norm": (f"{_BLOCK}.attn.norm_q",),
    f"{_DOUBLE}.img_attn.norm.key_norm": (f"{_BLOCK}.attn.norm_k",),
    f"{_DOUBLE}.txt_attn.norm.query_norm": (f"{_BLOCK}.attn.norm_added_q",),
    f"{_DOUBLE}.txt_attn.norm.key_norm": (f"{_BLOCK}.attn.norm_added_k",),
    f"{_SINGLE}.norm.query_norm": (f"{_ONE}.attn.norm_q",),
    f"{_SINGLE}.norm.key_norm": (f"{_ONE}.attn.norm_k",),
}

_FLUX: Table = {
    **_BFL,
    "time_in.in_layer": ("time_text_embed.timestep_embedder.linear_1",),
    "time_in.out_layer": ("time_text_embed.timestep_embedder.linear_2",),
    "vector_in.in_layer": ("time_text_embed.text_embedder.linear_1",),
    "vector_in.out_layer": ("time_text_embed.text_embedder.linear_2",),
    "guidance_in.in_layer": ("time_text_embed.guidance_embedder.linear_1",),
    "guidance_in.out_layer": ("time_text_embed.guidance_embedder.linear_2",),
    f"{_DOUBLE}.img_mod.lin": (f"{_BLOCK}.norm1.linear",),
    f"{_DOUBLE}.txt_mod.lin": (f"{_BLOCK}.norm1_context.linear",),
    f"{_DOUBLE}.img_mlp.0": (f"{_BLOCK}.ff.net.0.proj",),
    f"{_DOUBLE}.img_mlp.2": (f"{_BLOCK}.ff.net.2",),
    f"{_DOUBLE}.txt_mlp.0": (f"{_BLOCK}.ff_context.net.0.proj",),
    f"{_DOUBLE}.txt_mlp.2": (f"{_BLOCK}.ff_context.net.2",),
    f"{_SINGLE}.linear1": (*_qkv(f"{_ONE}.attn"), f"{_ONE}.proj_mlp"),
    f"{_SINGLE}.linear2": (f"{_ONE}.proj_out",),
    f"{_SINGLE}.modulation.lin": (f"{_ONE}.norm.linear",),
    # xlabs trained attention processors beside the blocks; the last two end in `_lora`.
    f"{_DOUBLE}.processor.qkv_lora1": _qkv(f"{_BLOCK}.attn"),
    f"{_DOUBLE}.processor.qkv_lora2": _added(f"{_BLOCK}.attn"),
    f"{_DOUBLE}.processor.proj_lora1": (f"{_BLOCK}.attn.to_out.0",),
    f"{_DOUBLE}.processor.proj_lora2": (f"{_BLOCK}.attn.to_add_out",),
    f"{_SINGLE}.processor.qkv": _qkv(f"{_ONE}.attn"),
    f"{_SINGLE}.processor.proj": (f"{_ONE}.proj_out",),
}

_CHROMA: Table = {
    **_FLUX,
    "distilled_guidance_layer.layers.{}.in_layer": ("distilled_guidance_layer.layers.{}.linear_1",),
    "distilled_guidance_layer.layers.{}.out_layer": (
        "distilled_guidance_layer.layers.{}.linear_2",
    ),
}

_FLUX2: Table = {
    **_BFL,
    "time_in.in_layer": ("time_guidance_embed.timestep_embedder.linear_1",),
    "time_in.out_layer": ("time_guidance_embed.timestep_embedder.linear_2",),
    "guidance_in.in_layer": ("time_guidance_embed.guidance_embedder.linear_1",),
    "guidance_in.out_layer": ("time_guidance_embed.guidance_embedder.linear_2",),
    "double_stream_modulation_img.lin": ("double_stream_modulation_img.linear",),
    "double_stream_modulation_txt.lin": ("double_stream_modulation_txt.linear",),
    "single_stream_modulation.lin": ("single_stream_modulation.linear",),
    f"{_DOUBLE}.img_mlp.0": (f"{_BLOCK}.ff.linear_in",),
    f"{_DOUBLE}.img_mlp.2": (f"{_BLOCK}.ff.linear_out",),
    f"{_DOUBLE}.txt_mlp.0": (f"{_BLOCK}.ff_context.linear_in",),
    f"{_DOUBLE}.txt_mlp.2": (f"{_BLOCK}.ff_context.linear_out",),
    f"{_SINGLE}.linear1": (f"{_ONE}.attn.to_qkv_mlp_proj",),
    f"{_SINGLE}.linear2": (f"{_ONE}.attn.to_out",),
}

_IMAGE, _CONTEXT = "joint_blocks.{}.x_block", "joint_blocks.{}.context_block"

_SD3: Table = {
    "x_embedder.proj": ("pos_embed.proj",),
    "t_embedder.mlp.0": ("time_text_embed.timestep_embedder.linear_1",),
    "t_embedder.mlp.2": ("time_text_embed.timestep_embedder.linear_2",),
    "y_embedder.mlp.0": ("time_text_embed.text_embedder.linear_1",),
    "y_embedder.mlp.2": ("time_text_embed.text_embedder.linear_2",),
    "final_layer.linear": ("proj_out",),
    "final_layer.adaLN_modulation.1": ("norm_out.linear",),
    f"{_IMAGE}.attn.qkv": _qkv(f"{_BLOCK}.attn"),
    f"{_IMAGE}.attn2.qkv": _qkv(f"{_BLOCK}.attn2"),
    f"{_CONTEXT}.attn.qkv": _added(f"{_BLOCK}.attn"),
    f"{_IMAGE}.attn.proj": (f"{_BLOCK}.attn.to_out.0",),
    f"{_IMAGE}.attn2.proj": (f"{_BLOCK}.attn2.to_out.0",),
    f"{_CONTEXT}.attn.proj": (f"{_BLOCK}.attn.to_add_out",),
    f"{_IMAGE}.attn.ln_q": (f"{_BLOCK}.attn.norm_q",),
    f"{_IMAGE}.attn.ln_k": (f"{_BLOCK}.attn.norm_k",),
    f"{_IMAGE}.attn2.ln_q": (f"{_BLOCK}.attn2.norm_q",),
    f"{_IMAGE}.attn2.ln_k": (f"{_BLOCK}.attn2.norm_k",),
    f"{_CONTEXT}.attn.ln_q": (f"{_BLOCK}.attn.norm_added_q",),
    f"{_CONTEXT}.attn.ln_k": (f"{_BLOCK}.attn.norm_added_k",),
    f"{_IMAGE}.adaLN_modulation.1": (f"{_BLOCK}.norm1.linear",),
    f"{_CONTEXT}.adaLN_modulation.1": (f"{_BLOCK}.norm1_context.linear",),
    f"{_IMAGE}.mlp.fc1": (f"{_BLOCK}.ff.net.0.proj",),
    f"{_IMAGE}.mlp.fc2": (f"{_BLOCK}.ff.net.2",),
    f"{_CONTEXT}.mlp.fc1": (f"{_BLOCK}.ff_context.net.0.proj",),
    f"{_CONTEXT}.mlp.fc2": (f"{_BLOCK}.ff_context.net.2",),
}

_Z_IMAGE: Table = {
    "x_embedder": ("all_x_embedder.2-1",),
    "final_layer.linear": ("all_final_layer.2-1.linear",),
    "final_layer.adaLN_modulation.1": ("all_final_layer.2-1.adaLN_modulation.1",),
    **{
        f"{stack}.{{}}.attention.{theirs}": tuple(f"{stack}.{{}}.attention.{one}" for one in ours)
        for stack in ("layers", "noise_refiner", "context_refiner")
        for theirs, ours in {
            "qkv": ("to_q", "to_k", "to_v"),
            "out": ("to_out.0",),
            "q_norm": ("norm_q",),
            "k_norm": ("norm_k",),
        }.items()
    },
}

_WAN: Table = {
    "time_embedding.0": ("condition_embedder.time_embedder.linear_1",),
    "time_embedding.2": ("condition_embedder.time_embedder.linear_2",),
    "time_projection.1": ("condition_embedder.time_proj",),
    "text_embedding.0": ("condition_embedder.text_embedder.linear_1",),
    "text_embedding.2": ("condition_embedder.text_embedder.linear_2",),
    "img_emb.proj.0": ("condition_embedder.image_embedder.norm1",),
    "img_emb.proj.1": ("condition_embedder.image_embedder.ff.net.0.proj",),
    "img_emb.proj.3": ("condition_embedder.image_embedder.ff.net.2",),
    "img_emb.proj.4": ("condition_embedder.image_embedder.norm2",),
    "head.head": ("proj_out",),
    "blocks.{}.ffn.0": ("blocks.{}.ffn.net.0.proj",),
    "blocks.{}.ffn.2": ("blocks.{}.ffn.net.2",),
    "blocks.{}.norm3": ("blocks.{}.norm2",),
    "blocks.{}.cross_attn.k_img": ("blocks.{}.attn2.add_k_proj",),
    "blocks.{}.cross_attn.v_img": ("blocks.{}.attn2.add_v_proj",),
    "blocks.{}.cross_attn.norm_k_img": ("blocks.{}.attn2.norm_added_k",),
    **{
        f"blocks.{{}}.{theirs}.{one}": (f"blocks.{{}}.{ours}.{other}",)
        for theirs, ours in {"self_attn": "attn1", "cross_attn": "attn2"}.items()
        for one, other in {
            "q": "to_q",
            "k": "to_k",
            "v": "to_v",
            "o": "to_out.0",
            "norm_q": "norm_q",
            "norm_k": "norm_k",
        }.items()
    },
}

ORIGINAL_NAMES: Mapping[str, Table] = {
    "FluxTransformer2DModel": _FLUX,
    "Flux2Transformer2DModel": _FLUX2,
    "ChromaTransformer2DModel": _CHROMA,
    "SD3Transformer2DModel": _SD3,
    "ZImageTransformer2DModel": _Z_IMAGE,
    "WanTransformer3DModel": _WAN,
}
"""By the name of the diffusers class. Qwen-Image has one naming only."""
