"""Folder names of each tool, and what lies there.

Sources: ComfyUI `folder_paths.py` and the desktop app's default paths; Stable Diffusion web UI and
Forge `modules/cmd_args.py`; SwarmUI `src/Core/Settings.cs`; Stability Matrix
`SharedFolderType.cs`; SD.Next's system paths. Within a table the first name of a kind is where new
files go. `unknown` is a folder of models that have no kind here.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout

_K = ModelKind
Names = Mapping[str, ModelKind]

COMFYUI: Names = {
    "checkpoints": _K.CHECKPOINT, "diffusion_models": _K.DIFFUSION_MODEL,
    "unet": _K.DIFFUSION_MODEL, "loras": _K.LORA, "vae": _K.VAE, "embeddings": _K.EMBEDDING,
    "text_encoders": _K.TEXT_ENCODER, "clip": _K.TEXT_ENCODER, "clip_vision": _K.CLIP_VISION,
    "controlnet": _K.CONTROLNET, "t2i_adapter": _K.T2I_ADAPTER, "ipadapter": _K.IP_ADAPTER,
    "upscale_models": _K.UPSCALER, "latent_upscale_models": _K.UPSCALER,
    "style_models": _K.STYLE_MODEL, "hypernetworks": _K.HYPERNETWORK,
    "animatediff_models": _K.MOTION_MODULE, "animatediff_motion_lora": _K.LORA,
    "diffusers": _K.CHECKPOINT, "vae_approx": _K.VAE, "gligen": _K.UNKNOWN,
    "photomaker": _K.UNKNOWN, "model_patches": _K.UNKNOWN, "audio_encoders": _K.UNKNOWN,
}  # fmt: skip

A1111: Names = {
    "Stable-diffusion": _K.CHECKPOINT, "Lora": _K.LORA, "LyCORIS": _K.LORA, "VAE": _K.VAE,
    "text_encoder": _K.TEXT_ENCODER, "ControlNet": _K.CONTROLNET, "ESRGAN": _K.UPSCALER,
    "RealESRGAN": _K.UPSCALER, "SwinIR": _K.UPSCALER, "DAT": _K.UPSCALER, "BSRGAN": _K.UPSCALER,
    "ScuNET": _K.UPSCALER, "LDSR": _K.UPSCALER, "hypernetworks": _K.HYPERNETWORK,
    "diffusers": _K.CHECKPOINT, "VAE-approx": _K.VAE,
}  # fmt: skip
"""Inside `models`; embeddings lie beside it."""

SWARMUI: Names = {
    "Stable-Diffusion": _K.CHECKPOINT, "diffusion_models": _K.DIFFUSION_MODEL,
    "unet": _K.DIFFUSION_MODEL, "Lora": _K.LORA, "VAE": _K.VAE, "Embeddings": _K.EMBEDDING,
    "text_encoders": _K.TEXT_ENCODER, "clip": _K.TEXT_ENCODER, "clip_vision": _K.CLIP_VISION,
    "controlnet": _K.CONTROLNET, "model_patches": _K.UNKNOWN, "upscale_models": _K.UPSCALER,
    "ipadapter": _K.IP_ADAPTER, "style_models": _K.STYLE_MODEL, "hypernetworks": _K.HYPERNETWORK,
    "gligen": _K.UNKNOWN,
}  # fmt: skip

STABILITY_MATRIX: Names = {
    "StableDiffusion": _K.CHECKPOINT, "DiffusionModels": _K.DIFFUSION_MODEL, "Lora": _K.LORA,
    "LyCORIS": _K.LORA, "VAE": _K.VAE, "Embeddings": _K.EMBEDDING,
    "TextEncoders": _K.TEXT_ENCODER, "ClipVision": _K.CLIP_VISION, "ControlNet": _K.CONTROLNET,
    "T2IAdapter": _K.T2I_ADAPTER, "IpAdapter": _K.IP_ADAPTER, "IpAdapters15": _K.IP_ADAPTER,
    "IpAdaptersXl": _K.IP_ADAPTER, "ESRGAN": _K.UPSCALER, "RealESRGAN": _K.UPSCALER,
    "SwinIR": _K.UPSCALER, "BSRGAN": _K.UPSCALER, "ScuNET": _K.UPSCALER, "LDSR": _K.UPSCALER,
    "StyleModels": _K.STYLE_MODEL, "Hypernetwork": _K.HYPERNETWORK, "Diffusers": _K.CHECKPOINT,
    "ApproxVAE": _K.VAE, "SVD": _K.CHECKPOINT, "GLIGEN": _K.UNKNOWN, "ModelPatches": _K.UNKNOWN,
    "AudioEncoders": _K.UNKNOWN,
}  # fmt: skip

SDNEXT: Names = {
    "Stable-diffusion": _K.CHECKPOINT, "UNET": _K.DIFFUSION_MODEL, "Lora": _K.LORA,
    "LyCORIS": _K.LORA, "VAE": _K.VAE, "embeddings": _K.EMBEDDING,
    "Text-encoder": _K.TEXT_ENCODER, "control": _K.CONTROLNET, "ControlNet": _K.CONTROLNET,
    "ESRGAN": _K.UPSCALER, "RealESRGAN": _K.UPSCALER, "SwinIR": _K.UPSCALER,
    "BSRGAN": _K.UPSCALER, "SCUNet": _K.UPSCALER, "hypernetworks": _K.HYPERNETWORK,
    "Diffusers": _K.CHECKPOINT,
}  # fmt: skip

TABLES: Mapping[Layout, Names] = {
    Layout.COMFYUI: COMFYUI,
    Layout.A1111: A1111,
    Layout.SWARMUI: SWARMUI,
    Layout.STABILITY_MATRIX: STABILITY_MATRIX,
    Layout.SDNEXT: SDNEXT,
}

_OTHER_SPELLINGS: Names = {
    "lora": _K.LORA, "locon": _K.LORA, "loha": _K.LORA, "dora": _K.LORA,
    "checkpoint": _K.CHECKPOINT, "ckpt": _K.CHECKPOINT, "ckpts": _K.CHECKPOINT,
    "stablediffusion": _K.CHECKPOINT, "vaes": _K.VAE, "embedding": _K.EMBEDDING,
    "textualinversion": _K.EMBEDDING, "textualinversions": _K.EMBEDDING,
    "controlnets": _K.CONTROLNET, "upscaler": _K.UPSCALER, "upscalers": _K.UPSCALER,
    "unets": _K.DIFFUSION_MODEL, "transformers": _K.DIFFUSION_MODEL,
    "hypernetwork": _K.HYPERNETWORK, "clip": _K.TEXT_ENCODER,
}  # fmt: skip
"""How people call such folders when no tool does."""


def _folded(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


_ANY: Names = {
    _folded(name): kind for table in TABLES.values() for name, kind in table.items()
} | dict(_OTHER_SPELLINGS)


def kind_by_name(name: str) -> ModelKind | None:
    """Return the kind that a folder of this name holds in any tool, None when no tool has it."""
    return _ANY.get(_folded(name))


def entries(folder: Path) -> frozenset[str]:
    """Return the names in a folder; nothing when it cannot be listed."""
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def has_all(folder: Path, names: Collection[str]) -> bool:
    """True when all of these names are there.

    Compared as listed: a case-insensitive disk would say yes to any spelling, and capitals are
    all that tells some tools apart. A name may have folders before it.
    """
    return all(
        last in entries(folder / parent if parent else folder)
        for parent, _, last in (name.rpartition("/") for name in names)
    )


def folders_in(root: Path, names: Names, below: str = "") -> dict[str, ModelKind]:
    """Return those of a table's folders that are there, relative to `root`, in its order."""
    prefix = f"{below}/" if below else ""
    there = entries(root / below if below else root)
    return {
        prefix + name: kind
        for name, kind in names.items()
        if name in there and (root / prefix / name).is_dir()
    }
