"""Stable Diffusion web UI (A1111), Forge and reForge: `models`, and `embeddings` beside it.

The whole folder is one library, so that embeddings belong to it; everything else in it is left
out. Options of the start scripts (`--lora-dir` …) and two settings name folders elsewhere.
Sources: `modules/cmd_args.py` of both, `launch.py`, `webui-user.sh`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout
from loradex.operations.layouts.detected import Detected, Root
from loradex.operations.layouts.hints import (
    Hint,
    Hints,
    further_roots,
    ignore_but,
    is_inside,
    merged,
    real_folder,
    with_own_hints,
)
from loradex.operations.layouts.launch_options import launch_options
from loradex.operations.layouts.names import A1111, folders_in, has_all
from loradex.operations.layouts.reading import read_json

_OPTIONS = {
    "--models-dir": ModelKind.UNKNOWN,
    "--ckpt-dir": ModelKind.CHECKPOINT,
    "--lora-dir": ModelKind.LORA,
    "--lyco-dir": ModelKind.LORA,
    "--vae-dir": ModelKind.VAE,
    "--embeddings-dir": ModelKind.EMBEDDING,
    "--hypernetwork-dir": ModelKind.HYPERNETWORK,
    "--text-encoder-dir": ModelKind.TEXT_ENCODER,
    "--esrgan-models-path": ModelKind.UPSCALER,
    "--realesrgan-models-path": ModelKind.UPSCALER,
    "--bsrgan-models-path": ModelKind.UPSCALER,
    "--dat-models-path": ModelKind.UPSCALER,
    "--controlnet-dir": ModelKind.CONTROLNET,
    "--forge-ref-a1111-home": ModelKind.UNKNOWN,
}

_SETTINGS = {
    "control_net_models_path": ModelKind.CONTROLNET,
    "additional_networks_extra_lora_path": ModelKind.LORA,
}
"""Settings of the ControlNet and additional-networks extensions, in `config.json`."""

_IN_EXTENSIONS = {
    "extensions/sd-webui-controlnet/models": ModelKind.CONTROLNET,
    "extensions/sd-webui-additional-networks/models/lora": ModelKind.LORA,
    "extensions/sd-webui-animatediff/model": ModelKind.MOTION_MODULE,
}


def detect(folder: Path) -> Detected | None:
    """Tell whether this is a web UI, its `models` folder, or a folder laid out like that."""
    path = real_folder(folder)
    if path is None:
        return None
    notes: list[str] = []
    hints = Hints(notes)
    top = path
    if not _is_web_ui(path):
        if not _is_models(path):
            return None
        top = path.parent
    if _is_web_ui(top):
        _collect(top, hints, notes)
        if top != path and (top / "embeddings").is_dir():
            hints.add("embeddings", top, ModelKind.EMBEDDING, _title(top))
    own = with_own_hints(own_root(path, hints.found), hints.found)
    further = further_roots(hints.found, path, (_without_settings,))
    return Detected(Layout.A1111, _title(top), (own, *further), tuple(notes))


def own_root(path: Path, hints: Iterable[Hint] = ()) -> Root:
    """Return the root that a web UI's folder, or its `models` folder, is."""
    if not _is_web_ui(path):
        return Root(path, folders_in(path, A1111), layout=Layout.A1111)
    folders = merged(folders_in(path, A1111, "models"), _beside(path))
    keep = {"models", "embeddings", *(name for name in folders if not name.startswith("models/"))}
    keep |= {os.path.relpath(hint.path, path) for hint in hints if is_inside(hint.path, path)}
    return Root(path, folders, ignore_but(path, keep), Layout.A1111)


def _without_settings(folder: Path) -> Root | None:
    """Another web UI that settings lead to; its own settings are not followed in turn."""
    return own_root(folder) if _is_web_ui(folder) or _is_models(folder) else None


def _is_web_ui(folder: Path) -> bool:
    return has_all(folder, ("models/Stable-diffusion",))


def _is_models(folder: Path) -> bool:
    return has_all(folder, ("Stable-diffusion",))


def _beside(top: Path) -> dict[str, ModelKind]:
    """Return the folders of models that lie outside `models`."""
    names = {"embeddings": ModelKind.EMBEDDING, **_IN_EXTENSIONS}
    return {name: kind for name, kind in names.items() if (top / name).is_dir()}


def _collect(top: Path, hints: Hints, notes: list[str]) -> None:
    for option, value, script in launch_options(top, _OPTIONS, notes):
        hints.add(value, top, _OPTIONS[option], script)
    settings = read_json(top / "config.json", notes) or {}
    for key, kind in _SETTINGS.items():
        hints.add(settings.get(key), top, kind, "config.json")


def _title(top: Path) -> str:
    return "Forge" if has_all(top, ("modules_forge",)) else "Stable Diffusion web UI"
