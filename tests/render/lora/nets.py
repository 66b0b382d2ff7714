"""Tiny networks of every family's real class, with random weights of a fixed seed."""

# ruff: noqa: PLC0415 - torch is imported only by tests that run

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

BASES = ("sd1", "sdxl", "sd3", "flux1", "flux2", "chroma", "qwen-image", "z-image", "wan")


@cache
def networks(base: str) -> Mapping[str, Any]:
    """Return the parts of a tiny checkpoint by diffusers' folder names. Shared: leave as found."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    parts = {name: make() for name, make in _MAKERS[base]().items()}
    with torch.no_grad():
        for part in parts.values():
            for parameter in part.parameters():
                parameter.copy_(0.3 * torch.randn_like(parameter))
            part.eval().requires_grad_(False)
    return parts


@cache
def known_modules(base: str) -> Any:
    """Return the table of the base's modules, as `match_lora` takes it."""
    from loradex.render.lora.modules import modules_from

    return modules_from(networks(base))


@cache
def untouched(base: str) -> list[tuple[Any, Any]]:
    """Return every parameter with a copy of what it holds when nothing is merged."""
    parameters = (one for part in networks(base).values() for one in part.parameters())
    return [(parameter, parameter.detach().clone()) for parameter in parameters]


def _sd1_unet() -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=2,
        norm_num_groups=4,
        attention_head_dim=4,
        cross_attention_dim=12,
    )


def _sdxl_unet() -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16, 16),
        layers_per_block=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 1, 2),
        norm_num_groups=4,
        attention_head_dim=4,
        cross_attention_dim=12,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=4,
        projection_class_embeddings_input_dim=32,
    )


def _clip(width: int) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel

    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=40,
            hidden_size=width,
            intermediate_size=2 * width,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=16,
        )
    )


def _t5() -> Any:
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(vocab_size=40, d_model=12, d_kv=6, d_ff=24, num_layers=2, num_heads=2)
    )


def _sd3() -> Any:
    from diffusers import SD3Transformer2DModel

    return SD3Transformer2DModel(
        sample_size=8,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=24,
        caption_projection_dim=16,
        pooled_projection_dim=20,
        pos_embed_max_size=8,
        dual_attention_layers=(0,),
        qk_norm="rms_norm",
    )


def _flux1() -> Any:
    from diffusers import FluxTransformer2DModel

    return FluxTransformer2DModel(
        in_channels=8,
        num_layers=1,
        num_single_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=24,
        pooled_projection_dim=20,
        guidance_embeds=True,
        axes_dims_rope=(2, 2, 4),
    )


def _flux2() -> Any:
    from diffusers import Flux2Transformer2DModel

    return Flux2Transformer2DModel(
        in_channels=8,
        num_layers=1,
        num_single_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=24,
        axes_dims_rope=(2, 2, 2, 2),
    )


def _chroma() -> Any:
    from diffusers import ChromaTransformer2DModel

    return ChromaTransformer2DModel(
        in_channels=8,
        num_layers=1,
        num_single_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=24,
        axes_dims_rope=(2, 2, 4),
        approximator_num_channels=16,
        approximator_hidden_dim=32,
        approximator_layers=1,
    )


def _qwen_image() -> Any:
    from diffusers import QwenImageTransformer2DModel

    return QwenImageTransformer2DModel(
        in_channels=8,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=24,
        axes_dims_rope=(2, 2, 4),
    )


def _z_image() -> Any:
    from diffusers import ZImageTransformer2DModel

    return ZImageTransformer2DModel(
        dim=16,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=24,
        axes_dims=[2, 2, 4],
        axes_lens=[64, 64, 64],
    )


def _wan() -> Any:
    from diffusers import WanTransformer3DModel

    return WanTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=12,
        text_dim=24,
        freq_dim=16,
        ffn_dim=32,
        num_layers=2,
    )


_MAKERS: Mapping[str, Callable[[], Mapping[str, Callable[[], Any]]]] = {
    "sd1": lambda: {"unet": _sd1_unet, "text_encoder": lambda: _clip(12)},
    "sdxl": lambda: {
        "unet": _sdxl_unet,
        "text_encoder": lambda: _clip(12),
        "text_encoder_2": lambda: _clip(16),
    },
    "sd3": lambda: {
        "transformer": _sd3,
        "text_encoder": lambda: _clip(12),
        "text_encoder_2": lambda: _clip(16),
        "text_encoder_3": _t5,
    },
    "flux1": lambda: {
        "transformer": _flux1,
        "text_encoder": lambda: _clip(12),
        "text_encoder_2": _t5,
    },
    "flux2": lambda: {"transformer": _flux2},
    "chroma": lambda: {"transformer": _chroma, "text_encoder": _t5},
    "qwen-image": lambda: {"transformer": _qwen_image},
    "z-image": lambda: {"transformer": _z_image},
    "wan": lambda: {"transformer": _wan},
}
