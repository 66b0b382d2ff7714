"""A folder with a model in diffusers' or transformers' manner.

A pipeline has `model_index.json`, which names its parts; one sub-folder holds each. The class
names say more than any tensor; the denoiser's tensors are listed too, from the headers of its
weights, without a prefix. A component (`transformer/` alone, or a text encoder as its authors
publish it) has `config.json`, which names its class, and its weights beside it. Plain values of
the denoiser's, component's and scheduler's own configuration become metadata, `<part>.<key>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from loradex.domain.header import FileFormat, Header
from loradex.formats.limits import MAX_JSON_FILE
from loradex.formats.metadata_text import bounded, clean
from loradex.formats.model_file import ModelFile, damaged, is_file, refused, unreadable
from loradex.formats.shards import ReadOne, shard_name, together

INDEX = "model_index.json"

DENOISERS = ("unet", "transformer", "prior", "decoder")
"""Parts that may be the denoiser; the first that is there is."""

_CONFIGS = (*((part, "config.json") for part in DENOISERS), ("scheduler", "scheduler_config.json"))
_MAX_PARTS = 64
_MAX_FILES = 200
_SHARD = re.compile(r"-\d{1,5}-of-\d{1,5}")
_CONFIG = "config.json"
_SUFFIXES = (".safetensors", ".bin", ".gguf")
"""Weights in a folder, the preferred kind first."""


def read_folder(path: Path, read: ReadOne) -> Header:
    """Read which classes a pipeline or component is made of, and the denoiser's tensors.

    `read` reads one file of weights. Raises FormatError for a folder that is neither.
    """
    if not is_file(path / INDEX):
        return _component(path, read)
    index = _json_object(path / INDEX)
    config = _class_names(index)
    if "_class_name" not in config:
        raise damaged(path, f"has a {INDEX} that names no pipeline")
    notes: list[str] = []
    metadata = bounded(_settings(path).items(), notes)
    denoiser = next((part for part in DENOISERS if part in config), None)
    weights = together(_weight_files(path / denoiser), read) if denoiser else None
    if denoiser and (weights is None or not weights.tensors):
        notes.append(f"Its {denoiser} lists no tensors; the class names alone tell what it is.")
    return _header(weights, metadata, config, notes)


def _component(path: Path, read: ReadOne) -> Header:
    """Read one part of a pipeline that lies alone, or a model of the transformers library."""
    files = _weight_files(path)
    named = is_file(path / _CONFIG)
    # A folder of many models is none: without a configuration only shards belong together.
    if not files or not (named or all(shard_name(file.name) for file in files)):
        raise refused(path, f"is a folder without {INDEX}, not a diffusers model.")
    weights = together(files, read)
    settings = _json_object(path / _CONFIG) if named else {}
    notes: list[str] = []
    plain = {key: value for key, value in settings.items() if isinstance(value, str | int | float)}
    metadata = bounded(((f"config.{key}", str(value)) for key, value in plain.items()), notes)
    return _header(weights, metadata, _own_class(settings), notes)


def _own_class(settings: Mapping[str, object]) -> dict[str, str]:
    """Return a component's class under `_class_name`, as diffusers or transformers write it."""
    match settings:
        case {"_class_name": str(name)} | {"architectures": [str(name), *_]}:
            return {"_class_name": clean(name, 128)}
        case _:
            return {}


def _header(
    weights: Header | None, metadata: Mapping[str, str], config: dict[str, str], notes: list[str]
) -> Header:
    if weights is None:
        return Header(FileFormat.DIFFUSERS, {}, metadata, config=config, notes=tuple(notes))
    return Header(
        FileFormat.DIFFUSERS,
        weights.tensors,
        {**weights.metadata, **metadata},
        nbytes=weights.nbytes,
        config=config,
        notes=(*notes, *weights.notes),
        shard=weights.shard,
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


def _weight_files(folder: Path) -> list[Path]:
    """Return one complete set of weights: the plain one if it is there, else the first variant.

    A set is a single file or its shards, `diffusion_pytorch_model[.variant][-00001-of-00003]`;
    newer versions put the variant last.
    """
    try:
        beside = sorted(p for p in folder.iterdir() if p.suffix in _SUFFIXES)
    except OSError as error:
        raise unreadable(folder, error) from error
    kinds = ([p for p in beside if p.suffix == suffix] for suffix in _SUFFIXES)
    found = next((kind for kind in kinds if kind), [])[:_MAX_FILES]
    sets: dict[str, list[Path]] = {}
    for path in found:
        sets.setdefault(_SHARD.sub("", path.stem), []).append(path)
    return min(sets.items(), key=lambda item: (len(item[0]), item[0]))[1] if sets else []
