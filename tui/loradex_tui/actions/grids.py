"""What can be done with grids: in their list, with the pictures of one, and with a probe's."""

from __future__ import annotations

from dataclasses import dataclass

from loradex_tui.actions.action import Action, Situation, where


@dataclass(frozen=True, slots=True)
class GridSituation(Situation):
    """Whether there is a grid, and what its cell under the cursor has."""

    grid: bool = False
    cell: bool = False
    has_picture: bool = False
    has_other: bool = False
    """There is something to hold the cell against: the base, or one that was picked."""
    lora: str = ""
    """The LoRA that the cell is about; empty where there is none, or no single one."""
    lacks: int = 0
    """Places without a picture, failed ones among them."""
    drawing: bool = False
    """It is this grid that is drawn now."""


@where(GridSituation)
def _needs_grid(situation: GridSituation) -> str | None:
    return None if situation.grid else "There is no grid here."


@where(GridSituation)
def _needs_kept(situation: GridSituation) -> str | None:
    if situation.drawing:
        return "This grid is being drawn: ctrl+x stops it."
    return _needs_grid(situation)


@where(GridSituation)
def _needs_lacking(situation: GridSituation) -> str | None:
    if "grid" in situation.around.jobs:
        return "A grid is being drawn already."
    if not situation.grid:
        return "There is no grid here."
    return None if situation.lacks else "This grid is whole: e asks for it again with changes."


@where(GridSituation)
def _needs_cell(situation: GridSituation) -> str | None:
    return None if situation.cell else "There is no picture here."


@where(GridSituation)
def _needs_idle(situation: GridSituation) -> str | None:
    if "grid" in situation.around.jobs:
        return "A grid is being drawn already."
    return _needs_cell(situation)


@where(GridSituation)
def _needs_other(situation: GridSituation) -> str | None:
    if situation.has_other:
        return None
    return "No picture of this cell without the LoRA is finished; space picks another one."


@where(GridSituation)
def _needs_picture(situation: GridSituation) -> str | None:
    return None if situation.has_picture else "This cell has no picture yet."


@where(GridSituation)
def _needs_lora(situation: GridSituation) -> str | None:
    if situation.lora:
        return None
    return "This picture is of no LoRA, or of several at once."


@dataclass(frozen=True, slots=True)
class BuilderSituation(Situation):
    """Whether what is asked for can be drawn, and what is under the cursor."""

    fault: str = ""
    """What is wrong with it; empty for nothing."""
    axis: bool = False
    removable: bool = False


@where(BuilderSituation)
def _needs_whole(situation: BuilderSituation) -> str | None:
    if "grid" in situation.around.jobs:
        return "A grid is being drawn already: g g shows the grids, ctrl+x stops it."
    return situation.fault or None


@where(BuilderSituation)
def _needs_axis(situation: BuilderSituation) -> str | None:
    return None if situation.axis else "There is nothing here that could vary."


@where(BuilderSituation)
def _needs_removable(situation: BuilderSituation) -> str | None:
    return None if situation.removable else "A grid cannot be drawn without this."


@dataclass(frozen=True, slots=True)
class ProbeSituation(Situation):
    """What is known of the model under the cursor."""

    model: bool = False
    grid: bool = False
    finding: str = ""
    """The kind of the probe's finding under the cursor; empty for none."""


@where(ProbeSituation)
def _needs_model(situation: ProbeSituation) -> str | None:
    return None if situation.model else "Nothing was probed here yet."


@where(ProbeSituation)
def _needs_probe_grid(situation: ProbeSituation) -> str | None:
    return None if situation.grid else "This verdict has no pictures."


@where(ProbeSituation)
def _needs_finding(situation: ProbeSituation) -> str | None:
    return None if situation.finding else "There is no finding of a probe here."


ACTIONS: tuple[Action, ...] = (
    Action("open_grid", "grids", "enter,l,right", "Open this grid", "Open",
           cli="loradex grids --cells ID", why_not=_needs_grid),
    Action("new_grid", "grids", "n", "Put a new grid together", "New",
           cli="loradex grid --spec FILE"),
    Action("resume", "grids", "r", "Draw what this grid lacks, or what failed", "Go on",
           cli="loradex grid --resume ID", why_not=_needs_lacking),
    Action("again", "grids", "e", "Ask for this grid again, with changes", "Again",
           cli="loradex grid --from ID", why_not=_needs_grid),
    Action("open_page", "grids", "o", "Show its page in a browser", "Page",
           why_not=_needs_grid),
    Action("copy_grid", "grids", "y", "Copy where its page and pictures lie",
           why_not=_needs_grid),
    Action("delete_grid", "grids", "d", "Delete this grid", "Delete",
           cli="loradex grids --delete ID", why_not=_needs_kept),
    Action("search_grids", "grids", "/", "Narrow the list", "Narrow"),
    Action("back", "grids", "escape,h,left", "All grids again, or back to the library", "Back"),

    Action("cell_left", "sheet", "h,left", "One picture to the left"),
    Action("cell_right", "sheet", "l,right", "One picture to the right"),
    Action("cell_down", "sheet", "j,down", "One picture down"),
    Action("cell_up", "sheet", "k,up", "One picture up"),
    Action("zoom", "sheet", "enter", "Show this picture large", "Zoom", why_not=_needs_picture),
    Action("flip", "sheet", "b", "Show what it is held against, the base or the picked one",
           "A/B", why_not=_needs_other),
    Action("pick", "sheet", "space", "Pick this picture to hold others against", "Pick",
           why_not=_needs_picture),
    Action("previous_lora", "sheet", "[", "The page before"),
    Action("next_lora", "sheet", "]", "The next page", "Next page"),
    Action("back", "sheet", "escape", "Back", "Back"),

    Action("best", "cell", "W", "Store this strength as the LoRA's best one", "Best",
           cli="loradex verdict best REF STRENGTH", why_not=_needs_lora),
    Action("judge", "cell", "V", "Say what the LoRA does", "Verdict",
           cli="loradex verdict set REF KIND", why_not=_needs_lora),
    Action("info", "cell", "i", "Show the recipe, the digest and the file", "Info",
           cli="loradex grids --cells ID", why_not=_needs_cell),
    Action("transpose", "cell", "T", "Swap rows and columns", "Turn", why_not=_needs_cell),
    Action("redraw", "cell", "r", "Draw this cell again, or all that is missing", "Redraw",
           cli="loradex grid --resume ID --redraw DIGEST", why_not=_needs_idle),
    Action("again", "cell", "e", "Ask for this grid again, with changes", "Again",
           cli="loradex grid --from ID", why_not=_needs_grid),
    Action("export", "cell", "E", "Write sheet, page, table or pictures to files", "Export",
           cli="loradex grids --export ID", why_not=_needs_cell),
    Action("open_page", "cell", "o", "Show the grid's page in a browser", why_not=_needs_grid),
    Action("copy_cell", "cell", "y", "Copy the path, the prompt or the recipe", "Copy",
           why_not=_needs_cell),

    Action("edit_axis", "axes", "enter", "Change these values", "Edit", why_not=_needs_axis),
    Action("edit_text", "axes", "e", "Type these values; models by number, name or query:",
           why_not=_needs_axis),
    Action("place_next", "axes", "l,right", "Let it go across, down, on pages", "Place",
           why_not=_needs_axis),
    Action("place_before", "axes", "h,left", "The same, the other way round",
           why_not=_needs_axis),
    Action("drop_axis", "axes", "d", "Take this out of the grid", "Remove",
           why_not=_needs_removable),
    Action("start", "builder", "ctrl+s,r", "Draw it", "Draw", cli="loradex grid",
           why_not=_needs_whole),
    Action("add_axis", "builder", "n", "Vary something else as well", "Add"),
    Action("preset", "builder", "p", "Begin from a usual grid", "Preset",
           cli="loradex grid --preset NAME"),
    Action("transpose", "builder", "T", "Swap rows and columns", "Turn"),
    Action("baseline", "builder", "b", "Draw the checkpoint alone as well, or not", "Base",
           cli="loradex grid --no-baseline"),
    Action("load_spec", "builder", "O", "Read a grid from a TOML file", "Read",
           cli="loradex grid --spec FILE"),
    Action("save_spec", "builder", "S", "Write this grid to a TOML file", "Write",
           cli="loradex grid --write-spec FILE"),
    Action("copy_spec", "builder", "y", "Copy the grid as TOML"),
    Action("back", "builder", "escape", "Leave; nothing is drawn", "Back"),

    Action("open_probe_grid", "verdict", "enter", "Look at the pictures", "Pictures",
           cli="loradex grids", why_not=_needs_probe_grid),
    Action("dismiss", "verdict", "d", "Say that this finding is not so", "Not so",
           cli="loradex verdict dismiss REF KIND", why_not=_needs_finding),
    Action("judge", "verdict", "V", "Say yourself what the LoRA does", "Verdict",
           cli="loradex verdict set REF KIND", why_not=_needs_model),
    Action("next_model", "verdict", "]", "The next model", "Next"),
    Action("previous_model", "verdict", "[", "The model before"),
    Action("again", "verdict", "r", "Probe it once more", "Again",
           cli="loradex probe REF --again", why_not=_needs_model),
    Action("numbers_down", "verdict", "J", "Scroll the numbers down"),
    Action("numbers_up", "verdict", "K", "Scroll the numbers up"),
    Action("copy_verdict", "verdict", "y", "Copy the verdict", "Copy", why_not=_needs_model),
    Action("back", "verdict", "escape,h,left", "Back; a probe that runs goes on", "Back"),
)  # fmt: skip
