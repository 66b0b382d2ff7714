"""A running app to press keys on and to read the screen of."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from loradex.catalog.catalog import Catalog
from loradex.settings import Settings
from loradex_tui.app import LoradexApp
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.screens.library import LibraryScreen

WIDE = (140, 45)
NARROW = (80, 24)
PATIENCE = 60.0
"""Seconds: programs that are started take long on a machine with other work to do."""


@dataclass
class Stage:
    """The app, its pilot, and what the tests ask of them."""

    app: LoradexApp
    pilot: Pilot[None]

    @property
    def library(self) -> LibraryScreen:
        """The library, wherever it lies in the stack."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, LibraryScreen)
        return screen

    @property
    def lines(self) -> list[str]:
        """The text of the screen, line by line."""
        compositor: Any = self.app.screen._compositor
        return [strip.text for strip in compositor.render_strips()]

    @property
    def text(self) -> str:
        """The text of the screen."""
        return "\n".join(self.lines)

    @property
    def toasts(self) -> str:
        """What was told in toasts that are still there."""
        return "\n".join(toast.message for toast in self.app._notifications)

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        for _ in range(2):
            # A newer question makes an older one's answer void; that is no failure.
            with suppress(WorkerCancelled):
                await self.app.workers.wait_for_complete()
            await self.pilot.pause()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until it holds; fail when it does not in good time."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if condition():
                await self.settle()
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"it never came true; the screen shows:\n{self.text}")

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, and wait for what each sets off."""
        for key in keys:
            self.post(key)
            await self.pilot.pause()
        await self.settle()

    async def type(self, text: str) -> None:
        """Type a text at once, as fast as a terminal hands it over."""
        for character in text:
            self.post(character)
        await self.settle()

    def post(self, key: str) -> None:
        """Hand a key to the app: a character, or the name of a key."""
        character = " " if key == "space" else key if len(key) == 1 else None
        name = _character_to_key(key) if len(key) == 1 else key
        self.app.post_message(events.Key(name, character))

    async def search(self, query: str) -> None:
        """Ask for a query, as if it had been pasted, and wait for its result."""
        library = self.library
        await self.press("/")
        bar = library.search_bar
        bar.set_text(query)
        await self.until(lambda: library.query_text == query or bar.has_class("-wrong"))

    async def look_at(self, name: str) -> None:
        """Search for a name and wait for the details of the first that is found."""
        await self.search(name)
        await self.press("enter")
        await self.until(lambda: self.shown == self.library.models.current_id)

    @property
    def shown(self) -> int | None:
        """The id of the model in the details pane."""
        details = self.library.details.details
        return details.row.id if details else None


@asynccontextmanager
async def showing(
    catalog: Catalog,
    size: tuple[int, int] = WIDE,
    pictures: PictureMode = PictureMode.HALF,
    settings: Settings | None = None,
    *,
    toasts: bool = False,
) -> AsyncIterator[Stage]:
    """Run the app on a catalog until the first rows are there; close the catalog after it."""
    app = LoradexApp(catalog, settings or Settings(), pictures)
    try:
        async with app.run_test(size=size, notifications=toasts) as pilot:
            stage = Stage(app, pilot)
            await stage.until(lambda: stage.library.found is not None)
            yield stage
    finally:
        # As the program does: threads that still read end before what they read from is closed.
        await asyncio.get_running_loop().shutdown_default_executor()
        catalog.close()
