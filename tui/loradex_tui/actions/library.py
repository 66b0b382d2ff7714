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
    copied_tags: bool = False
    narrow: bool = False
    """One pane is shown at a time."""


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
def _needs_words(situation: LibrarySituation) -> str | None:
    return None if situation.query.strip() else "There is no query to save: / writes one."


@where(LibrarySituation)
def _needs_copied_tags(situation: LibrarySituation) -> str | None:
    if not situation.copied_tags:
        return "No tags were copied: y g copies those of a model."
    return _needs_targets(situation)


@where(LibrarySituation)
def _needs_panes(situation: LibrarySituation) -> str | None:
    return "One pane at a time has all the room here." if situation.narrow else None


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
    Action("filters", "models", "h,left", "To the pane of filters"),
    Action("mark", "models", "space", "Mark, and go on to the next", "Mark"),
    Action("range", "models", "v", "Mark a range: begin it here, or end it", "Range",
           why_not=_needs_found),
    Action("extend_down", "models", "shift+down", "Mark on downwards", why_not=_needs_found),
    Action("extend_up", "models", "shift+up", "Mark on upwards", why_not=_needs_found),
    Action("mark_all", "models", "ctrl+a", "Mark all that was found, or none",
           why_not=_needs_found),
    Action("invert", "models", "I", "Mark what is not marked of what was found",
           why_not=_needs_found),

    Action("to_models", "search", "down", "Go to the models; with offers, to the next", "Models"),
    Action("leave", "search", "enter", "Go to the models"),
    Action("earlier", "search", "up", "Bring back an earlier query"),
    Action("complete", "search", "tab", "Complete the word", "Complete"),
    Action("offer", "search", "ctrl+@", "Offer fields and values (Ctrl+Space)"),

    Action("search", "library", "/", "Search", "Search", cli="loradex list 'QUERY'"),
    Action("filter", "library", "f", "Go to the filters", "Filter"),
    Action("clear", "library", "F", "Clear search and filters", why_not=_needs_query),
    Action("tags", "library", "t", "Add and remove tags", "Tag", cli="loradex tag REF TAG",
           why_not=_needs_targets),
    Action("note", "library", "e", "Write a note", "Note", cli="loradex note REF TEXT",
           why_not=_needs_model),
    Action("note_outside", "library", "E", "Write the note in $EDITOR",
           cli="loradex note REF --edit", why_not=_needs_model),
    Action("rate", "library", "*", "Rate, or make a favourite", "Rate",
           cli="loradex rate REF STARS",
           why_not=_needs_targets),
    Action("render", "library", "x", "Draw a quick grid of this LoRA, or of those marked", "Grid",
           cli="loradex grid LORA --preset quick", why_not=_needs_loras),
    Action("build", "library", "X", "Put a grid together of this model, or of those marked",
           "Build", cli="loradex grid --spec FILE", why_not=_needs_targets),
    Action("probe", "library", "p", "Probe what this LoRA does, or those marked",
           cli="loradex probe LORA", why_not=_needs_probed),
)  # fmt: skip

LATER_ACTIONS: tuple[Action, ...] = (
    Action("sort", "library", "s", "Sort", "Sort", cli="loradex list 'sort:size-'"),
    Action("view", "library", "i", "Show pictures instead of lines, or lines again", "Gallery"),
    Action("add", "library", "n", "Add a folder, or download by address, ID or hash", "Add",
           cli="loradex library add FOLDER"),
    Action("copy", "library", "y", "Copy words, prompt, path, hash, page, tags", "Copy",
           cli="loradex copy REF", why_not=_needs_targets),
    Action("paste_tags", "library", "T", "Put the tags on that were copied (y g)",
           cli="loradex tag REF TAG", why_not=_needs_copied_tags),
    Action("open_outside", "library", "o", "Show its folder in the file manager", "Open",
           cli="loradex open REF", why_not=_needs_model),
    Action("collections", "library", "C,'", "Collections: go to, add to, take out", "Collect",
           cli="loradex collection list"),
    Action("save_query", "library", "S", "Save the query as a collection",
           cli="loradex collection add NAME --query 'QUERY'", why_not=_needs_words),
    Action("scroll_down", "library", "J", "Scroll the details down"),
    Action("scroll_up", "library", "K", "Scroll the details up"),
    Action("zoom_in", "library", "+", "Give this pane more room, or as before",
           why_not=_needs_panes),
    Action("zoom_out", "library", "_", "Give this pane less room", why_not=_needs_panes),
    Action("next_pane", "library", "tab", "To the next pane"),
    Action("previous_pane", "library", "shift+tab", "To the pane before"),
    Action("back", "library", "escape", "One step back: pane, marks, search", "Back"),

    Action("sheet", "details", "enter", "Full width, or as before", "Full"),
    Action("line_down", "details", "j", "Scroll down"),
    Action("line_up", "details", "k", "Scroll up"),
    Action("leave", "details", "h,left", "Go to the models", "Models"),

    Action("choose", "facets", "enter,space", "Choose this value, or no longer", "Choose"),
    Action("exclude", "facets", "-", "Leave this value out, or no longer", "Leave out"),
    Action("leave", "facets", "l,right", "Go to the models"),

    Action("to_values", "narrow", "enter,down,tab", "Go to the values", "Values"),
    Action("forget", "narrow", "escape", "Show all values again", "All"),
)  # fmt: skip
"""Those that the line of keys has room for only after those that change models and files."""
