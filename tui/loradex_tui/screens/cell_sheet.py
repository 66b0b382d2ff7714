"""All that is known of one cell: its recipe, what became of it, and where its picture lies."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from loradex.domain.recipe import LoraUse
from loradex.domain.text import display_lines
from loradex.operations.grid_cells import GridCell
from loradex_tui.cells import cell_text
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.widgets.sheet_text import TextSheet

_WIDTH = 72


class CellSheet(Dialog[None]):
    """Shows a cell in words."""

    BINDINGS = [Binding("i,q,enter", "leave", "Leave", show=False)]  # noqa: RUF012 - as Textual does
    DEFAULT_CSS = """
    CellSheet > #box { width: 78; padding: 0 2; }
    CellSheet Static { width: 1fr; height: auto; }
    """

    def __init__(self, cell: GridCell) -> None:
        super().__init__()
        self._cell = cell

    def compose(self) -> ComposeResult:
        """The words, and how to leave them."""
        with VerticalScroll(id="box") as box:
            box.border_title = Content("This picture")
            yield Static(cell_sheet_text(self._cell, min(_WIDTH, self.app.size.width - 8)))
            yield Static(key_words(("y", "copies any of this in the grid"), ("Esc", "leaves")),
                         classes="told")  # fmt: skip


def cell_sheet_text(cell: GridCell, width: int) -> Content:
    """Return the recipe of a cell, how it was drawn, and where it lies."""
    recipe, drawn, text = cell.recipe, cell.drawn, TextSheet(width)
    text.heading("Recipe")
    text.pair("Checkpoint", cell_text(recipe.checkpoint.name))
    for use in recipe.loras:
        text.pair("LoRA", _lora(use))
    if recipe.vae is not None:
        text.pair("VAE", cell_text(recipe.vae.name))
    text.pair("Prompt", cell_text(recipe.prompt, 2_000))
    text.pair("Negative", cell_text(recipe.negative_prompt, 2_000))
    settings = recipe.settings
    text.pair("Seed", str(recipe.seed))
    text.pair("Sampler", cell_text(f"{settings.sampler}, {settings.schedule}"))
    text.pair("Steps", f"{settings.num_inference_steps}, guidance {settings.guidance_scale:g}")
    text.pair("Size", f"{settings.width}×{settings.height}")
    if settings.approximate:
        text.pair("Approximate", ", ".join(settings.approximate), "$warning")
    text.heading("Picture")
    if drawn is not None:
        text.pair("Drawn", f"in {drawn.seconds:.1f} s" if drawn.seconds else "before")
        text.pair("File", cell_text(drawn.path))
    elif cell.record.error:
        text.pair("Failed", cell_text(cell.record.error), "$error")
    else:
        text.pair("State", "not drawn yet")
    text.pair("Digest", cell.record.key)
    if drawn is not None and drawn.infotext:
        text.heading("What the file says of itself")
        for line in drawn.infotext.splitlines():
            text.line(Content(display_lines(line)))
    return text.content()


def _lora(use: LoraUse) -> str:
    clip = "" if use.strength == use.strength_clip else f", text {use.strength_clip:g}"
    blocks = f", blocks {use.blocks}" if use.blocks else ""
    return cell_text(f"{use.model.name} at {use.strength:g}{clip}{blocks}")
