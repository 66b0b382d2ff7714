"""Which files of a repository are models, and what each is for."""

from __future__ import annotations

import re

_FORMATS = {
    "safetensors": "SafeTensor",
    "gguf": "GGUF",
    "ckpt": "PickleTensor",
    "pt": "PickleTensor",
    "pth": "PickleTensor",
    "bin": "PickleTensor",
}
"""Suffixes of weights to the usual names of their formats (CivitAI's)."""

_COMPONENTS = {
    "vae": "VAE",
    "unet": "UNet",
    "transformer": "Diffusion Model",
    "prior": "Diffusion Model",
    "controlnet": "ControlNet",
    "text_encoder": "Text Encoder",
    "image_encoder": "Vision Encoder",
    "safety_checker": "Other",
    "feature_extractor": "Other",
}
"""Folders of a diffusers pipeline to file types; a number may follow, as in `text_encoder_2`."""

# What trainers leave behind, beside or below the model itself.
_LEFTOVER_FOLDER = re.compile(r"(checkpoint|step|epoch|ckpt|global_step)[-_]?\d+", re.IGNORECASE)
_LEFTOVER_NAME = re.compile(
    r"(optimizer|scheduler|scaler|rng_state|random_states|training_args|train_state|pickle).*",
    re.IGNORECASE,
)
_QUANTISATION = re.compile(r"(?<![A-Za-z0-9])((?:I?Q\d|TQ\d)(?:_[A-Z0-9]+){0,2})(?=[.\-]|$)")
_PRECISION = re.compile(
    r"(?<![A-Za-z0-9])(fp32|fp16|bf16|fp8|nf4|int8|int4)(?![0-9])", re.IGNORECASE
)
_FIRST = ("pytorch_lora_weights.safetensors", "adapter_model.safetensors")
"""The names that diffusers and peft themselves look for."""

_WEIGHTS = ("Model", "Diffusion Model", "UNet")


def is_weights(path: str) -> bool:
    """Tell whether a path ends like a file of weights."""
    return _suffix(path) in _FORMATS and _plain(path)


def is_model(path: str) -> bool:
    """Tell whether a path is that of a model, not of what a training left behind."""
    *folders, name = path.split("/")
    return (
        is_weights(path)
        and not any(_LEFTOVER_FOLDER.fullmatch(folder) for folder in folders)
        and not _LEFTOVER_NAME.fullmatch(name)
    )


def file_type(path: str) -> str:
    """Return what a file is for: `Model`, or the part of a pipeline whose folder it lies in."""
    folder = path.rpartition("/")[0].rpartition("/")[2].casefold()
    return _COMPONENTS.get(re.sub(r"_\d$", "", folder), "Model")


def file_format(path: str) -> str:
    """Return the format that a weights' suffix means."""
    return _FORMATS[_suffix(path)]


def precision(path: str) -> str | None:
    """Return the precision that a name tells; None when it tells none."""
    match = _PRECISION.search(path.rpartition("/")[2])
    return None if match is None else match[1].lower()


def quantisation(path: str) -> str | None:
    """Return the quantisation that a GGUF file's name tells, as in `Q4_K_M`."""
    match = _QUANTISATION.search(path.rpartition("/")[2].upper()) if _gguf(path) else None
    return None if match is None else match[1]


def primary_path(paths: list[str]) -> str | None:
    """Return the file that stands for the whole: none when several could as well.

    A repository may hold dozens of LoRAs, none of which is its model more than the others.
    """
    for name in _FIRST:
        if name in paths:
            return name
    main = [path for path in paths if file_type(path) in _WEIGHTS]
    for candidates in (
        [path for path in main if file_format(path) == "SafeTensor" and "/" not in path],
        [path for path in main if "/" not in path],
        main,
    ):
        if candidates:
            return candidates[0] if len(candidates) == 1 else None
    return None


def _suffix(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _gguf(path: str) -> bool:
    return _suffix(path) == "gguf"


def _plain(path: str) -> bool:
    """Tell whether a path stays inside its repository: ours is not the only use of it."""
    parts = path.split("/")
    return all(part not in {"", ".", ".."} and part.isprintable() for part in parts)
