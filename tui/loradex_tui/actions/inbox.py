"""What can be done in the inbox: with its list, and with what is proposed of one model."""

from __future__ import annotations

from dataclasses import dataclass

from loradex_tui.actions.action import Action, Situation, where


@dataclass(frozen=True, slots=True)
class InboxSituation(Situation):
    """What is under the cursor, what is marked, and what waits in all."""

    item: bool = False
    """A model is under the cursor."""
    marked: int = 0
    shown: int = 0
    """Models in the list."""
    bulk: int = 0
    """Models with proposed tags, and new ones: what can be decided at once."""
    choice: bool = False
    """An answer or a tag is under the cursor of the details."""
    looking: bool = False
    """The library is being looked through."""


@where(InboxSituation)
def _needs_targets(situation: InboxSituation) -> str | None:
    return None if situation.marked or situation.item else "There is nothing to decide here."


@where(InboxSituation)
def _needs_item(situation: InboxSituation) -> str | None:
    return None if situation.item else "There is no model here."


@where(InboxSituation)
def _needs_shown(situation: InboxSituation) -> str | None:
    return None if situation.shown else "There is nothing here that could be marked."


@where(InboxSituation)
def _needs_bulk(situation: InboxSituation) -> str | None:
    if "tagging" in situation.around.jobs:
        return "Tags are being added already."
    return None if situation.bulk else "No tags are proposed here, and nothing is new."


@where(InboxSituation)
def _needs_choice(situation: InboxSituation) -> str | None:
    return None if situation.choice else "There is nothing to choose here."


@where(InboxSituation)
def _not_looking(situation: InboxSituation) -> str | None:
    return "The library is being looked through already." if situation.looking else None


ACTIONS: tuple[Action, ...] = (
    Action("open", "inbox_list", "enter,l,right", "Show what is proposed, and why", "View",
           cli="loradex inbox REF", why_not=_needs_item),
    Action("mark", "inbox_list", "space", "Mark, and go on to the next", "Mark",
           why_not=_needs_shown),
    Action("range", "inbox_list", "v", "Mark a range: begin it here, or end it",
           why_not=_needs_shown),
    Action("extend_down", "inbox_list", "shift+down", "Mark on downwards", why_not=_needs_shown),
    Action("extend_up", "inbox_list", "shift+up", "Mark on upwards", why_not=_needs_shown),
    Action("mark_all", "inbox_list", "ctrl+a", "Mark all that is listed, or none",
           why_not=_needs_shown),
    Action("invert", "inbox_list", "I", "Mark what is not marked of what is listed",
           why_not=_needs_shown),

    Action("check", "proposal", "space", "Choose this answer; take this tag, or not", "Check",
           cli="loradex inbox accept REF --only TAG", why_not=_needs_choice),
    Action("take", "proposal", "enter", "Accept what is checked",
           cli="loradex inbox accept REF", why_not=_needs_item),
    Action("leave", "proposal", "h,left", "Back to the list", "List"),

    Action("accept", "inbox", "a", "Accept what is checked; what is not, is refused", "Accept",
           cli="loradex inbox accept REF", why_not=_needs_targets),
    Action("dismiss", "inbox", "d", "Dismiss: it is not proposed again", "Dismiss",
           cli="loradex inbox dismiss REF", why_not=_needs_targets),
    Action("edit", "inbox", "e", "Edit the proposed tags before they are added", "Edit",
           cli="loradex tag REF TAG", why_not=_needs_item),
    Action("accept_all", "inbox", "A", "Accept all tags that are sure enough", "All",
           cli="loradex inbox accept --all --at-least 90", why_not=_needs_bulk),
    Action("search", "inbox", "/", "Narrow the list by a query", "Search",
           cli="loradex inbox -q 'QUERY'"),
    Action("view", "inbox", "i", "Show all, matches, tags, or what is new", "Group",
           cli="loradex inbox --group tags"),
    Action("sort", "inbox", "s", "Sort", "Sort"),
    Action("tags", "inbox", "t", "Add and remove tags", "Tag", cli="loradex tag REF TAG",
           why_not=_needs_targets),
    Action("rate", "inbox", "*", "Rate, or make a favourite", "Rate",
           cli="loradex rate REF STARS", why_not=_needs_targets),
    Action("note", "inbox", "N", "Write a note", cli="loradex note REF TEXT",
           why_not=_needs_item),
    Action("copy", "inbox", "y", "Copy words, prompt, path, hash, page, tags",
           cli="loradex copy REF", why_not=_needs_targets),
    Action("open_outside", "inbox", "o", "Show its folder in the file manager",
           cli="loradex open REF", why_not=_needs_item),
    Action("again", "inbox", "r", "Look through the library again", "Again",
           cli="loradex inbox --counts", why_not=_not_looking),
    Action("scroll_down", "inbox", "J", "Scroll the details down"),
    Action("scroll_up", "inbox", "K", "Scroll the details up"),
    Action("next_pane", "inbox", "tab", "To the next pane"),
    Action("previous_pane", "inbox", "shift+tab", "To the pane before"),
    Action("back", "inbox", "escape", "One step back: pane, marks, search, library", "Back"),
)  # fmt: skip
