"""What stands at a place of a grid, in words that are fit for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from loradex.domain.axes import AxisKind
from loradex.domain.grid import GridRecord, Place, RecordAxis
from loradex.render.captions import KIND_NAMES, TEXT_KINDS
from loradex_tui.cells import cell_text

LORA_KINDS = frozenset(
    {
        AxisKind.LORA, AxisKind.LORA2, AxisKind.STRENGTH, AxisKind.STRENGTH_CLIP,
        AxisKind.STRENGTH2, AxisKind.BLOCKS,
    }
)  # fmt: skip
"""What says nothing of a picture without LoRAs."""

_LONGEST_PART = 40


def axis_name(axis: RecordAxis) -> str:
    """Return what an axis varies; a prompt part says which text it replaces."""
    name = KIND_NAMES[axis.kind]
    return f"{name} ‘{cell_text(axis.find, _LONGEST_PART)}’" if axis.find else name


def value_words(axis: RecordAxis, number: int, limit: int = 200) -> str:
    """Return a value: a sentence whole, anything else as its label; never an empty text."""
    text = axis.texts[number] if axis.kind in TEXT_KINDS else axis.labels[number]
    return cell_text(text or axis.labels[number], limit) or "none"


def place_words(record: GridRecord, numbers: Mapping[int, int]) -> str:
    """Return the values of some axes on one line, those of one value left out, sentences last."""
    varied = [axis for axis in numbers if len(record.axes[axis].labels) > 1] or list(numbers)
    varied.sort(key=lambda axis: record.axes[axis].kind in TEXT_KINDS)
    return "  ".join(_words(record.axes[axis], numbers[axis]) for axis in varied)


def prompt_at(record: GridRecord, at: Place) -> str:
    """Return the prompt of a place, with its parts in, as it was asked for."""
    prompt = record.prompt
    for axis, number in zip(record.axes, at, strict=True):
        if axis.kind is AxisKind.PROMPT:
            prompt = axis.texts[number]
    for axis, number in zip(record.axes, at, strict=True):
        if axis.kind is AxisKind.PROMPT_PART and axis.find:
            prompt = prompt.replace(axis.find, axis.texts[number])
    return prompt


def _words(axis: RecordAxis, number: int) -> str:
    words = value_words(axis, number, 400)
    # A prompt and the name of a model speak for themselves.
    named = axis.kind in (AxisKind.PROMPT, AxisKind.LORA, AxisKind.CHECKPOINT)
    return words if named else f"{axis_name(axis)} {words}"
