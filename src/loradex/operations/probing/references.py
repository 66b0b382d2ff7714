"""A person's pictures of what a LoRA should know: found, looked at, and with their captions."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loradex.domain.progress import CancelToken, Problem, ProgressSink
from loradex.domain.text import storable
from loradex.operations.recipes.finding import find_pictures
from loradex.render.recipes import PLACEHOLDER

MOST_PICTURES = 16
_MOST_PIXELS = 64_000_000
_LONGEST_SHAPE = 20
"""Times that a picture may be as long as it is wide."""
_FORMATS = ("PNG", "JPEG", "WEBP")
"""The decoders that may run on a picture that a person gives."""
_CAPTION_SUFFIXES = (".txt", ".caption")
"""What kohya's scripts read beside a training picture: the habit, and their default."""
_LONGEST_CAPTION = 2_000
_SYNTAX = re.compile(r"[\\()\[\]]")


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture that can be read. `caption` is empty where none lies beside it."""

    path: Path
    width: int
    height: int
    caption: str = ""


def found_references(
    places: Sequence[Path], *, sink: ProgressSink, cancel: CancelToken
) -> tuple[Reference, ...]:
    """Return the pictures at and below these places, at most `MOST_PICTURES`, sorted by path.

    Of more, as many are taken at even distances. What is left out, missing, empty or cannot be
    read is told to `sink`.
    """
    found = find_pictures(
        [os.fsencode(place.absolute()) for place in places], sink=sink, cancel=cancel
    )
    for where, reason in found.problems:
        sink.problem(Problem(where, reason))
    paths = [Path(os.fsdecode(file.raw_path)) for file in found.files]
    if places and not paths and not found.problems:
        sink.problem(Problem("References", "There is no picture: PNG, JPEG and WebP are read."))
    if len(paths) > MOST_PICTURES:
        sink.problem(
            Problem("References", f"Only {MOST_PICTURES} of {len(paths):,} pictures are used.")
        )
        paths = [paths[number * len(paths) // MOST_PICTURES] for number in range(MOST_PICTURES)]
    seen = []
    for path in paths:
        cancel.check()
        reference = _looked_at(path, sink)
        if reference is not None:
            seen.append(reference)
    return tuple(seen)


def caption_with_place(caption: str, words: str) -> str:
    """Return a caption as a prompt that means it letter by letter.

    Where it has `words` in it, they give way to the placeholder of trigger words.
    """
    if not words.strip():
        return _literal(caption)
    parts = re.split(rf"(?<!\w){re.escape(words.strip())}(?!\w)", caption, flags=re.IGNORECASE)
    return PLACEHOLDER.join(map(_literal, parts))


def _literal(text: str) -> str:
    """Return words whose brackets are letters, as they are in training."""
    return _SYNTAX.sub(r"\\\g<0>", text)


def _looked_at(path: Path, sink: ProgressSink) -> Reference | None:
    """Return a picture whose pixels could be read; tell of another and return None."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - few probes have references

    try:
        with Image.open(path, formats=_FORMATS) as opened:
            width, height = opened.size
            reason = _unfit(width, height)
            if reason is None:
                opened.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        reason = _unfit(_MOST_PIXELS, _MOST_PIXELS)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError):
        reason = "The picture cannot be read: PNG, JPEG and WebP can be."
    if reason is not None:
        sink.problem(Problem(path.name, reason))
        return None
    return Reference(path, width, height, _caption(path))


def _unfit(width: int, height: int) -> str | None:
    if width * height > _MOST_PIXELS:
        return f"The picture has more than {_MOST_PIXELS:,} pixels."
    if max(width, height) > _LONGEST_SHAPE * min(width, height):
        return "The picture is too long and narrow."
    return None


def _caption(picture: Path) -> str:
    """Return the first line of the text beside a picture, as kohya's scripts read it."""
    for suffix in _CAPTION_SUFFIXES:
        path = picture.with_suffix(suffix)
        try:
            if not path.is_file():
                continue
            with path.open("rb") as file:
                raw = file.read(_LONGEST_CAPTION)
        except OSError:
            continue
        lines = raw.decode("utf-8-sig", errors="ignore").strip().splitlines()
        return storable(lines[0], _LONGEST_CAPTION).strip() if lines else ""
    return ""
