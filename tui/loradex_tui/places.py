"""The full screens by their keys: the bar above, the keys 1 to 7 and the app are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from loradex_tui.screens.place import Place


@dataclass(frozen=True, slots=True)
class PlaceEntry:
    """A screen one can go to. Its module is loaded when it is first gone to."""

    id: str
    key: str
    name: str
    where: str
    """What follows `Go to`."""
    cli: str
    screen: str
    """Module below `loradex_tui.screens` and class, as in `hub:HubScreen`."""

    @property
    def letter(self) -> str:
        """What follows `g` to go there: its first letter, but for the grids, which `x` draws."""
        return "x" if self.id == "grids" else self.id[0]

    def make(self) -> Place:
        """Return a new screen of this place."""
        module, name = self.screen.split(":")
        return cast("Place", getattr(import_module(f"loradex_tui.screens.{module}"), name)())


LIBRARY = "library"
INBOX = "inbox"
PLACES = (
    PlaceEntry(LIBRARY, "1", "Library", "the library", "loradex list", "library:LibraryScreen"),
    PlaceEntry(INBOX, "2", "Inbox", "the inbox", "loradex inbox", "inbox:InboxScreen"),
    PlaceEntry("hub", "3", "Hub", "the hub", "loradex hub search WORDS", "hub:HubScreen"),
    PlaceEntry("grids", "4", "Grids", "the grids", "loradex grids", "grids:GridsScreen"),
    PlaceEntry("jobs", "5", "Jobs", "the jobs and downloads", "loradex hub downloads",
               "jobs:JobsScreen"),
    PlaceEntry("plans", "6", "Plans", "the plans", "loradex plan list", "plans:PlansScreen"),
    PlaceEntry("settings", "7", "Settings", "settings and doctor", "loradex config",
               "settings:SettingsScreen"),
)  # fmt: skip
