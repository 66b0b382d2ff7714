"""SD.Next: everything below `models`, each folder movable by `config.json`.

Sources: SD.Next `modules/paths.py` and its system paths; the Diffusers folder is laid out like a
Hugging Face cache.
"""

from __future__ import annotations

from pathlib import Path

from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout
from loradex.operations.layouts.detected import Detected, Root
from loradex.operations.layouts.hints import (
    Hints,
    existing_folder,
    further_roots,
    real_folder,
    with_own_hints,
)
from loradex.operations.layouts.launch_options import launch_options
from loradex.operations.layouts.names import SDNEXT, folders_in, has_all
from loradex.operations.layouts.reading import read_json

_SETTINGS = {
    "ckpt_dir": ModelKind.CHECKPOINT,
    "unet_dir": ModelKind.DIFFUSION_MODEL,
    "lora_dir": ModelKind.LORA,
    "lyco_dir": ModelKind.LORA,
    "vae_dir": ModelKind.VAE,
    "te_dir": ModelKind.TEXT_ENCODER,
    "embeddings_dir": ModelKind.EMBEDDING,
    "control_dir": ModelKind.CONTROLNET,
    "hypernetwork_dir": ModelKind.HYPERNETWORK,
    "esrgan_models_path": ModelKind.UPSCALER,
    "realesrgan_models_path": ModelKind.UPSCALER,
    "bsrgan_models_path": ModelKind.UPSCALER,
    "swinir_models_path": ModelKind.UPSCALER,
    "scunet_models_path": ModelKind.UPSCALER,
    "diffusers_dir": ModelKind.CHECKPOINT,
}

_OPTIONS = {
    "--ckpt-dir": ModelKind.CHECKPOINT,
    "--lora-dir": ModelKind.LORA,
    "--vae-dir": ModelKind.VAE,
    "--embeddings-dir": ModelKind.EMBEDDING,
}

_OWN_FOLDERS = ("Diffusers", "UNET", "Text-encoder", "Reference")
"""Beside `Stable-diffusion` they tell SD.Next's models from those of the other web UIs."""


def detect(folder: Path) -> Detected | None:
    """Tell whether this is SD.Next, or its models folder."""
    if _is_program(folder):
        return _from_program(folder)
    if has_all(folder, ("models/Stable-diffusion",)) and _is_models(folder / "models"):
        return _from_program(folder)
    if _is_models(folder):
        if _is_program(folder.parent):
            return _from_program(folder.parent)
        root = real_folder(folder)
        return (
            _told((Root(root, folders_in(root, SDNEXT), layout=Layout.SDNEXT),)) if root else None
        )
    return None


def _is_program(folder: Path) -> bool:
    return has_all(folder, ("installer.py", "launch.py", "webui.py"))


def _is_models(folder: Path) -> bool:
    return has_all(folder, ("Stable-diffusion",)) and any(
        has_all(folder, (name,)) for name in _OWN_FOLDERS
    )


def _from_program(top: Path) -> Detected:
    notes: list[str] = []
    hints = Hints(notes)
    settings = read_json(top / "config.json", notes) or {}
    models = existing_folder(settings.get("models_dir"), top)
    for option, value, script in launch_options(top, {*_OPTIONS, "--models-dir"}, notes):
        if option == "--models-dir":
            models = existing_folder(value, top) or models
        else:
            hints.add(value, top, _OPTIONS[option], script)
    models = models or real_folder(top / "models")
    for key, kind in _SETTINGS.items():
        hints.add(settings.get(key), top, kind, "config.json")
    if models is None:
        return _told(tuple(further_roots(hints.found, None)), notes)
    own = Root(models, folders_in(models, SDNEXT), layout=Layout.SDNEXT)
    return _told((with_own_hints(own, hints.found), *further_roots(hints.found, models)), notes)


def _told(roots: tuple[Root, ...], notes: list[str] | None = None) -> Detected:
    return Detected(Layout.SDNEXT, "SD.Next", roots, tuple(notes or ()))
