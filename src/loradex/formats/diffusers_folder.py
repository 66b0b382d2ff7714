"""A diffusers folder: `model_index.json` names the parts, one sub-folder holds each.

The class names say more than any tensor; the denoiser's tensors are listed too, from the headers
of its safetensors files, without a prefix. Plain values of the denoiser's and scheduler's own
configuration become metadata, `<part>.<key>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from loradex.domain.header import FileFormat, Header, Tensor
from loradex.formats.limits import MAX_JSON_FILE
from loradex.formats.metadata_text import bounded, clean
from loradex.formats.model_file import ModelFile, damaged, is_file, refused, unreadable
from loradex.formats.safetensors_header import read_safetensors

INDEX = "model_index.json"

DENOISERS = ("unet", "transformer", "prior", "decoder")
"""Parts that may be the denoiser; the first that is there is."""

_CONFIGS = (*((part, "config.json") for part in DENOISERS), ("scheduler", "scheduler_config.json"))
_MAX_PARTS = 64
_MAX_FILES = 200
_SHARD = re.compile(r"-\d{5}-of-\d{5}")


def read_folder(path: Path) -> Header:
    """Read which classes a pipeline is made of, and the denoiser's tensors."""
    if not is_file(path / INDEX):
        raise refused(path, f"is a folder without {INDEX}, not a diffusers model.")
    index = _json_object(path / INDEX)
    config = _class_names(index)
    if "_class_name" not in config:
        raise damaged(path, f"has a {INDEX} that names no pipeline")
    notes: list[str] = []
    metadata = bounded(_settings(path).items(), notes)
    denoiser = next((part for part in DENOISERS if part in config), None)
    tensors, nbytes = _weights(path / denoiser, notes) if denoiser else ({}, 0)
    return Header(
        FileFormat.DIFFUSERS, tensors, metadata, nbytes=nbytes, config=config, notes=tuple(notes)
    )


def _json_object(path: Path) -> dict[str, object]:
    with ModelFile(path) as file:
        if file.size > MAX_JSON_FILE:
            raise refused(path, f"has {file.size:,} bytes, too many for a configuration.")
        raw = file.read_at(0, file.size)
    try:
        return msgspec.json.decode(raw, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise damaged(path, "is not a JSON object") from error


def _class_names(index: Mapping[str, object]) -> dict[str, str]:
    """Return part name to class name; the pipeline's own class under `_class_name`."""
    names: dict[str, str] = {}
    for part, value in list(index.items())[:_MAX_PARTS]:
        match value:
            case [str(), str(name)]:
                names[clean(part, 64)] = clean(name, 128)
            case str(name) if part == "_class_name":
                names[part] = clean(name, 128)
    return names


def _settings(folder: Path) -> dict[str, str]:
    settings: dict[str, str] = {}
    for part, name in _CONFIGS:
        if is_file(folder / part / name):
            for key, value in _json_object(folder / part / name).items():
                if isinstance(value, str | int | float):
                    settings[f"{part}.{key}"] = value if isinstance(value, str) else str(value)
    return settings


def _weights(folder: Path, notes: list[str]) -> tuple[dict[str, Tensor], int]:
    """Return the tensors of one part and the bytes of their headers."""
    tensors: dict[str, Tensor] = {}
    nbytes = 0
    for path in _weight_files(folder):
        with ModelFile(path) as file:
            header = read_safetensors(file)
        tensors.update(header.tensors)
        nbytes += header.nbytes
        notes.extend(header.notes)
    if not tensors:
        notes.append(
            f"Its {folder.name} has no safetensors weights; the class names alone tell what it is."
        )
    return tensors, nbytes


def _weight_files(folder: Path) -> list[Path]:
    """Return one complete set of weights: the plain one if it is there, else the first variant.

    A set is a single file or its shards, `diffusion_pytorch_model[.variant][-00001-of-00003]`;
    newer versions put the variant last.
    """
    try:
        found = sorted(p for p in folder.iterdir() if p.suffix == ".safetensors")[:_MAX_FILES]
    except OSError as error:
        raise unreadable(folder, error) from error
    sets: dict[str, list[Path]] = {}
    for path in found:
        sets.setdefault(_SHARD.sub("", path.stem), []).append(path)
    return min(sets.items(), key=lambda item: (len(item[0]), item[0]))[1] if sets else []
