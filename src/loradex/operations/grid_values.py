"""Read the values of a grid's axes, as a person types them."""

from __future__ import annotations

import hashlib
import io
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from loradex.domain.axes import AxisKind, AxisValue, Value
from loradex.domain.recipe import GridModel, GridPicture
from loradex.errors import UsageError
from loradex.operations.grid_models import CHECKPOINT_KINDS, NONE, ModelFinder
from loradex.paths import expanded
from loradex.render.lora.blocks import block_text
from loradex.render.ranges import (
    parse_numbers,
    parse_seeds,
    parse_sizes,
    parse_strengths,
    parse_whole_numbers,
)
from loradex.render.samplers import read_schedule

KINDS_OF_MODELS = {
    AxisKind.CHECKPOINT: CHECKPOINT_KINDS,
    AxisKind.LORA: ("lora",),
    AxisKind.LORA2: ("lora",),
    AxisKind.VAE: ("vae",),
    AxisKind.CONTROL: ("controlnet", "t2i_adapter"),
}
_LARGEST_PICTURE = 64 << 20
_LONGEST_SIDE = 16_384
_PICTURE_FORMATS = ("PNG", "JPEG", "WEBP")
"""The decoders that may run on a picture that a person gives."""
_TRIGGERS: dict[str, Value] = {"on": True, "off": False, "": False}


def read_values(kind: AxisKind, texts: Sequence[str], finder: ModelFinder) -> tuple[AxisValue, ...]:
    """Return the values that `texts` name, each once, in their order.

    Raises `UsageError` for what cannot be read, and what finding a model raises.
    """
    if kind in KINDS_OF_MODELS:
        models = finder.models(texts, KINDS_OF_MODELS[kind])
        if None in models and kind is AxisKind.CHECKPOINT:
            raise UsageError("A grid cannot be drawn without a checkpoint.")
        return tuple(AxisValue(model, _model_label(model)) for model in models)
    reader = _READERS.get(kind, _words)
    values: dict[Value, str] = {}
    for text in texts:
        for value, label in reader(text):
            values.setdefault(value, label)
    return tuple(AxisValue(value, label) for value, label in values.items())


def _model_label(model: GridModel | None) -> str:
    return "without" if model is None else model.name


def _strengths(text: str) -> list[tuple[Value, str]]:
    return [(value, f"{value:g}") for value in parse_strengths(text)]


def _clip_strengths(text: str) -> list[tuple[Value, str]]:
    """Read strengths, or `same`: that of the denoiser."""
    return [(None, "same")] if text.strip().casefold() == "same" else _strengths(text)


def _numbers(what: str) -> Callable[[str], list[tuple[Value, str]]]:
    return lambda text: [(value, f"{value:g}") for value in parse_numbers(text, what=what)]


def _blocks(text: str) -> list[tuple[Value, str]]:
    """Read block strengths; 1 everywhere is as if nothing was said, and so the same picture."""
    value = block_text(text)
    return [("" if value == "1" else value, text.strip())]


def _seeds(text: str) -> list[tuple[Value, str]]:
    return [(value, str(value)) for value in parse_seeds(text)]


def _whole(what: str) -> Callable[[str], list[tuple[Value, str]]]:
    return lambda text: [(value, str(value)) for value in parse_whole_numbers(text, what=what)]


def _sizes(text: str) -> list[tuple[Value, str]]:
    return [((width, height), f"{width}×{height}") for width, height in parse_sizes(text)]


def _triggers(text: str) -> list[tuple[Value, str]]:
    word = text.strip()
    return [(_TRIGGERS.get(word.casefold(), word), word or "off")]


def _schedules(text: str) -> list[tuple[Value, str]]:
    name = read_schedule(text)
    return [(name, name)]


def _pictures(text: str) -> list[tuple[Value, str]]:
    if text.strip().casefold() == NONE:
        return [(None, "without")]
    path = expanded(text).absolute()
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise UsageError(f"{path} is no file, so it is no picture.")
        if facts.st_size > _LARGEST_PICTURE:
            raise UsageError(f"{path} is too large for a picture ({facts.st_size:,} bytes).")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UsageError(f"The picture {path} cannot be read: {reason}.") from error
    _check_picture(data, path)
    digest = hashlib.sha256(data).hexdigest()
    return [(GridPicture(path.name, str(path), digest), path.name)]


def _check_picture(data: bytes, path: Path) -> None:
    """Raise `UsageError` for bytes that do not begin as a picture of a usable size."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - few grids have pictures

    try:
        with Image.open(io.BytesIO(data), formats=_PICTURE_FORMATS) as picture:
            width, height = picture.size
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError) as error:
        raise UsageError(
            f"{path} is no picture that can be read.", hint="PNG, JPEG and WebP can be."
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UsageError(f"{path} has too many pixels.") from error
    if max(width, height) > _LONGEST_SIDE:
        raise UsageError(
            f"{path} has {width:,} × {height:,} pixels; {_LONGEST_SIDE:,} is the most."
        )


def _words(text: str) -> list[tuple[Value, str]]:
    return [(text, text or "(no words)")]


_READERS: dict[AxisKind, Callable[[str], list[tuple[Value, str]]]] = {
    AxisKind.STRENGTH: _strengths,
    AxisKind.STRENGTH2: _strengths,
    AxisKind.STRENGTH_CLIP: _clip_strengths,
    AxisKind.BLOCKS: _blocks,
    AxisKind.GUIDANCE: _numbers("guidance scale"),
    AxisKind.DENOISING: _strengths,
    AxisKind.CONTROL_IMAGE: _pictures,
    AxisKind.CONTROL_STRENGTH: _strengths,
    AxisKind.CONTROL_START: _strengths,
    AxisKind.CONTROL_END: _strengths,
    AxisKind.SEED: _seeds,
    AxisKind.STEPS: _whole("number of steps"),
    AxisKind.CLIP_SKIP: _whole("clip skip"),
    AxisKind.SIZE: _sizes,
    AxisKind.TRIGGER: _triggers,
    AxisKind.SCHEDULE: _schedules,
    AxisKind.INIT_IMAGE: _pictures,
    AxisKind.MASK: _pictures,
}
