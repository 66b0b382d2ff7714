"""What can be done on every screen, and in every list."""

from __future__ import annotations

from loradex_tui.actions.action import Action, Situation
from loradex_tui.places import PLACES


def _not_scanning(situation: Situation) -> str | None:
    return "A scan is running already." if "scan" in situation.around.jobs else None


def _needs_jobs(situation: Situation) -> str | None:
    return None if situation.around.jobs else "Nothing is running."


def _needs_deed(situation: Situation) -> str | None:
    if situation.around.undoable:
        return None
    if situation.around.landed:
        return "A download is not undone: in the library d puts its file into the trash."
    return "Nothing was done here that could be undone."


ACTIONS: tuple[Action, ...] = (
    *(Action(each.id, "app", each.key, f"Go to {each.where}", cli=each.cli) for each in PLACES),
    Action("go", "app", "g", "Go to: g the top, e the end, or a screen by its letter"),
    Action("help", "app", "?,f1", "Show all keys of this place", "Help"),
    Action("palette", "app", ":", "Find an action by name", "Palette"),
    Action("rescan", "app", "R", "Scan all libraries", "Scan", cli="loradex scan",
           why_not=_not_scanning),
    Action("drawer", "app", "w", "Show or hide what runs", "Jobs", cli="loradex hub downloads"),
    Action("cancel_jobs", "app", "ctrl+x", "Stop what runs in the background",
           why_not=_needs_jobs),
    Action("suspend", "app", "ctrl+z", "Back to the shell for now: fg returns"),
    Action("undo", "app", "u", "Undo what was done last", "Undo", cli="loradex undo",
           why_not=_needs_deed),
    Action("quit", "app", "q", "Quit", "Quit"),

    Action("down", "list", "j,down", "One line down"),
    Action("up", "list", "k,up", "One line up"),
    Action("page_down", "list", "pagedown", "One page down"),
    Action("page_up", "list", "pageup", "One page up"),
    Action("half_down", "list", "ctrl+d", "Half a page down"),
    Action("half_up", "list", "ctrl+u", "Half a page up"),
    Action("first", "list", "home", "To the first line (g g as well)"),
    Action("last", "list", "G,end", "To the last line"),
)  # fmt: skip
