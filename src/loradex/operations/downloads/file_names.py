"""Names of downloaded files: what a hub calls a file, made safe for every disk, and unique."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import count

from loradex.domain.text import display_text
from loradex.formats.model_files import MODEL_SUFFIXES, is_model_file
from loradex.operations.folder_template import safe_component
from loradex.operations.moves.names import name_key

_BESIDE_MODELS = frozenset(
    {".zip", ".7z", ".yaml", ".yml", ".json", ".txt", ".md", ".onnx", ".mlpackage", ".png", ".jpg"}
)
"""What else hubs offer beside weights: archives, configurations, workflows. None of it is run."""

_SUFFIX_OF_FORMAT = {
    "safetensor": ".safetensors",
    "safetensors": ".safetensors",
    "gguf": ".gguf",
    "pickletensor": ".ckpt",
    "pickle": ".ckpt",
    "onnx": ".onnx",
}
"""The hub's formats (docs/civitai.md), for names that say nothing."""


def safe_file_name(hub_name: str, format_name: str | None) -> str | None:
    """Return a hub's name for a file as one that every disk takes; None when it is no model's.

    The last part of a path counts. The ending is kept, or is that of the hub's format when the
    name has none that is known; what stands before it becomes a safe component of a path.
    """
    last = _mended(hub_name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    stem, dot, ending = last.rpartition(".")
    suffix = f"{dot}{ending}".lower()
    if not dot or suffix not in MODEL_SUFFIXES | _BESIDE_MODELS:
        stem, suffix = last, _SUFFIX_OF_FORMAT.get((format_name or "").lower(), "")
    elif f"{dot}{ending}".isascii():
        suffix = f"{dot}{ending}"
    return f"{safe_component(stem)}{suffix}" if suffix else None


def free_name(name: str, taken: Collection[str], *ids: int | None) -> str:
    """Return the name, or the first of it with ids put in, that is not among `taken` keys.

    `taken` holds what `taken_keys` gives: a model's name has to differ in its stem, because tools
    keep what they know of a model under that.
    """
    return next(name for name in _candidates(name, ids) if not taken_keys(name) & set(taken))


def taken_keys(name: str) -> set[str]:
    """Return what a name takes: itself on any disk, and for a model its stem."""
    keys = {name_key(name.encode("utf-8", "surrogateescape"))}
    if is_model_file(name):
        keys.add(f"{name_key(_split(name)[0].encode('utf-8', 'surrogateescape'))}/")
    return keys


def _candidates(name: str, ids: tuple[int | None, ...]) -> Iterator[str]:
    stem, suffix = _split(name)
    yield name
    for id_ in ids:
        if id_ is not None:
            stem = f"{stem}-{id_}"
            yield stem + suffix
    for number in count(2):
        yield f"{stem}-{number}{suffix}"


def _split(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return stem, dot + ending


def _mended(name: str) -> str:
    """Return a name whose UTF-8 somebody has read as Latin-1 as it was meant."""
    try:
        mended = name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name
    return mended if display_text(mended) == mended else name
