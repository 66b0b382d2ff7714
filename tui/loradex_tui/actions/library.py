"""What can be done in the library: with the list, the search, the filters, the details."""

from __future__ import annotations

from dataclasses import dataclass

from loradex.domain.models import ModelRow
from loradex_tui.actions.action import Action, Situation, where


@dataclass(frozen=True, slots=True)
class LibrarySituation(Situation):
    """The model under the cursor, and what was found and marked."""

    model: ModelRow | None = None
    marked: int = 0
    found: int = 0
    query: str = ""


@where(LibrarySituation)
def _needs_targets(situation: LibrarySituation) -> str | None:
    return None if situation.marked or situation.model else "There is no model here."


@where(LibrarySituation)
def _needs_model(situation: LibrarySituation) -> str | None:
    return None if situation.model else "There is no model here."


@where(LibrarySituation)
def _needs_found(situation: LibrarySituation) -> str | None:
    return None if situation.found else "Nothing was found that could be marked."


@where(LibrarySituation)
def _needs_query(situation: LibrarySituation) -> str | None:
    return None if situation.query.strip() else "There is no search or filter to clear."


@where(LibrarySituation)
def _needs_loras(situation: LibrarySituation) -> str | None:
    if "grid" in situation.around.jobs:
        return "A grid is being drawn already: 4 shows it."
    if situation.marked:
        return None
    if situation.model is None:
        return "There is no model here."
    return None if situation.model.kind == "lora" else "A grid is drawn of LoRAs; this is none."


@where(LibrarySituation)
def _needs_probed(situation: LibrarySituation) -> str | None:
    if "probe" in situation.around.jobs:
        return "A probe is running already."
    if situation.marked:
        return None
    if situation.model is None:
        return "There is no model here."
    return None if situation.model.kind == "lora" else "LoRAs are probed; this is none."


ACTIONS: tuple[Action, ...] = (
    Action("open", "models", "enter,l,right", "Show the details", "View", cli="loradex show REF"),
    Action("filters", "models", "h,left", "Go to the filters"),
    Action("mark", "models", "space", "Mark, and go on to the next", "Mark"),
    Action("mark_all", "models", "ctrl+a", "Mark all that was found, or none",
           why_not=_needs_found),

    Action("to_models", "search", "down", "Go to the models", "Models"),

    Action("search", "library", "/", "Search", "Search", cli="loradex list 'QUERY'"),
    Action("add", "library", "n", "Add a folder, or download by address, ID or hash", "Add",
           cli="loradex library add FOLDER"),
    Action("filter", "library", "f", "Go to the filters", "Filter"),
    Action("clear", "library", "F", "Clear search and filters", why_not=_needs_query),
    Action("sort", "library", "s", "Sort", "Sort", cli="loradex list 'sort:size-'"),
    Action("tags", "library", "t", "Add and remove tags", "Tag", cli="loradex tag REF TAG",
           why_not=_needs_targets),
    Action("note", "library", "e", "Write a note", "Note", cli="loradex note REF TEXT",
           why_not=_needs_model),
    Action("rate", "library", "*", "Rate", "Rate", cli="loradex rate REF STARS",
           why_not=_needs_targets),
    Action("favourite", "library", "v", "Make a favourite, or no longer",
           cli="loradex favourite REF", why_not=_needs_targets),
    Action("copy", "library", "y", "Copy trigger words, path, hash or page", "Copy",
           why_not=_needs_model),
    Action("render", "library", "x", "Draw a grid of this LoRA, or of those marked", "Grid",
           cli="loradex grid LORA", why_not=_needs_loras),
    Action("probe", "library", "p", "Probe what this LoRA does, or those marked",
           cli="loradex probe LORA", why_not=_needs_probed),
    Action("scroll_down", "library", "J", "Scroll the details down"),
    Action("scroll_up", "library", "K", "Scroll the details up"),
    Action("next_pane", "library", "tab", "To the next pane"),
    Action("previous_pane", "library", "shift+tab", "To the pane before"),
    Action("back", "library", "escape", "One step back: pane, marks, search", "Back"),

    Action("line_down", "details", "j", "Scroll down"),
    Action("line_up", "details", "k", "Scroll up"),
    Action("leave", "details", "h,left", "Go to the models", "Models"),

    Action("choose", "facets", "enter,space", "Choose this value, or no longer", "Choose"),
    Action("exclude", "facets", "-", "Leave this value out, or no longer", "Leave out"),
    Action("leave", "facets", "l,right", "Go to the models"),
)  # fmt: skip
