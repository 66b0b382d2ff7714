"""Checkpoints with random weights: their configurations, and how they get into a folder.

Nothing is downloaded. Sizes are those of the published models or narrower ones of the same depth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import diffusers
import torch
import transformers
from safetensors.torch import save_file

from loradex.render.quiet import offline_and_quiet
from loradex.render.tiny_paint import paint
from loradex.render.tiny_words import token_count, write_tokenizer


@dataclass(frozen=True)
class Shape:
    """A checkpoint's measures. `texts` are width and layers of each CLIP."""

    name: str
    channels: tuple[int, int, int] = (320, 640, 1280)
    depth: tuple[int, int, int] = (1, 2, 10)
    texts: tuple[tuple[int, int], ...] = ((768, 12), (1280, 32))
    vae: tuple[int, ...] = (128, 256, 512, 512)
    vae_layers: int = 2
    flux: tuple[int, int, int] | None = None
    """Double blocks, single blocks and heads of FLUX.1 instead of a U-Net."""
    t5: tuple[int, int] = (4096, 24)
    dtype: str = "bfloat16"
    """What the folder stores."""


SDXL = Shape("SDXL, real size")
FLUX = Shape("FLUX.1 dev, real size", texts=((768, 12),), flux=(19, 38, 24))
DEEP = Shape(
    "SDXL's depth, channels 32/64/64",
    channels=(32, 64, 64),
    texts=((64, 2), (64, 2)),
    vae=(32, 32, 32, 32),
    vae_layers=1,
    dtype="float32",
)
MIDDLE = Shape(
    "SDXL's form, channels 128/256/512, depth 1/2/4",
    channels=(128, 256, 512),
    depth=(1, 2, 4),
    texts=((192, 2), (320, 2)),
    vae=(32, 32, 32, 32),
    vae_layers=1,
    dtype="float32",
)

_LEVELS = ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D")
_HEAD = 64


def sdxl_unet_config(shape: Shape) -> dict[str, object]:
    """Return the U-Net's configuration, as diffusers writes it."""
    width = sum(width for width, _ in shape.texts)
    return {
        "sample_size": 128,
        "block_out_channels": shape.channels,
        "layers_per_block": 2,
        "down_block_types": _LEVELS,
        "up_block_types": tuple(name.replace("Down", "Up") for name in reversed(_LEVELS)),
        "transformer_layers_per_block": shape.depth,
        "attention_head_dim": tuple(max(1, one // _HEAD) for one in shape.channels),
        "cross_attention_dim": width,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": shape.texts[-1][0] + 6 * 256,
    }


def write_checkpoint(folder: Path, shape: Shape) -> Path:
    """Write a diffusers folder with weights from a fixed seed; return it."""
    with offline_and_quiet():
        pipe = _flux_pipeline(folder, shape) if shape.flux else _sdxl_pipeline(folder, shape)
        for number, module in enumerate(pipe.components.values()):
            if isinstance(module, torch.nn.Module):
                paint(module, seed=number)
                if isinstance(module, diffusers.UNet2DConditionModel):
                    _calm(module)
                module.to(getattr(torch, shape.dtype))
        pipe.save_pretrained(folder, safe_serialization=True)
    return folder


def _calm(network: diffusers.UNet2DConditionModel) -> None:
    """Let a U-Net predict noise of about the size that it gets, as trained ones do.

    Painted ones are three times as loud, and then every rounding shows.
    """
    network.conv_out.weight.data /= 3


def write_lora(path: Path, shape: Shape, *, rank: int = 16, share: float = 0.1, seed: int) -> Path:
    """Write a LoRA over all attention and feed-forward layers in PEFT's naming; return `path`.

    `share` is the size of its change beside that of the weight, as Frobenius norms.
    """
    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}
    prefix = "transformer" if shape.flux else "unet"
    for name, rows, columns in _targets(shape):
        down = torch.randn((rank, columns), generator=generator) / columns**0.5
        up = torch.randn((rows, rank), generator=generator) * share / rank**0.5
        tensors[f"{prefix}.{name}.lora_A.weight"] = down.half()
        tensors[f"{prefix}.{name}.lora_B.weight"] = up.half()
    save_file(tensors, path, metadata={"format": "pt"})
    return path


def _targets(shape: Shape) -> list[tuple[str, int, int]]:
    """Return path, outputs and inputs of every Linear inside attention and transformer blocks."""
    with torch.device("meta"):
        network = _flux_transformer(shape) if shape.flux else _unet(shape)
    return [
        (name, module.out_features, module.in_features)
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear)
        and (".attentions." in name or "transformer_blocks." in name)
    ]


def _unet(shape: Shape) -> diffusers.UNet2DConditionModel:
    return diffusers.UNet2DConditionModel(**sdxl_unet_config(shape))


def _flux_transformer(shape: Shape) -> diffusers.FluxTransformer2DModel:
    assert shape.flux is not None  # noqa: S101 - asked before
    double, single, heads = shape.flux
    return diffusers.FluxTransformer2DModel(
        num_layers=double,
        num_single_layers=single,
        attention_head_dim=128,
        num_attention_heads=heads,
        joint_attention_dim=shape.t5[0],
        pooled_projection_dim=shape.texts[0][0],
        guidance_embeds=True,
    )


def _vae(shape: Shape, **options: object) -> diffusers.AutoencoderKL:
    levels = len(shape.vae)
    return diffusers.AutoencoderKL(
        block_out_channels=shape.vae,
        layers_per_block=shape.vae_layers,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        **options,
    )


def _clip(width: int, layers: int, *, projects: bool) -> transformers.PreTrainedModel:
    words = token_count()
    config = transformers.CLIPTextConfig(
        vocab_size=words,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // _HEAD,
        projection_dim=width,
        hidden_act="gelu" if projects else "quick_gelu",
        bos_token_id=words - 2,
        eos_token_id=words - 1,
        pad_token_id=0 if projects else words - 1,
    )
    return (transformers.CLIPTextModelWithProjection if projects else transformers.CLIPTextModel)(
        config
    )


def _clip_tokenizer(folder: Path, *, pad_with_end: bool) -> transformers.CLIPTokenizer:
    write_tokenizer(folder, pad_with_end=pad_with_end)
    return transformers.CLIPTokenizer.from_pretrained(folder)


def _sdxl_pipeline(folder: Path, shape: Shape) -> diffusers.DiffusionPipeline:
    (width, layers), (width_2, layers_2) = shape.texts
    return diffusers.StableDiffusionXLPipeline(
        unet=_unet(shape),
        vae=_vae(shape, latent_channels=4, scaling_factor=0.13025, force_upcast=True),
        text_encoder=_clip(width, layers, projects=False),
        text_encoder_2=_clip(width_2, layers_2, projects=True),
        tokenizer=_clip_tokenizer(folder / "tokenizer", pad_with_end=True),
        tokenizer_2=_clip_tokenizer(folder / "tokenizer_2", pad_with_end=False),
        scheduler=diffusers.EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            timestep_spacing="leading",
            steps_offset=1,
        ),
        add_watermarker=False,
    )


def _flux_pipeline(folder: Path, shape: Shape) -> diffusers.DiffusionPipeline:
    width, layers = shape.t5
    words: Mapping[str, object] = {"vocab_size": 32128, "pad_token_id": 0, "eos_token_id": 1}
    letters = [(letter, -3.0) for letter in "▁abcdefghijklmnopqrstuvwxyz,."]
    marks = [(mark, 0.0) for mark in ("<pad>", "</s>", "<unk>")]
    return diffusers.FluxPipeline(
        transformer=_flux_transformer(shape),
        vae=_vae(
            shape,
            latent_channels=16,
            scaling_factor=0.3611,
            shift_factor=0.1159,
            use_quant_conv=False,
            use_post_quant_conv=False,
        ),
        text_encoder=_clip(*shape.texts[0], projects=False),
        tokenizer=_clip_tokenizer(folder / "tokenizer", pad_with_end=True),
        text_encoder_2=transformers.T5EncoderModel(
            transformers.T5Config(
                d_model=width,
                d_kv=64,
                d_ff=width * 5 // 2,
                num_layers=layers,
                num_heads=width // 64,
                feed_forward_proj="gated-gelu",
                **words,
            )
        ),
        tokenizer_2=transformers.T5TokenizerFast(
            vocab=[*marks, *letters], extra_ids=0, model_max_length=512
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True,
            base_shift=0.5,
            max_shift=1.15,
            base_image_seq_len=256,
            max_image_seq_len=4096,
            shift=3.0,
        ),
    )
