"""Find the words-to-numbers table (tokenizer) that a text encoder needs.

A diffusers folder has its own. A single file has none; every model of a kind uses the same table,
so one is looked for in the places where it usually lies. Nothing is ever downloaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from loradex.errors import NotRenderable

if TYPE_CHECKING:
    from loradex.render.parts import Tokenizer

TokenizerKind = Literal["clip", "t5", "qwen"]

_MOST_PLACES = 400
_LARGEST = 32 << 20


@dataclass(frozen=True, slots=True)
class _Kind:
    """`files` are sets of names of which one has to be whole. `comfy` are ComfyUI's folders."""

    words: str
    loader: str
    files: tuple[tuple[str, ...], ...]
    comfy: tuple[str, ...]
    repository: str
    hub: str


_KINDS: Mapping[TokenizerKind, _Kind] = {
    "clip": _Kind(
        "CLIP's tokenizer",
        "CLIPTokenizer",
        (("vocab.json", "merges.txt"), ("tokenizer.json",)),
        ("sd1_tokenizer",),
        "openai/clip-vit-large-patch14",
        "models--openai--clip-vit-*",
    ),
    "t5": _Kind(
        "T5's tokenizer",
        "T5TokenizerFast",
        (("tokenizer.json",),),
        ("text_encoders/t5_tokenizer",),
        "google/t5-v1_1-xxl",
        "models--*--t5-v1_1-*",
    ),
    "qwen": _Kind(
        "Qwen's tokenizer",
        "Qwen2TokenizerFast",
        (("tokenizer.json",), ("vocab.json", "merges.txt", "tokenizer_config.json")),
        ("text_encoders/qwen25_tokenizer",),
        "Qwen/Qwen3-4B",
        "models--Qwen--Qwen*",
    ),
}


def load_tokenizer(
    folder: Path, kind: TokenizerKind = "clip", *, pad_token: str | None = None
) -> Tokenizer:
    """Return the tokenizer in `folder`; `pad_token` overrides what the folder says.

    Raises `NotRenderable` when the folder holds none of this kind.
    """
    import transformers  # noqa: PLC0415 - heavy

    known = _KINDS[kind]
    options = {} if pad_token is None else {"pad_token": pad_token}
    if not _complete(folder, known):
        raise NotRenderable(
            f"{folder.parent.name}/{folder.name} lacks {' and '.join(known.files[0])}, "
            "the tables that turn words into numbers."
        )
    try:
        loaded: Tokenizer = getattr(transformers, known.loader).from_pretrained(
            str(folder), local_files_only=True, **options
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotRenderable(
            f"The tokenizer in {folder.parent.name}/{folder.name} cannot be read: {error}."
        ) from error
    return loaded


def find_tokenizer(
    checkpoint: Path,
    *,
    words: int,
    pad_token: str | None = None,
    kind: TokenizerKind = "clip",
    folders: tuple[Path, ...] = (),
) -> Tokenizer:
    """Return a tokenizer for a text encoder with `words` rows, for the file `checkpoint`.

    CLIP's has to have exactly as many entries; T5 and Qwen have rows to spare. `folders` are
    looked at first. Raises `NotRenderable` saying which files are missing and where to put them.
    """
    for folder in islice(_places(checkpoint, kind, folders), _MOST_PLACES):
        if _complete(folder, _KINDS[kind]):
            try:
                found = load_tokenizer(folder, kind, pad_token=pad_token)
            except NotRenderable:  # another kind of tokenizer; a better one may lie elsewhere
                continue
            if len(found) == words or (kind != "clip" and words // 2 < len(found) <= words):
                return found
    raise NotRenderable(
        missing_tokenizer(checkpoint, kind, words), hint=_where_to_put(checkpoint, kind)
    )


def has_tokenizer(checkpoint: Path, kind: TokenizerKind, folders: tuple[Path, ...] = ()) -> bool:
    """Tell, without reading tables, whether a tokenizer of this kind lies in a usual place."""
    places = islice(_places(checkpoint, kind, folders), _MOST_PLACES)
    return any(_complete(folder, _KINDS[kind]) for folder in places)


def missing_tokenizer(checkpoint: Path, kind: TokenizerKind, words: int | None = None) -> str:
    """Return the sentence that a tokenizer is missing."""
    size = "" if words is None else f" with {words:,} words"
    return f"{checkpoint.name} needs {_KINDS[kind].words}, and none{size} was found."


def _where_to_put(checkpoint: Path, kind: TokenizerKind) -> str:
    known = _KINDS[kind]
    return (
        f"Put {' and '.join(known.files[0])} of {known.repository} into "
        f"{checkpoint.parent / _folder_name(kind)}."
    )


def _folder_name(kind: TokenizerKind) -> str:
    return "tokenizer" if kind == "clip" else f"tokenizer_{kind}"


def _complete(folder: Path, kind: _Kind) -> bool:
    """Tell whether `folder` holds the tables, in a size that such tables can have."""
    return any(all(_usable(folder / name) for name in names) for names in kind.files)


def _usable(path: Path) -> bool:
    try:
        return 0 < path.stat().st_size <= _LARGEST
    except OSError:
        return False


def _places(checkpoint: Path, kind: TokenizerKind, folders: tuple[Path, ...]) -> Iterator[Path]:
    """Yield folders that may hold a tokenizer, the nearest first."""
    yield from folders
    known, beside = _KINDS[kind], checkpoint.parent
    yield beside / _folder_name(kind)
    yield beside / f"{checkpoint.stem}.{_folder_name(kind)}"
    for number in ("", "_2", "_3"):
        yield from _subfolders(beside, f"*/tokenizer{number}")
    for ancestor in islice(checkpoint.absolute().parents, 5):
        yield ancestor / _folder_name(kind)
        for folder in known.comfy:
            yield ancestor / "comfy" / folder
    for hub in _hub_caches():
        yield from _subfolders(hub, f"{known.hub}/snapshots/*")
        yield from _subfolders(hub, "models--*/snapshots/*/tokenizer*")


def _subfolders(root: Path, pattern: str) -> list[Path]:
    try:
        return sorted(islice(root.glob(pattern), _MOST_PLACES))
    except OSError:
        return []


def _hub_caches() -> Iterator[Path]:
    """Yield the folders where huggingface_hub keeps downloads, as its own settings say."""
    if os.environ.get("HF_HUB_CACHE"):
        yield Path(os.environ["HF_HUB_CACHE"])
    home = os.environ.get("HF_HOME")
    yield Path(home) / "hub" if home else Path.home() / ".cache" / "huggingface" / "hub"
