"""Everything a person can do, in one table: keys, hints, help and palette are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.binding import Binding

from loradex.domain.models import ModelRow


@dataclass(frozen=True, slots=True)
class Situation:
    """What the screen shows now: what decides whether an action is possible."""

    model: ModelRow | None = None
    marked: int = 0
    found: int = 0
    query: str = ""
    jobs: frozenset[str] = frozenset()
    has_base_picture: bool = False
    has_picture: bool = False
    grid: bool = False
    hub_model: bool = False
    """A model of a hub is under the cursor."""
    hub_update: bool = False
    """It stands there because it is newer than what is owned."""
    download: str = ""
    """State of the download under the cursor."""


Condition = Callable[[Situation], str | None]
"""Returns why an action is not possible now, None when it is."""


def _always(_situation: Situation) -> str | None:
    return None


def _needs_targets(situation: Situation) -> str | None:
    return None if situation.marked or situation.model else "There is no model here."


def _needs_model(situation: Situation) -> str | None:
    return None if situation.model else "There is no model here."


def _needs_found(situation: Situation) -> str | None:
    return None if situation.found else "Nothing was found that could be marked."


def _needs_query(situation: Situation) -> str | None:
    return None if situation.query.strip() else "There is no search or filter to clear."


def _needs_loras(situation: Situation) -> str | None:
    if "grid" in situation.jobs:
        return "A grid is being drawn already: 3 shows it."
    if situation.marked:
        return None
    if situation.model is None:
        return "There is no model here."
    return None if situation.model.kind == "lora" else "A grid is drawn of LoRAs; this is none."


def _needs_probed(situation: Situation) -> str | None:
    if "probe" in situation.jobs:
        return "A probe is running already."
    if situation.marked:
        return None
    if situation.model is None:
        return "There is no model here."
    return None if situation.model.kind == "lora" else "LoRAs are probed; this is none."


def _not_scanning(situation: Situation) -> str | None:
    return "A scan is running already." if "scan" in situation.jobs else None


def _needs_jobs(situation: Situation) -> str | None:
    return None if situation.jobs else "Nothing is running."


def _needs_grid(situation: Situation) -> str | None:
    return None if situation.grid else "There is no grid here."


def _needs_hub_model(situation: Situation) -> str | None:
    return None if situation.hub_model else "There is no model here."


def _needs_update(situation: Situation) -> str | None:
    return None if situation.hub_update else "This is no update: u shows those."


def _needs_download(situation: Situation) -> str | None:
    return None if situation.download else "There is no download here."


def _needs_open_download(situation: Situation) -> str | None:
    if situation.download in ("done", "cancelled"):
        return "This download has ended."
    return _needs_download(situation)


def _needs_failed(situation: Situation) -> str | None:
    if situation.download in ("failed", "aside", "cancelled"):
        return None
    return _needs_download(situation) or "Only what failed can be tried again."


def _needs_base(situation: Situation) -> str | None:
    return (
        None
        if situation.has_base_picture
        else "No picture of this cell without the LoRA is finished."
    )


def _needs_picture(situation: Situation) -> str | None:
    return None if situation.has_picture else "This cell has no picture yet."


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do: `scope` is the screen or widget that has the keys, `cli` its other form."""

    id: str
    scope: str
    keys: str
    title: str
    hint: str = ""
    """One word for the bottom line; empty when it never shows there."""
    cli: str = ""
    why_not: Condition = _always

    @property
    def key_names(self) -> list[str]:
        """The keys by the names Textual gives them: `slash` for `/`."""
        return [each.key for each in Binding.make_bindings([Binding(self.keys, "do")])]


ACTIONS: tuple[Action, ...] = (
    Action("help", "app", "?,f1", "Show all keys of this place", "Help"),
    Action("palette", "app", ":", "Find an action by name", "Palette"),
    Action("library", "app", "1", "Go to the library", cli="loradex list"),
    Action("hub", "app", "2", "Go to the hub", "Hub", cli="loradex hub search WORDS"),
    Action("grids", "app", "3", "Go to the grids", "Grids", cli="loradex grids"),
    Action("downloads", "app", "4", "Go to the downloads", cli="loradex hub downloads"),
    Action("rescan", "app", "R", "Scan all libraries", "Scan", cli="loradex scan",
           why_not=_not_scanning),
    Action("cancel_jobs", "app", "ctrl+x", "Stop what runs in the background",
           why_not=_needs_jobs),
    Action("quit", "app", "q", "Quit", "Quit"),

    Action("down", "list", "j,down", "One line down"),
    Action("up", "list", "k,up", "One line up"),
    Action("page_down", "list", "pagedown", "One page down"),
    Action("page_up", "list", "pageup", "One page up"),
    Action("half_down", "list", "ctrl+d", "Half a page down"),
    Action("half_up", "list", "ctrl+u", "Half a page up"),
    Action("first", "list", "g,home", "To the first line"),
    Action("last", "list", "G,end", "To the last line"),

    Action("open", "models", "enter,l,right", "Show the details", "View", cli="loradex show REF"),
    Action("filters", "models", "h,left", "Go to the filters"),
    Action("mark", "models", "space", "Mark, and go on to the next", "Mark"),
    Action("mark_all", "models", "ctrl+a", "Mark all that was found, or none",
           why_not=_needs_found),

    Action("to_models", "search", "down", "Go to the models", "Models"),

    Action("search", "library", "/", "Search", "Search", cli="loradex list 'QUERY'"),
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

    Action("open_grid", "grids", "enter,l,right", "Open this grid", "Open",
           cli="loradex grids", why_not=_needs_grid),
    Action("back", "grids", "escape,h,left", "Back to the library", "Back"),

    Action("search", "hub", "/", "Search the hub", "Search", cli="loradex hub search WORDS"),
    Action("get", "hub", "d", "Download the newest version", "Download",
           cli="loradex hub get version:ID", why_not=_needs_hub_model),
    Action("versions", "hub", "v", "Choose another version to download", "Versions",
           cli="loradex hub show model:ID", why_not=_needs_hub_model),
    Action("updates", "hub", "u", "Show what is newer than what you own, or search again",
           "Updates", cli="loradex hub updates"),
    Action("ignore", "hub", "i", "Never show this update again", "Ignore",
           cli="loradex hub updates --ignore version:ID", why_not=_needs_update),
    Action("ignore_model", "hub", "I", "Never show updates of this model",
           cli="loradex hub updates --ignore model:ID", why_not=_needs_update),
    Action("copy_page", "hub", "y", "Copy the address of its page", "Copy",
           why_not=_needs_hub_model),
    Action("scroll_down", "hub", "J", "Scroll the details down"),
    Action("scroll_up", "hub", "K", "Scroll the details up"),
    Action("back", "hub", "escape", "One step back: pane, updates, search", "Back"),

    Action("open_found", "found", "enter,l,right", "Show the details", "View",
           cli="loradex hub show model:ID", why_not=_needs_hub_model),

    Action("pause", "queue", "p,space", "Pause this download, or go on", "Pause",
           cli="loradex hub downloads pause ID", why_not=_needs_open_download),
    Action("retry", "queue", "r", "Try this download again", "Retry",
           cli="loradex hub downloads retry ID", why_not=_needs_failed),
    Action("drop", "queue", "x", "Cancel this download", "Cancel",
           cli="loradex hub downloads cancel ID", why_not=_needs_open_download),
    Action("tidy", "queue", "c", "Take what has ended from the list", "Tidy",
           cli="loradex hub downloads clear", why_not=_needs_download),
    Action("run", "queue", "s", "Go on with the downloads", "Go on",
           cli="loradex hub downloads run"),
    Action("back", "queue", "escape,h,left", "Back to the library", "Back"),

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


def action(id_: str, scope: str) -> Action:
    """Return an action of a scope; raise `KeyError` when there is none."""
    return _BY_ID[(scope, id_)]


_BY_ID = {(each.scope, each.id): each for each in ACTIONS}


def bindings(scope: str) -> list[Binding]:
    """Return the bindings of a scope, one for each key, with ids a keymap can name."""
    return [
        _binding(each, key)
        for each in ACTIONS
        if each.scope == scope
        for key in each.keys.split(",")
    ]


_FIRST = ("app", "library", "search")
"""Scopes whose keys are done before the focused widget sees them: a key may move the focus, and
what is typed right after it belongs to where the focus went."""


def _binding(each: Action, key: str) -> Binding:
    printable = len(key) == 1
    word = "do_unless_typing" if printable and each.scope in _FIRST else "do"
    return Binding(
        key,
        f"{word}('{each.id}', '{each.scope}')",
        each.title,
        show=False,
        id=f"{each.scope}.{each.id}",
        priority=each.scope == "search" or (printable and each.scope in _FIRST),
    )
