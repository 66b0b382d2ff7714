"""Words about one cell of a grid."""

from __future__ import annotations

from textual.content import Content

from loradex.domain.axes import AxisKind
from loradex_tui.cells import cell_text
from loradex_tui.grids.sheet import GridSheet
from loradex_tui.grids.words import (
    LORA_KINDS,
    axis_name,
    cell_seconds,
    prompt_at,
    value_words,
)

_PROMPT_KINDS = frozenset({AxisKind.PROMPT, AxisKind.PROMPT_PART})
"""Told by the prompt itself."""


def cell_info(sheet: GridSheet) -> Content:
    """Return where the cell that is shown stands, its prompt, and what became of it."""
    record, cell, at = sheet.record, sheet.shown_cell, sheet.shown_at
    if at is None:
        return Content.styled("There are no pictures in this grid.", "$quiet")
    parts: list[tuple[str, str]] = []
    flipped = sheet.other if sheet.flipped else None
    base = flipped is not None and flipped[0] == "base"
    if flipped is not None:
        told = "base (without the LoRA)" if base else "picked"
        parts.append((f"{told}   ", "bold $accent"))
    layout = sheet.layout
    for number in (*reversed(layout.x), *reversed(layout.y), *layout.pages):
        axis = record.axes[number]
        if axis.kind in _PROMPT_KINDS or (base and axis.kind in LORA_KINDS):
            continue
        style = "bold $accent" if number in layout.x else ""
        parts += [(f"{axis_name(axis)} ", "$quiet"), (f"{value_words(axis, at[number])}   ", style)]
    if cell.path is not None and cell.seconds:
        parts.append((f"{cell_seconds(cell)}   ", "$quiet"))
    if sheet.picked is not None and sheet.picked == at and flipped is None:
        parts.append(("picked: b flips others to it   ", "$warning"))
    prompts = [n for n, axis in enumerate(record.axes) if axis.kind is AxisKind.PROMPT]
    counted = f"{at[prompts[0]] + 1}/{record.lengths[prompts[0]]} " if prompts else ""
    parts += [
        (f"Prompt {counted}", "$quiet"),
        (cell_text(prompt_at(record, at), 300), ""),
    ]
    if cell.error is not None:
        parts.append((f"\n✗ {cell_text(cell.error, 400)}", "$error"))
        parts.append(("  r tries again", "$quiet"))
    elif cell.left_out:
        parts.append(("\nleft out", "$quiet"))
    elif cell.path is None:
        parts.append(("\nnot drawn yet", "$quiet"))
    return Content.assemble(*parts)
