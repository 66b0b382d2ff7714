"""Read the values of a grid's axes, as a person types them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from loradex.domain.axes import AxisKind, AxisValue, Value
from loradex.domain.recipe import GridModel, GridPicture
from loradex.errors import UsageError
from loradex.operations.grid_models import CHECKPOINT_KINDS, NONE, ModelFinder
from loradex.render.ranges import parse_seeds, parse_sizes, parse_strengths, parse_whole_numbers
from loradex.render.samplers import read_schedule

KINDS_OF_MODELS = {
    AxisKind.CHECKPOINT: CHECKPOINT_KINDS,
    AxisKind.LORA: ("lora",),
    AxisKind.LORA2: ("lora",),
    AxisKind.VAE: ("vae",),
    AxisKind.CONTROL: ("controlnet", "t2i_adapter"),
}
_LARGEST_PICTURE = 64 << 20
_TRIGGERS: dict[str, Value] = {"on": True, "off": False}


def read_values(kind: AxisKind, texts: Sequence[str], finder: ModelFinder) -> tuple[AxisValue, ...]:
    """Return the values that `texts` name, each once, in their order.

    Raises `UsageError` for what cannot be read, and what finding a model raises.
    """
    if kind in KINDS_OF_MODELS:
        models = finder.models(texts, KINDS_OF_MODELS[kind])
        return tuple(AxisValue(model, _model_label(model)) for model in models)
    reader = _READERS.get(kind, _words)
    values: dict[Value, str] = {}
    for text in texts:
        for value, label in reader(text):
            values.setdefault(value, label)
    return tuple(AxisValue(value, label) for value, label in values.items())


def _model_label(model: GridModel | None) -> str:
    return "without" if model is None else model.name


def _numbers(text: str) -> list[tuple[Value, str]]:
    return [(value, f"{value:g}") for value in parse_strengths(text)]


def _optional_numbers(text: str) -> list[tuple[Value, str]]:
    """A clip strength may be `same`: that of the denoiser."""
    return [(None, "same")] if text.strip().casefold() == "same" else _numbers(text)


def _seeds(text: str) -> list[tuple[Value, str]]:
    return [(value, str(value)) for value in parse_seeds(text)]


def _whole(what: str) -> Callable[[str], list[tuple[Value, str]]]:
    return lambda text: [(value, str(value)) for value in parse_whole_numbers(text, what=what)]


def _sizes(text: str) -> list[tuple[Value, str]]:
    return [((width, height), f"{width}×{height}") for width, height in parse_sizes(text)]


def _triggers(text: str) -> list[tuple[Value, str]]:
    word = text.strip()
    return [(_TRIGGERS.get(word.casefold(), word), word)]


def _schedules(text: str) -> list[tuple[Value, str]]:
    name = read_schedule(text)
    return [(name, name)]


def _pictures(text: str) -> list[tuple[Value, str]]:
    if text.strip().casefold() == NONE:
        return [(None, "without")]
    path = Path(text).expanduser().absolute()
    try:
        size = path.stat().st_size
        if size > _LARGEST_PICTURE:
            raise UsageError(f"{path.name} is too large for a picture ({size:,} bytes).")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"The picture {path} cannot be read: {error.strerror}.") from error
    return [(GridPicture(path.name, str(path), digest), path.name)]


def _words(text: str) -> list[tuple[Value, str]]:
    return [(text, text or "(no words)")]


_READERS: dict[AxisKind, Callable[[str], list[tuple[Value, str]]]] = {
    AxisKind.STRENGTH: _numbers,
    AxisKind.STRENGTH2: _numbers,
    AxisKind.STRENGTH_CLIP: _optional_numbers,
    AxisKind.GUIDANCE: _numbers,
    AxisKind.DENOISING: _numbers,
    AxisKind.CONTROL_STRENGTH: _numbers,
    AxisKind.SEED: _seeds,
    AxisKind.STEPS: _whole("number of steps"),
    AxisKind.CLIP_SKIP: _whole("clip skip"),
    AxisKind.SIZE: _sizes,
    AxisKind.TRIGGER: _triggers,
    AxisKind.SCHEDULE: _schedules,
    AxisKind.INIT_IMAGE: _pictures,
    AxisKind.MASK: _pictures,
}
