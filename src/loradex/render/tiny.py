"""Tiny but real checkpoints and LoRAs with made-up weights, for the demo and the tests.

They have the structure, names and files of SD 1.x and SDXL, only narrow: a few megabytes, and a
picture in a fraction of a second. What they draw are abstract colour fields; they show that
every part works, not what a trained model can do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from loradex.render import naming
from loradex.render.infer import NARROW
from loradex.render.quiet import offline_and_quiet
from loradex.render.tiny_paint import paint
from loradex.render.tiny_words import token_count, write_tokenizer
from loradex.render.whole_file import whole_file

if TYPE_CHECKING:
    from torch import Tensor, nn

TinyShape = Literal["sd1", "sdxl"]
LoraNaming = Literal["kohya", "peft"]

_TEXT_WIDTH, _TEXT_WIDTH_2 = 768, 1280
"""Those of CLIP-L and CLIP-G, so that the files are told for what they are."""
_TIME_WIDTH = 256
_LAYERS = 2
_VAE_LEVELS = 4


def make_tiny_pipeline(folder: Path, *, shape: TinyShape, seed: int = 0) -> Path:
    """Write a diffusers folder with weights from `seed`; return `folder`."""
    return save_pipeline(folder, _modules(shape, seed), shape=shape)


def save_pipeline(
    folder: Path, modules: Mapping[str, nn.Module], *, shape: TinyShape, words: Sequence[str] = ()
) -> Path:
    """Write `modules`, by their folder names, as a diffusers folder in float16; return `folder`.

    `words` are those that the tokenizer has whole, the common ones without any.
    """
    for name, module in modules.items():
        _save_part(module, folder / name)
    for name in modules:
        if name.startswith("text_encoder"):
            number = name.removeprefix("text_encoder")
            write_tokenizer(folder / f"tokenizer{number}", pad_with_end=not number, whole=words)
    _write_json(folder / "scheduler" / "scheduler_config.json", _scheduler_config(shape))
    _write_json(folder / "model_index.json", _index(shape))
    return folder


def _save_part(module: nn.Module, folder: Path) -> None:
    """Write a part as its library does, without that library's progress bars."""
    from safetensors.torch import save_file  # noqa: PLC0415 - heavy

    to_dict = getattr(module.config, "to_dict", None)
    is_text = to_dict is not None
    config: dict[str, object] = to_dict() if to_dict else dict(module.config)  # type: ignore[arg-type]
    config.pop("_name_or_path", None)
    if is_text:
        config["architectures"] = [type(module).__name__]
    else:
        config["_class_name"] = type(module).__name__
    _write_json(folder / "config.json", config)
    name = "model" if is_text else "diffusion_pytorch_model"
    tensors = {name: tensor.half() for name, tensor in module.state_dict().items()}
    save_file(tensors, folder / f"{name}.safetensors", metadata={"format": "pt"})


def make_tiny_single_file(path: Path, *, shape: TinyShape, seed: int = 0) -> Path:
    """Write the same weights as one LDM-named file, and a tokenizer beside it; return `path`."""
    return save_single_file(path, _modules(shape, seed), shape=shape)


def save_single_file(
    path: Path,
    modules: Mapping[str, nn.Module],
    *,
    shape: TinyShape,
    words: Sequence[str] = (),
    layers: int = _LAYERS,
    side: int | None = None,
    narrow: bool = False,
) -> Path:
    """Write `modules` as one LDM-named file, and their tokenizer beside it; return `path`.

    `layers` is the number of resnets per down block of the U-Net; `words` as for `save_pipeline`.
    `side` is what the file says of the pictures it was trained on, in pixels; None: nothing.
    `narrow` says that its networks have fewer heads and groups than those of SD.
    """
    from safetensors.torch import save  # noqa: PLC0415 - heavy

    tensors: dict[str, Tensor] = {}
    for name, module in modules.items():
        prefix = _PREFIXES[shape][name]
        for ours, tensor in _ldm_tensors(name, module, shape, layers):
            tensors[prefix + ours] = tensor.half().contiguous()
    write_tokenizer(path.parent / "tokenizer", pad_with_end=True, whole=words)
    architecture = "stable-diffusion-v1" if shape == "sd1" else "stable-diffusion-xl-v1-base"
    metadata = {
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": architecture,
        "modelspec.prediction_type": "epsilon",
        "modelspec.title": path.stem,
    }
    if side is not None:
        metadata["modelspec.resolution"] = f"{side}x{side}"
    if narrow:
        metadata[NARROW] = "1"
    with whole_file(path) as file:
        file.write(save(tensors, metadata))
    return path


def make_tiny_lora(
    path: Path,
    *,
    shape: TinyShape,
    naming: LoraNaming = "kohya",
    rank: int = 4,
    seed: int = 0,
    text_encoder: bool = True,
    gain: float = 1.0,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a LoRA that fits the tiny checkpoint of `shape`; return `path`.

    It covers the attention and feed-forward layers; `gain` says how strongly it acts, 1 being a
    clear change at strength 1. Both namings hold the same weights for the same `seed`.
    `metadata` is added to what kohya's trainer writes.
    """
    from loradex.render.tiny_lora import write_lora  # noqa: PLC0415 - only the demo and tests

    modules = _modules(shape, 0)
    chosen = {
        name: module
        for name, module in modules.items()
        if name == "unet" or (text_encoder and name.startswith("text_encoder"))
    }
    write_lora(
        path,
        chosen,
        shape=shape,
        naming=naming,
        rank=rank,
        seed=seed,
        gain=gain,
        metadata=metadata or {},
    )
    return path


def unet_attention_levels(shape: TinyShape) -> frozenset[int]:
    """Return the numbers of the up blocks with text attention."""
    return frozenset({1, 2, 3}) if shape == "sd1" else frozenset({0, 1})


def unet_name(name: str, shape: TinyShape, *, layers: int = _LAYERS) -> str:
    """Return the LDM name of a tiny U-Net's module or weight."""
    return naming.unet_ldm_name(name, layers=layers, attention_levels=unet_attention_levels(shape))


_PREFIXES: Mapping[TinyShape, Mapping[str, str]] = {
    "sd1": {
        "unet": naming.UNET_PREFIX,
        "vae": naming.VAE_PREFIX,
        "text_encoder": "cond_stage_model.transformer.text_model.",
    },
    "sdxl": {
        "unet": naming.UNET_PREFIX,
        "vae": naming.VAE_PREFIX,
        "text_encoder": "conditioner.embedders.0.transformer.text_model.",
        "text_encoder_2": "conditioner.embedders.1.model.",
    },
}


def _ldm_tensors(
    part: str, module: nn.Module, shape: TinyShape, layers: int
) -> Iterator[tuple[str, Tensor]]:
    """Yield a part's weights under their names in a single file."""
    import torch  # noqa: PLC0415 - heavy

    state = module.state_dict()
    if part == "unet":
        yield from (
            (unet_name(name, shape, layers=layers), tensor) for name, tensor in state.items()
        )
    elif part == "text_encoder":
        yield from ((naming.plain_clip_name(name), tensor) for name, tensor in state.items())
    elif part == "vae":
        for name, tensor in state.items():
            theirs = naming.vae_ldm_name(name, levels=_VAE_LEVELS)
            square = ".mid.attn_1." in theirs and tensor.dim() == 2
            yield theirs, tensor[:, :, None, None] if square else tensor
    else:
        fused: dict[str, dict[int, Tensor]] = {}
        for name, tensor in state.items():
            theirs, third = naming.open_clip_name(name)
            if third is None:
                yield theirs, tensor.T if theirs == "text_projection" else tensor
            else:
                fused.setdefault(theirs, {})[third] = tensor
        for theirs, thirds in fused.items():
            yield theirs, torch.cat([thirds[0], thirds[1], thirds[2]])


def _modules(shape: TinyShape, seed: int) -> dict[str, nn.Module]:
    """Return the parts by their folder names, with weights exact in float16."""
    with offline_and_quiet():
        from diffusers import AutoencoderKL, UNet2DConditionModel  # noqa: PLC0415 - heavy
        from transformers import (  # noqa: PLC0415 - heavy
            CLIPTextConfig,
            CLIPTextModel,
            CLIPTextModelWithProjection,
        )

        modules: dict[str, nn.Module] = {
            "unet": UNet2DConditionModel(**_unet_config(shape)),
            "vae": AutoencoderKL(**_vae_config(shape)),
            "text_encoder": CLIPTextModel(
                CLIPTextConfig(**_text_config("quick_gelu", _TEXT_WIDTH))
            ),
        }
        if shape == "sdxl":
            config = CLIPTextConfig(**_text_config("gelu", _TEXT_WIDTH_2))
            modules["text_encoder_2"] = CLIPTextModelWithProjection(config)
    for number, module in enumerate(modules.values()):
        paint(module, seed=1000 * seed + number)
    return modules


def _unet_config(shape: TinyShape) -> dict[str, object]:
    if shape == "sd1":
        return {
            "block_out_channels": (32, 32, 64, 64),
            "layers_per_block": _LAYERS,
            "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
            "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
            "cross_attention_dim": _TEXT_WIDTH,
            "attention_head_dim": 8,
            "sample_size": 16,
        }
    return {
        "block_out_channels": (32, 32, 64),
        "layers_per_block": _LAYERS,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 1, 2),
        "cross_attention_dim": _TEXT_WIDTH + _TEXT_WIDTH_2,
        "attention_head_dim": (1, 1, 1),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": _TIME_WIDTH,
        "projection_class_embeddings_input_dim": _TEXT_WIDTH_2 + 6 * _TIME_WIDTH,
        "sample_size": 16,
    }


def _vae_config(shape: TinyShape) -> dict[str, object]:
    return {
        "block_out_channels": (32,) * _VAE_LEVELS,
        "layers_per_block": 1,
        "down_block_types": ("DownEncoderBlock2D",) * _VAE_LEVELS,
        "up_block_types": ("UpDecoderBlock2D",) * _VAE_LEVELS,
        "latent_channels": 4,
        "sample_size": 128,
        "scaling_factor": 0.13025 if shape == "sdxl" else 0.18215,
        "force_upcast": shape == "sdxl",
    }


def _text_config(activation: str, width: int) -> dict[str, object]:
    words = token_count()
    return {
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": width // 64,
        "projection_dim": width,
        "hidden_act": activation,
        "bos_token_id": words - 2,
        "eos_token_id": words - 1,
        "pad_token_id": words - 1 if activation == "quick_gelu" else 0,
    }


def _scheduler_config(shape: TinyShape) -> dict[str, object]:
    config: dict[str, object] = {
        "_class_name": "EulerDiscreteScheduler",
        "num_train_timesteps": 1000,
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "steps_offset": 1,
        "clip_sample": False,
        "set_alpha_to_one": False,
        "prediction_type": "epsilon",
    }
    return config | ({"timestep_spacing": "leading"} if shape == "sdxl" else {})


def _index(shape: TinyShape) -> dict[str, object]:
    index: dict[str, object] = {
        "_class_name": "StableDiffusionPipeline" if shape == "sd1" else "StableDiffusionXLPipeline",
        "_diffusers_version": "0.36.0",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
    }
    if shape == "sd1":
        return index | {
            "safety_checker": [None, None],
            "feature_extractor": [None, None],
            "requires_safety_checker": False,
        }
    return index | {
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
        "force_zeros_for_empty_prompt": True,
    }


def _write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n", "utf-8")
