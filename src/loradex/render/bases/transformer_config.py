"""Configurations of the published transformers, chosen by the shapes in a single file.

Such a file carries no configuration. Widths and depths stand in the shapes; the rest is what the
published architecture has: `black-forest-labs/FLUX.1-dev` and `FLUX.2-klein-4B`,
`stabilityai/stable-diffusion-3.5-large`, `lodestones/Chroma1-HD`, `Qwen/Qwen-Image` and
`Tongyi-MAI/Z-Image-Turbo` on Hugging Face.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from loradex.render.bases.transformer_file import TransformerFile
from loradex.render.build import Kind, build
from loradex.render.device import Placed

if TYPE_CHECKING:
    from torch import nn


def build_transformer(found: TransformerFile, placed: Placed) -> nn.Module:
    """Return the network on `placed`; raise `NotRenderable` when weights are missing."""
    return build(found.kind, transformer_config(found), found.tensor, placed)


def transformer_config(found: TransformerFile) -> dict[str, object]:
    """Return diffusers' configuration of the transformer."""
    return _CONFIGS[found.kind](found)


def _heads(found: TransformerFile, norm: str, inner: int) -> dict[str, object]:
    width = found.shape(norm)[0]
    return {"attention_head_dim": width, "num_attention_heads": max(1, inner // max(1, width))}


def _flux(found: TransformerFile) -> dict[str, object]:
    inner, channels = found.shape("x_embedder.weight")
    return {
        "in_channels": channels,
        "num_layers": found.count(r"(?:double|transformer)_blocks\.(\d+)\."),
        "num_single_layers": found.count(r"single_(?:transformer_)?blocks\.(\d+)\."),
        **_heads(found, "transformer_blocks.0.attn.norm_q.weight", inner),
        "joint_attention_dim": found.shape("context_embedder.weight")[1],
        "axes_dims_rope": (16, 56, 56),
    }


def _flux1(found: TransformerFile) -> dict[str, object]:
    return {
        **_flux(found),
        "pooled_projection_dim": found.shape("time_text_embed.text_embedder.linear_1.weight")[1],
        "guidance_embeds": found.has("time_text_embed.guidance_embedder.linear_1.weight"),
    }


def _chroma(found: TransformerFile) -> dict[str, object]:
    hidden, channels = found.shape("distilled_guidance_layer.in_proj.weight")
    return {
        **_flux(found),
        "approximator_num_channels": channels,
        "approximator_hidden_dim": hidden,
        "approximator_layers": found.count(r"distilled_guidance_layer\.layers\.(\d+)\."),
    }


def _flux2(found: TransformerFile) -> dict[str, object]:
    inner = found.shape("x_embedder.weight")[0]
    wide = found.shape("transformer_blocks.0.ff.linear_in.weight")[0]
    return {
        **_flux(found),
        "axes_dims_rope": (32, 32, 32, 32),
        "rope_theta": 2000,
        "timestep_guidance_channels": found.shape(
            "time_guidance_embed.timestep_embedder.linear_1.weight"
        )[1],
        # The gate and what it gates lie in one tensor.
        "mlp_ratio": wide / 2 / inner,
        "guidance_embeds": False,
    }


def _sd3(found: TransformerFile) -> dict[str, object]:
    inner, channels, patch, _ = found.shape("pos_embed.proj.weight")
    layers = found.count(r"(?:joint|transformer)_blocks\.(\d+)\.")
    normed = found.has("transformer_blocks.0.attn.norm_q.weight")
    width = found.shape("transformer_blocks.0.attn.norm_q.weight")[0] if normed else 64
    return {
        "sample_size": 128,
        "patch_size": patch,
        "in_channels": channels,
        "out_channels": found.shape("proj_out.weight")[0] // max(1, patch * patch),
        "num_layers": layers,
        "attention_head_dim": width,
        "num_attention_heads": max(1, inner // max(1, width)),
        "joint_attention_dim": found.shape("context_embedder.weight")[1],
        "caption_projection_dim": found.shape("context_embedder.weight")[0],
        "pooled_projection_dim": found.shape("time_text_embed.text_embedder.linear_1.weight")[1],
        "pos_embed_max_size": math.isqrt(found.shape("pos_embed.pos_embed")[1]),
        "dual_attention_layers": tuple(
            layer
            for layer in range(min(layers, 128))
            if found.has(f"transformer_blocks.{layer}.attn2.to_q.weight")
        ),
        "qk_norm": "rms_norm" if normed else None,
    }


def _qwen(found: TransformerFile) -> dict[str, object]:
    inner, channels = found.shape("img_in.weight")
    return {
        "patch_size": 2,
        "in_channels": channels,
        "out_channels": found.shape("proj_out.weight")[0] // 4,
        "num_layers": found.count(r"transformer_blocks\.(\d+)\."),
        **_heads(found, "transformer_blocks.0.attn.norm_q.weight", inner),
        "joint_attention_dim": found.shape("txt_in.weight")[1],
        "guidance_embeds": False,
        "axes_dims_rope": (16, 56, 56),
        # Editing models of late 2025 mark themselves with an empty tensor of this name.
        "zero_cond_t": "__index_timestep_zero__" in found.names,
    }


def _z_image(found: TransformerFile) -> dict[str, object]:
    inner, text = found.shape("cap_embedder.1.weight")
    head = found.shape("layers.0.attention.norm_q.weight")[0]
    heads = max(1, inner // max(1, head))
    return {
        "in_channels": found.shape("all_x_embedder.2-1.weight")[1] // 4,
        "dim": inner,
        "n_layers": found.count(r"layers\.(\d+)\."),
        "n_refiner_layers": found.count(r"noise_refiner\.(\d+)\."),
        "n_heads": heads,
        "n_kv_heads": heads,
        "cap_feat_dim": text,
        "rope_theta": 256.0,
        "t_scale": 1000.0,
        "axes_dims": [32, 48, 48],
        "axes_lens": [1536, 512, 512],
    }


_CONFIGS: Mapping[Kind, Callable[[TransformerFile], dict[str, object]]] = {
    "flux": _flux1,
    "chroma": _chroma,
    "flux2": _flux2,
    "sd3": _sd3,
    "qwen": _qwen,
    "z-image": _z_image,
}
SCHEDULERS: Mapping[Kind, Mapping[str, object]] = {
    "sd3": {"num_train_timesteps": 1000, "shift": 3.0},
    "flux": {
        "num_train_timesteps": 1000,
        "shift": 3.0,
        "use_dynamic_shifting": True,
        "base_shift": 0.5,
        "max_shift": 1.15,
        "base_image_seq_len": 256,
        "max_image_seq_len": 4096,
    },
    "qwen": {
        "num_train_timesteps": 1000,
        "shift": 1.0,
        "use_dynamic_shifting": True,
        "base_shift": 0.5,
        "max_shift": 0.9,
        "base_image_seq_len": 256,
        "max_image_seq_len": 8192,
        "shift_terminal": 0.02,
        "time_shift_type": "exponential",
    },
    "z-image": {"num_train_timesteps": 1000, "shift": 3.0},
}
"""Published noise schedules; see `scheduler_of` for those that follow from another."""


def scheduler_of(found: TransformerFile) -> dict[str, object]:
    """Return the published noise schedule of this transformer.

    FLUX.1 schnell is not shifted. Chroma and FLUX.2 klein shift with the picture as FLUX.1 dev.
    """
    if found.kind == "flux" and not found.has("time_text_embed.guidance_embedder.linear_1.weight"):
        return {"num_train_timesteps": 1000, "shift": 1.0}
    return dict(SCHEDULERS[found.kind if found.kind in SCHEDULERS else "flux"])
