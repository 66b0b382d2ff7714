"""Words about one cell of a grid."""

from __future__ import annotations

from textual.content import Content

from loradex_tui.cells import cell_text
from loradex_tui.grid_sheet import GridSheet
from loradex_tui.wording import number_text


def cell_info(sheet: GridSheet) -> Content:
    """Return strength, seed, prompt, and what became of the cell that is looked at."""
    record, cell = sheet.record, sheet.shown_cell
    prompt, seed = sheet.prompt_and_seed(sheet.row)
    base = sheet.flipped and sheet.base_cell is not None
    strength = "base (without the LoRA)" if base else number_text(record.strengths[sheet.column])
    parts: list[tuple[str, str]] = [
        ("strength ", "$quiet"), (strength, "bold $accent"),
        ("   seed ", "$quiet"), (str(record.seeds[seed]), ""),
        (f"   prompt {prompt + 1}/{len(record.prompts)} ", "$quiet"),
        (cell_text(record.prompts[prompt], 300), ""),
    ]  # fmt: skip
    if cell.error is not None:
        parts.append((f"\n✗ {cell_text(cell.error, 400)}", "$error"))
    elif cell.path is None:
        parts.append(("\nnot drawn yet", "$quiet"))
    return Content.assemble(*parts)
