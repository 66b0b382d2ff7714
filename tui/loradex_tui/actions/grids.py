"""What can be done with grids: in their list, and with the pictures of one."""

from __future__ import annotations

from dataclasses import dataclass

from loradex_tui.actions.action import Action, Situation, where


@dataclass(frozen=True, slots=True)
class GridSituation(Situation):
    """Whether there is a grid, and what its cell under the cursor has."""

    grid: bool = False
    has_picture: bool = False
    has_base_picture: bool = False


@where(GridSituation)
def _needs_grid(situation: GridSituation) -> str | None:
    return None if situation.grid else "There is no grid here."


@where(GridSituation)
def _needs_base(situation: GridSituation) -> str | None:
    return (
        None
        if situation.has_base_picture
        else "No picture of this cell without the LoRA is finished."
    )


@where(GridSituation)
def _needs_picture(situation: GridSituation) -> str | None:
    return None if situation.has_picture else "This cell has no picture yet."


ACTIONS: tuple[Action, ...] = (
    Action("open_grid", "grids", "enter,l,right", "Open this grid", "Open",
           cli="loradex grids", why_not=_needs_grid),
    Action("back", "grids", "escape,h,left", "Back to the library", "Back"),

    Action("cell_left", "sheet", "h,left", "One picture to the left"),
    Action("cell_right", "sheet", "l,right", "One picture to the right"),
    Action("cell_down", "sheet", "j,down", "One picture down"),
    Action("cell_up", "sheet", "k,up", "One picture up"),
    Action("zoom", "sheet", "enter", "Show this picture large", "Zoom", why_not=_needs_picture),
    Action("flip", "sheet", "b", "Show the picture without the LoRA, and back", "Base",
           why_not=_needs_base),
    Action("previous_lora", "sheet", "[", "The page before"),
    Action("next_lora", "sheet", "]", "The next page", "Next page"),
    Action("copy_cell", "sheet", "y", "Copy this picture's path", "Copy", why_not=_needs_picture),
    Action("back", "sheet", "escape", "Back", "Back"),
)  # fmt: skip
