"""Which names in a folder belong to models: weights, downloads in progress, sidecars.

Pure rules over names; nothing is opened. Suffixes are compared without regard to case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

MODEL_SUFFIXES = frozenset(
    {".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl"}
)
"""ComfyUI's list (its `folder_paths.py`) and GGUF. What a file really is, its content tells."""

DOWNLOAD_SUFFIXES = frozenset(
    {".part", ".partial", ".tmp", ".temp", ".aria2", ".crdownload", ".download", ".incomplete"}
)
"""A name that ends so is still being written, whatever stands before it."""

CONTROL_FILE = ".aria2"
"""aria2 writes under the final name and keeps this file beside it until it has finished."""

# Training leaves these beside the weights, in the same formats.
_NOT_MODELS = frozenset(
    {
        "optimizer.bin", "optimizer.pt", "scheduler.bin", "scheduler.pt", "scaler.pt",
        "rng_state.pth", "training_args.bin", "random_states_0.pkl",
    }
)  # fmt: skip


class SidecarRole(StrEnum):
    """What a sidecar is for."""

    INFO = "info"
    """What a tool knows about the model, in the tool's own dialect."""
    TEXT = "text"
    """A description or page for people."""
    PREVIEW = "preview"
    """A picture or short film that shows the model."""


@dataclass(frozen=True, slots=True)
class SidecarSuffix:
    """One way to name a sidecar: after the model's stem, or after its full name."""

    suffix: str
    role: SidecarRole
    after_full_name: bool = False


_PICTURES = ("png", "jpg", "jpeg", "webp", "gif", "avif", "jxl", "mp4", "webm")

SIDECAR_SUFFIXES: tuple[SidecarSuffix, ...] = (
    # CivitAI helpers; LoRA Manager; Stability Matrix; SwarmUI; A1111, Forge and CivitAI Browser.
    SidecarSuffix(".civitai.info", SidecarRole.INFO),
    SidecarSuffix(".metadata.json", SidecarRole.INFO),
    SidecarSuffix(".cm-info.json", SidecarRole.INFO),
    SidecarSuffix(".swarm.json", SidecarRole.INFO),
    SidecarSuffix(".json", SidecarRole.INFO),
    SidecarSuffix(".api_info.json", SidecarRole.INFO),
    SidecarSuffix(".yaml", SidecarRole.INFO),
    SidecarSuffix(".yml", SidecarRole.INFO),
    SidecarSuffix(".rgthree-info.json", SidecarRole.INFO, after_full_name=True),
    SidecarSuffix(".sha256", SidecarRole.INFO),
    SidecarSuffix(".sha256", SidecarRole.INFO, after_full_name=True),
    SidecarSuffix(".txt", SidecarRole.TEXT),
    SidecarSuffix(".description.txt", SidecarRole.TEXT),
    SidecarSuffix(".md", SidecarRole.TEXT),
    SidecarSuffix(".html", SidecarRole.TEXT),
    *(SidecarSuffix(f".preview.{kind}", SidecarRole.PREVIEW) for kind in _PICTURES),
    *(SidecarSuffix(f".{kind}", SidecarRole.PREVIEW) for kind in _PICTURES),
    *(SidecarSuffix(f".thumb.{kind}", SidecarRole.PREVIEW) for kind in ("jpg", "png")),
    *(SidecarSuffix(f".example.0.{kind}", SidecarRole.PREVIEW) for kind in _PICTURES),
)
"""Every suffix a sidecar may have. No other file follows a model when it moves: a mere common
beginning (`style.v2.safetensors` beside `style.safetensors`) means nothing."""


def is_model_file(name: str) -> bool:
    """Tell whether a file name has a model's suffix. Hidden files and training state have not."""
    stem, dot, suffix = name.rpartition(".")
    return (
        bool(stem)
        and f"{dot}{suffix}".lower() in MODEL_SUFFIXES
        and not name.startswith(".")
        and name.lower() not in _NOT_MODELS
    )


def is_download(name: str) -> bool:
    """Tell whether a name is one that a downloader gives to an unfinished file."""
    stem, dot, suffix = name.rpartition(".")
    return bool(stem) and f"{dot}{suffix}".lower() in DOWNLOAD_SUFFIXES


def is_being_downloaded(name: str, beside: Collection[str]) -> bool:
    """Tell whether the file is unfinished by its own name or by a control file `beside` it."""
    return is_download(name) or f"{name}{CONTROL_FILE}" in beside


def model_stem(name: str) -> str:
    """Return a model file's name without its suffix."""
    return name.rpartition(".")[0] if is_model_file(name) else name


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A file that belongs to a model, by its name."""

    name: str
    suffix: SidecarSuffix


def sidecars(model: str, beside: Collection[str]) -> Iterator[Sidecar]:
    """Yield the files of one folder that belong to the model file `model`, in the table's order.

    `beside` holds the names in that folder. The stem must agree to the letter, the suffix may be
    in capitals. Models with one stem and different suffixes share their stem's sidecars. A file
    with a model's suffix never is a sidecar.
    """
    stem = model_stem(model)
    there: dict[str, list[str]] = {}
    for name in beside:
        if name.startswith(stem) and not is_model_file(name):
            there.setdefault(name[len(stem) :].lower(), []).append(name)
    full = model[len(stem) :].lower()
    for suffix in SIDECAR_SUFFIXES:
        end = full + suffix.suffix if suffix.after_full_name else suffix.suffix
        for name in there.get(end, ()):
            yield Sidecar(name, suffix)
