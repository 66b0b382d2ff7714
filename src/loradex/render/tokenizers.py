"""Find the words-to-numbers table (CLIP's tokenizer) that a checkpoint needs.

A diffusers folder has its own. A single file has none; every Stable Diffusion uses the same
table, so one is looked for in the places where it usually lies. Nothing is ever downloaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable

if TYPE_CHECKING:
    from loradex.render.parts import Tokenizer

_MOST_PLACES = 400
_LARGEST = 32 << 20


def load_tokenizer(folder: Path, *, pad_token: str | None = None) -> Tokenizer:
    """Return the tokenizer in `folder`; `pad_token` overrides what the folder says.

    Raises `NotRenderable` when the folder holds no CLIP tokenizer.
    """
    from transformers import CLIPTokenizer  # noqa: PLC0415 - heavy

    options = {} if pad_token is None else {"pad_token": pad_token}
    if not _complete(folder):
        raise NotRenderable(
            f"{folder.parent.name}/{folder.name} lacks vocab.json and merges.txt, "
            "the tables that turn words into numbers."
        )
    try:
        loaded: Tokenizer = CLIPTokenizer.from_pretrained(
            str(folder), local_files_only=True, **options
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotRenderable(
            f"The tokenizer in {folder.parent.name}/{folder.name} cannot be read: {error}."
        ) from error
    return loaded


def find_tokenizer(checkpoint: Path, *, words: int, pad_token: str | None = None) -> Tokenizer:
    """Return a CLIP tokenizer with exactly `words` entries for the single file `checkpoint`.

    Raises `NotRenderable` saying which files are missing and where to put them.
    """
    for folder in islice(_places(checkpoint), _MOST_PLACES):
        if _complete(folder):
            found = load_tokenizer(folder, pad_token=pad_token)
            if len(found) == words:
                return found
    raise NotRenderable(
        f"{checkpoint.name} needs CLIP's tokenizer, and none with {words:,} words was found.",
        hint="Put vocab.json and merges.txt of openai/clip-vit-large-patch14 into "
        f"{checkpoint.parent / 'tokenizer'}.",
    )


def _complete(folder: Path) -> bool:
    """Tell whether `folder` holds both tables, in a size that such tables can have."""
    try:
        return all(
            0 < (folder / name).stat().st_size <= _LARGEST for name in ("vocab.json", "merges.txt")
        )
    except OSError:
        return False


def _places(checkpoint: Path) -> Iterator[Path]:
    """Yield folders that may hold a tokenizer, the nearest first."""
    beside = checkpoint.parent
    yield beside / "tokenizer"
    yield beside / f"{checkpoint.stem}.tokenizer"
    yield from _subfolders(beside, "*/tokenizer")
    for ancestor in islice(checkpoint.absolute().parents, 5):
        yield ancestor / "tokenizer"
        yield ancestor / "comfy" / "sd1_tokenizer"
    for hub in _hub_caches():
        yield from _subfolders(hub, "models--openai--clip-vit-*/snapshots/*")
        yield from _subfolders(hub, "models--*/snapshots/*/tokenizer")


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
