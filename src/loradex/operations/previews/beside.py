"""Pictures that lie beside model files: what tools name them, and putting one there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PREVIEW_SUFFIXES = (".preview.png", ".png", ".jpg", ".jpeg", ".webp", ".preview.jpg", ".gif")
"""What other tools name a preview, after the model's name without its suffix."""


def pictures_beside(model: Path) -> Iterator[Path]:
    """Yield the previews that lie beside a model, the likeliest first."""
    for suffix in PREVIEW_SUFFIXES:
        path = model.with_name(_stem(model) + suffix)
        if path.is_file():
            yield path


def put_beside(model: Path, picture: Path) -> Path | None:
    """Copy a picture to `<stem>.preview.png` beside a model; return where.

    None, and nothing is written, where a preview lies there already. Raises `OSError`.
    """
    if next(pictures_beside(model), None) is not None:
        return None
    data = picture.read_bytes()
    path = model.with_name(f"{_stem(model)}.preview.png")
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        return None
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
    return path


def _stem(model: Path) -> str:
    return model.name if model.is_dir() else model.stem
