"""What can be done with pictures: the gallery, one picture large, models side by side."""

from __future__ import annotations

from dataclasses import dataclass

from loradex_tui.actions.action import Action, Situation, where
from loradex_tui.actions.library import LibrarySituation

MOST_COMPARED = 4


@dataclass(frozen=True, slots=True)
class CompareSituation(Situation):
    """Whether the models, or the one that is chosen, are in a grid."""

    grid: bool = False


@where(CompareSituation)
def _needs_grid(situation: CompareSituation) -> str | None:
    return None if situation.grid else "No grid has this model: x draws one."


@where(LibrarySituation)
def _needs_model(situation: LibrarySituation) -> str | None:
    return None if situation.model else "There is no model here."


@where(LibrarySituation)
def _needs_a_few(situation: LibrarySituation) -> str | None:
    if situation.marked < 2:
        return "Mark two to four models first: space."
    if situation.marked > MOST_COMPARED:
        return f"{situation.marked:,} are marked; up to {MOST_COMPARED} can be compared."
    return None


LIBRARY_ACTIONS: tuple[Action, ...] = (
    Action("left", "gallery", "h,left", "One picture to the left"),
    Action("right", "gallery", "l,right", "One picture to the right"),
    Action("large", "library", "z", "Show the model's picture large", why_not=_needs_model),
    Action("compare", "library", "c", "Compare the marked models", "Compare",
           cli="loradex compare REF REF", why_not=_needs_a_few),
)  # fmt: skip

STAGE_ACTIONS: tuple[Action, ...] = (
    Action("larger", "stage", "+,=", "Look closer", "Closer"),
    Action("smaller", "stage", "-", "Show more of it"),
    Action("whole", "stage", "0", "Show all of it"),
    Action("pan_left", "stage", "H,shift+left", "Look further left"),
    Action("pan_right", "stage", "L,shift+right", "Look further right"),
    Action("pan_down", "stage", "J,shift+down", "Look further down"),
    Action("pan_up", "stage", "K,shift+up", "Look further up"),
)  # fmt: skip

ACTIONS: tuple[Action, ...] = (
    *STAGE_ACTIONS,
    Action("previous", "picture", "h,left,k,up", "The picture before"),
    Action("next", "picture", "l,right,j,down", "The next picture", "Next"),
    Action("flip", "picture", "b", "Show the other one of two, and back", "A/B"),
    Action("back", "picture", "escape,z", "Back to the models", "Back"),

    Action("left", "compare", "h,left", "The model to the left"),
    Action("right", "compare", "l,right", "The model to the right"),
    Action("line_down", "compare", "j,down", "Scroll down"),
    Action("line_up", "compare", "k,up", "Scroll up"),
    Action("only_different", "compare", "i", "Show only what differs, or all", "Differences"),
    Action("large", "compare", "z,enter", "Show this model's picture large; b flips", "Large"),
    Action("render", "compare", "x", "Draw a grid of them", "Grid", cli="loradex grid LORA LORA"),
    Action("open_grid", "compare", "o", "Open the newest grid of them, or of this one", "Its grid",
           cli="loradex grids", why_not=_needs_grid),
    Action("back", "compare", "escape", "Back to the models", "Back"),
)  # fmt: skip
