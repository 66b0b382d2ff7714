"""What stands at a place of a grid, in words that are fit for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from loradex.domain.axes import AxisKind
from loradex.domain.grid import GridRecord, Place, RecordAxis
from loradex.render.captions import KIND_NAMES, TEXT_KINDS
from loradex_tui.cells import cell_text
from loradex_tui.grids.sheet import SheetCell
from loradex_tui.jobs.running import Jobs
from loradex_tui.jobs.words import left_text, rate_text, share_text

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


def progress_words(record: GridRecord, jobs: Jobs) -> str:
    """Return how far a grid is: `18 of 21 · 41 % · 2 min left`, `18 of 21, stopped`, `21`."""
    done = f"{record.cells_done:,} of {record.cells_total:,}"
    for job in jobs.running:
        if job.name == "grid" and job.status.grid_id == record.id:
            left = left_text(job.pace.seconds_left)
            return " · ".join(
                part
                for part in (
                    done,
                    cell_text(job.status.stage, 20).casefold() or "starting",
                    share_text(job.status),
                    rate_text(job.pace, job.status.unit) if job.status.unit == "pictures" else "",
                    f"{left} left" if left else "",
                )
                if part
            )
    if record.cells_done == record.cells_total:
        return f"{done} · done"
    if record.cells_done + record.cells_failed < record.cells_total:
        return f"{done} · stopped"
    return done


def state_words(cell: SheetCell) -> str:
    """Return what became of a cell: `done, 11 s`, why it failed, or dots while it is to come."""
    if cell.path is not None:
        return f"done, {cell_seconds(cell)}" if cell.seconds else "done"
    return f"✗ {cell.error}" if cell.error is not None else "· · ·"


def cell_seconds(cell: SheetCell) -> str:
    """Return how long a picture took: `0.4 s`, `11 s`."""
    return f"{cell.seconds:.1f} s" if cell.seconds < 9.95 else f"{cell.seconds:.0f} s"


def _words(axis: RecordAxis, number: int) -> str:
    words = value_words(axis, number, 400)
    # A prompt and the name of a model speak for themselves.
    named = axis.kind in (AxisKind.PROMPT, AxisKind.LORA, AxisKind.CHECKPOINT)
    return words if named else f"{axis_name(axis)} {words}"
