"""Tiny checkpoints as single files: by their authors' names, bundled, apart, in eight bits."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from pathlib import Path
from typing import Any

KINDS = {
    "sd3": "sd3",
    "sd3.5": "sd3",
    "flux-dev": "flux",
    "flux-schnell": "flux",
    "chroma": "chroma",
    "qwen": "qwen",
    "z-image": "z-image",
    "klein": "flux2",
}
BUNDLES = {
    "sd3": {"text_encoder": "clip_l", "text_encoder_2": "clip_g", "text_encoder_3": "t5xxl"},
    "flux": {"text_encoder": "clip_l", "text_encoder_2": "t5xxl"},
    "chroma": {"text_encoder": "t5xxl"},
    "qwen": {"text_encoder": "qwen25_7b"},
    "z-image": {"text_encoder": "qwen3_4b"},
    "flux2": {"text_encoder": "qwen3_4b"},
}


def tensors_of(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    (file,) = folder.glob("*.safetensors")
    return dict(load_file(file))


def native_transformer(folder: Path, family: str) -> dict[str, Any]:
    """Return the transformer's weights by their authors' names, query, key and value in one."""
    import torch

    from loradex.render.bases.origins import ORIGINS

    kind = KINDS[family]
    ours = tensors_of(folder / "transformer")
    inner = 2 * (64 if kind == "sd3" else 128)
    last = max(
        (int(name.split(".")[1]) for name in ours if name.startswith("transformer_blocks.")),
        default=0,
    )
    pieces: dict[str, dict[int, Any]] = {}
    for name, tensor in ours.items():
        origin = ORIGINS[kind](name, inner)
        ends = kind == "sd3" and name.startswith(f"transformer_blocks.{last}.norm1_context.")
        turned = torch.cat(tensor.chunk(2)[::-1]) if origin.swapped or ends else tensor
        pieces.setdefault(origin.name, {})[origin.rows[0] if origin.rows else 0] = turned
    return {
        name: torch.cat([rows[first] for first in sorted(rows)]) for name, rows in pieces.items()
    }


def native_vae(folder: Path, family: str) -> dict[str, Any]:
    """Return the VAE's weights by the names of LDM where it has them."""
    from loradex.render.naming import vae_ldm_name

    ours = tensors_of(folder / "vae")
    if family in ("qwen", "klein"):
        return ours
    named = {vae_ldm_name(name, levels=4): tensor for name, tensor in ours.items()}
    return {
        name: tensor[:, :, None, None] if ".attn_1." in name and tensor.dim() == 2 else tensor
        for name, tensor in named.items()
    }


def text_encoders(folder: Path, family: str) -> dict[str, dict[str, Any]]:
    """Return the text encoders by ComfyUI's names for them."""
    found: dict[str, dict[str, Any]] = {}
    for part, name in BUNDLES[KINDS[family]].items():
        tensors = tensors_of(folder / part)
        tensors = {
            old.replace("model.language_model.", "model."): tensor
            for old, tensor in tensors.items()
        }
        if name.startswith("clip"):
            tensors = {
                old if old.startswith(("text_model.", "text_proj")) else f"text_model.{old}": tensor
                for old, tensor in tensors.items()
            }
        elif family == "z-image":
            tensors = {
                old if old.startswith("model.") else f"model.{old}": tensor
                for old, tensor in tensors.items()
            }
        found[name] = tensors
    return found


def copy_tokenizers(folder: Path, beside: Path) -> None:
    """Put the folder's tokenizers where a single file's are looked for."""
    import shutil

    for name in ("tokenizer", "tokenizer_2", "tokenizer_3"):
        source = folder / name
        if not source.is_dir():
            continue
        config = (source / "tokenizer_config.json").read_text("utf-8")
        kind = "_t5" if "T5" in config else "_qwen" if "im_start" in config else ""
        shutil.copytree(source, beside / f"tokenizer{kind}", dirs_exist_ok=True)


def write(path: Path, tensors: dict[str, Any], **metadata: str) -> Path:
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata or None
    )
    return path


def write_bundle(
    folder: Path, family: str, path: Path, *, prefix: str = "model.diffusion_model."
) -> Path:
    """Write all parts into one file, as ComfyUI's checkpoints have them."""
    tensors = {prefix + name: one for name, one in native_transformer(folder, family).items()}
    tensors |= {f"vae.{name}": one for name, one in native_vae(folder, family).items()}
    for name, encoder in text_encoders(folder, family).items():
        tensors |= {f"text_encoders.{name}.transformer.{key}": one for key, one in encoder.items()}
    copy_tokenizers(folder, path.parent)
    return write(path, {name: one.clone() for name, one in tensors.items()})
