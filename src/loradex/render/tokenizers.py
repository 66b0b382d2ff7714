"""Find the words-to-numbers table (tokenizer) that a text encoder needs.

A diffusers folder has its own. A single file has none; every model of a kind uses the same table,
so one is looked for in the places where it usually lies. Nothing is downloaded here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable
from loradex.render.published_tokenizers import PUBLISHED, TokenizerKind
from loradex.render.safefile import read_json

if TYPE_CHECKING:
    from loradex.render.parts import Tokenizer

_MOST_PLACES = 400
_LARGEST = 32 << 20


@dataclass(frozen=True, slots=True)
class _Kind:
    """`files` are sets of names of which one has to be whole. `comfy` are ComfyUI's folders."""

    loader: str
    files: tuple[tuple[str, ...], ...]
    comfy: tuple[str, ...]
    hub: tuple[str, ...]


_KINDS: Mapping[TokenizerKind, _Kind] = {
    "clip": _Kind(
        "CLIPTokenizer",
        (("vocab.json", "merges.txt"), ("tokenizer.json",)),
        ("sd1_tokenizer",),
        ("models--openai--clip-vit-*",),
    ),
    "t5": _Kind(
        "T5TokenizerFast",
        (("tokenizer.json",),),
        ("text_encoders/t5_tokenizer",),
        ("models--*--t5-v1_1-*", "models--google-t5--t5-*"),
    ),
    "qwen": _Kind(
        "Qwen2TokenizerFast",
        (("tokenizer.json",), ("vocab.json", "merges.txt", "tokenizer_config.json")),
        ("text_encoders/qwen25_tokenizer",),
        ("models--Qwen--Qwen*",),
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
    last: tuple[Path, ...] = (),
) -> Tokenizer:
    """Return a tokenizer for a text encoder with `words` rows, for the file `checkpoint`.

    CLIP's has to have exactly as many entries; T5 and Qwen have rows to spare. `folders` are
    looked at first, `last` after all others. Raises `NotRenderable` saying which files are
    missing and where to put them.
    """
    for folder in _places(checkpoint, kind, folders, last):
        if _complete(folder, _KINDS[kind]):
            try:
                found = load_tokenizer(folder, kind, pad_token=pad_token)
            except NotRenderable:  # another kind of tokenizer; a better one may lie elsewhere
                continue
            if len(found) == words or (kind != "clip" and words // 2 < len(found) <= words):
                return found
    raise NotRenderable(
        missing_tokenizer(checkpoint, kind, words), hint=where_to_put(checkpoint, kind)
    )


def has_tokenizer(
    checkpoint: Path,
    kind: TokenizerKind,
    folders: tuple[Path, ...] = (),
    last: tuple[Path, ...] = (),
) -> bool:
    """Tell, without reading tables, whether a tokenizer of this kind lies in a usual place."""
    places = _places(checkpoint, kind, folders, last)
    return any(_complete(folder, _KINDS[kind]) and not _is_other(folder, kind) for folder in places)


def missing_tokenizer(checkpoint: Path, kind: TokenizerKind, words: int | None = None) -> str:
    """Return the sentence that a tokenizer is missing."""
    size = "" if words is None else f" with {words:,} words"
    return f"{checkpoint.name} needs {PUBLISHED[kind].words}, and none{size} was found."


def where_to_put(checkpoint: Path, kind: TokenizerKind) -> str:
    """Return the sentence on what to get from where, and where to put it."""
    published = PUBLISHED[kind]
    names = " and ".join(file.name for file in published.files)
    folder = checkpoint.parent / folder_name(kind)
    return f"Put {names} of {published.repository} into {folder}."


def folder_name(kind: TokenizerKind) -> str:
    """Return what the folder of a tokenizer is called, beside a checkpoint or a text encoder."""
    return "tokenizer" if kind == "clip" else f"tokenizer_{kind}"


def _complete(folder: Path, kind: _Kind) -> bool:
    """Tell whether `folder` holds the tables, in a size that such tables can have."""
    return any(all(_usable(folder / name) for name in names) for names in kind.files)


def _is_other(folder: Path, kind: TokenizerKind) -> bool:
    """Tell whether a folder says of itself that it holds another kind of tokenizer."""
    try:
        says = read_json(folder / "tokenizer_config.json").get("tokenizer_class")
    except NotRenderable:
        return False
    others = (one.loader for other, one in _KINDS.items() if other != kind)
    return isinstance(says, str) and any(
        says.startswith(one.removesuffix("Fast")) for one in others
    )


def _usable(path: Path) -> bool:
    try:
        return 0 < path.stat().st_size <= _LARGEST
    except OSError:
        return False


def _places(
    checkpoint: Path, kind: TokenizerKind, folders: tuple[Path, ...], last: tuple[Path, ...]
) -> Iterator[Path]:
    """Yield folders that may hold a tokenizer, the nearest first."""
    yield from folders
    yield from islice(_usual_places(checkpoint, kind), _MOST_PLACES)
    yield from last


def _usual_places(checkpoint: Path, kind: TokenizerKind) -> Iterator[Path]:
    known, beside = _KINDS[kind], checkpoint.parent
    yield beside / folder_name(kind)
    yield beside / f"{checkpoint.stem}.{folder_name(kind)}"
    for number in ("", "_2", "_3"):
        yield from _subfolders(beside, f"*/tokenizer{number}")
    for ancestor in islice(checkpoint.absolute().parents, 5):
        yield ancestor / folder_name(kind)
        for folder in known.comfy:
            yield ancestor / "comfy" / folder
    for hub in _hub_caches():
        for pattern in known.hub:
            yield from _subfolders(hub, f"{pattern}/snapshots/*")
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
