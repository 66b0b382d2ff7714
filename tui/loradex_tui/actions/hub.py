"""What can be done on the hub."""

from __future__ import annotations

from dataclasses import dataclass

from loradex_tui.actions.action import Action, Situation, where


@dataclass(frozen=True, slots=True)
class HubSituation(Situation):
    """What is under the cursor."""

    hub_model: bool = False
    """A model is under the cursor."""
    hub_update: bool = False
    """It stands there because it is newer than what is owned."""
    offline: bool = False
    """The settings forbid to ask anybody."""
    page: bool = False
    """It has a page."""


@where(HubSituation)
def _needs_hub_model(situation: HubSituation) -> str | None:
    return None if situation.hub_model else "There is no model here."


@where(HubSituation)
def _needs_update(situation: HubSituation) -> str | None:
    return None if situation.hub_update else "This is no update: U shows those."


@where(HubSituation)
def _needs_page(situation: HubSituation) -> str | None:
    return _needs_hub_model(situation) or (None if situation.page else "It has no page.")


@where(HubSituation)
def _can_match(situation: HubSituation) -> str | None:
    if situation.offline:
        return "The settings say offline: nobody is asked."
    return "A match is running already." if "match" in situation.around.jobs else None


ACTIONS: tuple[Action, ...] = (
    Action("search", "hub", "/", "Search the hub", "Search", cli="loradex hub search WORDS"),
    Action("filter", "hub", "f", "Narrow the search: type, base, order, period, owned", "Filter",
           cli="loradex hub search 'kind:lora base:sdxl owned:no'"),
    Action("clear", "hub", "F", "Clear the search and its filters"),
    Action("get", "hub", "d", "Download the newest version: shows first what that means",
           "Download",
           cli="loradex hub get version:ID", why_not=_needs_hub_model),
    Action("add", "hub", "n", "Download by address, ID or hash, or add a folder", "Add",
           cli="loradex hub get ADDRESS"),
    Action("versions", "hub", "v", "Choose another version to download", "Versions",
           cli="loradex hub show model:ID", why_not=_needs_hub_model),
    Action("updates", "hub", "U", "Show what is newer than what you own, or search again",
           "Updates", cli="loradex hub updates"),
    Action("ignore", "hub", "i", "Never show this update again", "Ignore",
           cli="loradex hub updates --ignore version:ID", why_not=_needs_update),
    Action("ignore_model", "hub", "I", "Never show updates of this model",
           cli="loradex hub updates --ignore model:ID", why_not=_needs_update),
    Action("match", "hub", "m", "Match your library with the hub now", "Match",
           cli="loradex hub match", why_not=_can_match),
    Action("again", "hub", "r", "Ask the hub again", cli="loradex hub search WORDS"),
    Action("open_page", "hub", "o", "Open its page in the browser", "Open",
           cli="loradex hub open model:ID", why_not=_needs_page),
    Action("copy_page", "hub", "y", "Copy the address of its page", "Copy",
           why_not=_needs_hub_model),
    Action("scroll_down", "hub", "J", "Scroll the details down"),
    Action("scroll_up", "hub", "K", "Scroll the details up"),
    Action("back", "hub", "escape", "One step back: pane, updates, search", "Back"),

    Action("open_found", "found", "enter,l,right", "Show the details", "View",
           cli="loradex hub show model:ID", why_not=_needs_hub_model),
)  # fmt: skip
