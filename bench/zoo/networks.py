"""The zoo's networks: SD 1.x in everything but their widths."""

from __future__ import annotations

import torch
from bench.zoo.words import WORDS
from diffusers import UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel

from loradex.render.tiny_words import token_count

TEXT_WIDTH = 128
WIDTHS = (32, 64, 96, 96)
LAYERS = 1


def new_unet(widths: tuple[int, ...] = WIDTHS) -> UNet2DConditionModel:
    """Return an untrained U-Net; heads and groups are those a single file of it is read with."""
    return UNet2DConditionModel(
        block_out_channels=widths,
        layers_per_block=LAYERS,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=tuple(max(1, width // 32) for width in widths),
        norm_num_groups=widths[0] // 4,
        sample_size=16,
    )


def new_text_encoder() -> CLIPTextModel:
    """Return an untrained text encoder for the zoo's own vocabulary."""
    words = token_count(WORDS)
    config = CLIPTextConfig(
        vocab_size=words,
        hidden_size=TEXT_WIDTH,
        intermediate_size=2 * TEXT_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=TEXT_WIDTH // 64,
        projection_dim=TEXT_WIDTH,
        hidden_act="quick_gelu",
        bos_token_id=words - 2,
        eos_token_id=words - 1,
        pad_token_id=words - 1,
    )
    return CLIPTextModel(config)


def noise_levels() -> Tensor:
    """Return the products of alphas of SD's `scaled_linear` schedule, (1000,)."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    return torch.cumprod(1 - betas, dim=0)
