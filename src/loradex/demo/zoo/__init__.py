"""A small trained checkpoint and LoRAs whose truth is known: what the demo draws with.

It draws coloured shapes of 128 pixels. `bench/zoo` in the source trained all of it, on pictures
made for that.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
_CHECKPOINT = "shapes.safetensors"


@dataclass(frozen=True, slots=True)
class ZooLora:
    """A LoRA of the zoo. `claimed` are the trigger words it is published with.

    A probe should say all of `expected`, may say what is `acceptable`, and would be wrong to say
    any of `forbidden`: values of `VerdictKind`. `words` has what is true of each word.
    """

    file: Path
    claimed: tuple[str, ...]
    expected: tuple[str, ...]
    acceptable: tuple[str, ...]
    forbidden: tuple[str, ...]
    words: Mapping[str, str]
    about: str


@dataclass(frozen=True, slots=True)
class Zoo:
    """The zoo's files, in the package or where they were written, and how to draw with them."""

    checkpoint: Path
    loras: tuple[ZooLora, ...]
    prompts: tuple[str, ...]
    settings: Mapping[str, str | int | float]


def zoo() -> Zoo:
    """Return the zoo as it lies in the package; its tokenizer is in `tokenizer` beside it."""
    return _zoo(_HERE / _CHECKPOINT, _HERE)


def write_zoo(models: Path) -> Zoo:
    """Copy what is not there yet below the models folder; return the zoo as it lies there."""
    checkpoints, loras = models / "checkpoints" / "zoo", models / "loras" / "zoo"
    whole = _zoo(checkpoints / _CHECKPOINT, loras)
    _copy(_HERE / _CHECKPOINT, whole.checkpoint)
    for path in sorted((_HERE / "tokenizer").iterdir()):
        _copy(path, checkpoints / "tokenizer" / path.name)
    for one in whole.loras:
        _copy(_HERE / one.file.name, one.file)
    return whole


def _copy(source: Path, target: Path) -> None:
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _zoo(checkpoint: Path, loras: Path) -> Zoo:
    truth = json.loads((_HERE / "truth.json").read_text("utf-8"))
    return Zoo(
        checkpoint=checkpoint,
        loras=tuple(_lora(loras, entry) for entry in truth["loras"]),
        prompts=tuple(truth["prompts"]),
        settings=truth["settings"],
    )


def _lora(folder: Path, entry: Mapping[str, object]) -> ZooLora:
    def many(name: str) -> tuple[str, ...]:
        values = entry[name]
        return tuple(map(str, values)) if isinstance(values, list) else ()

    words = entry["words"]
    return ZooLora(
        file=folder / Path(str(entry["file"])).name,
        claimed=many("claimed"),
        expected=many("expected"),
        acceptable=many("acceptable"),
        forbidden=many("forbidden"),
        words=words if isinstance(words, dict) else {},
        about=str(entry["about"]),
    )
