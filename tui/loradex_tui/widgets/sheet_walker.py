"""Walking from cell to cell of a grid: the same keys over tiles and over one large picture."""

from __future__ import annotations

from loradex_tui.actor import Actor
from loradex_tui.grids.sheet import GridSheet


class SheetWalker(Actor):
    """A widget or screen that looks at one cell of `sheet`."""

    sheet: GridSheet

    def sheet_moved(self) -> None:
        """Show the cell that is looked at now."""
        raise NotImplementedError

    def _move(self, rows: int, columns: int) -> None:
        self.sheet.move(rows, columns)
        self.sheet_moved()

    def do_cell_left(self) -> None:
        """One column to the left."""
        self._move(0, -1)

    def do_cell_right(self) -> None:
        """One column to the right."""
        self._move(0, 1)

    def do_cell_down(self) -> None:
        """One row down."""
        self._move(1, 0)

    def do_cell_up(self) -> None:
        """One row up."""
        self._move(-1, 0)

    def do_flip(self) -> None:
        """Show the picture without the LoRA in its place, and back."""
        self.sheet.flipped = not self.sheet.flipped
        self.sheet_moved()

    def do_previous_lora(self) -> None:
        """The page before."""
        self.sheet.turn(-1)
        self.sheet_moved()

    def do_next_lora(self) -> None:
        """The next page."""
        self.sheet.turn(1)
        self.sheet_moved()

    def do_pick(self) -> None:
        """Pick this picture to hold others against, or no longer."""
        self.sheet.pick()
        self.sheet_moved()
