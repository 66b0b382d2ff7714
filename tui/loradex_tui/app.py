"""The terminal UI as a whole: its themes, its screens, its jobs, and how it tells of errors."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Literal

from textual.app import App, SystemCommand
from textual.css.query import NoMatches
from textual.filter import LineFilter
from textual.screen import Screen

from loradex.catalog.catalog import Catalog
from loradex.domain.downloads import DownloadState
from loradex.domain.hub_waiting import HubWait
from loradex.domain.text import display_lines
from loradex.errors import LoradexError
from loradex.operations.child_job import JobStatus
from loradex.operations.download_job import start_download_job
from loradex.operations.probe_job import start_probe_job
from loradex.operations.scan_job import start_scan_job
from loradex.settings import Settings
from loradex_tui.actions import Around
from loradex_tui.background import in_background
from loradex_tui.cells import ControlFilter
from loradex_tui.hub_access import HubAccess
from loradex_tui.jobs import Job, Jobs
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.places import LIBRARY, PLACES
from loradex_tui.screens.confirm import Confirm
from loradex_tui.screens.help import help_lines
from loradex_tui.screens.library import LibraryScreen
from loradex_tui.screens.place import Place
from loradex_tui.themes import DARK, FALLBACK_VARIABLES, LIGHT
from loradex_tui.undo import Deed, Deeds

if TYPE_CHECKING:
    from rich.console import RenderableType

    from loradex.operations.grid_request import GridRequest

Severity = Literal["information", "warning", "error"]


class LoradexApp(App[None]):
    """Shows the library first. The catalog stays open until the app ends; the caller closes it."""

    TITLE = "loradex"
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, catalog: Catalog, settings: Settings, pictures: PictureMode) -> None:
        colourless = "NO_COLOR" in os.environ
        super().__init__(ansi_color=True if colourless else None)
        self.catalog = catalog
        self.settings = settings
        self.pictures = pictures
        self.jobs = Jobs(self, self._job_moved)
        self.hub_access = HubAccess(catalog, settings, self._hub_waits)
        self._controls = ControlFilter()
        self._deeds = Deeds()
        self._download_again = False
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = "ansi-dark" if colourless else DARK.name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give our own colour names a meaning in every theme."""
        return {**super().get_theme_variable_defaults(), **FALLBACK_VARIABLES}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Let nothing that a terminal obeys pass, whichever widget drew it."""
        return [*super().get_line_filters(), self._controls]

    def get_default_screen(self) -> Screen[None]:
        """Start in the library."""
        return LibraryScreen()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every action of the screen by name, and the themes."""
        if isinstance(screen, Place):
            for line in help_lines(screen, screen.situation):
                told = " · ".join(part for part in (line.keys, line.reason, line.cli) if part)
                yield SystemCommand(line.title, told, partial(screen.perform, line.binding))
        yield SystemCommand("Choose a theme", "loradex-dark, loradex-light …", self.search_themes)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Severity = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a toast. Its text is taken literally, whatever it holds."""
        super().notify(
            display_lines(message), title=title, severity=severity, timeout=timeout, markup=False
        )

    def report(self, error: LoradexError) -> None:
        """Tell what failed and what to do next."""
        told = f"{error.message}\n{error.hint}" if error.hint else error.message
        self.notify(told, severity="error", timeout=10)

    def go_library(self) -> None:
        """Show the library, whatever lies above it."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def go(self, id_: str) -> None:
        """Show a place as it was left; it is made when one goes there first."""
        if id_ != LIBRARY and not self.is_screen_installed(id_):
            entry = next(each for each in PLACES if each.id == id_)
            self.install_screen(entry.make(), id_)
        if id_ != LIBRARY and self.screen is self.get_screen(id_):
            return
        self.go_library()
        if id_ != LIBRARY:
            self.push_screen(id_)

    def did(self, deed: Deed) -> None:
        """Remember what was done, for `u`."""
        self._deeds.add(deed)
        if isinstance(self.screen, Place):
            self.screen.refresh_hints()

    def undo(self) -> None:
        """Take back what was done last in this session."""
        deed = self._deeds.pop()
        if deed is None:
            return

        def taken_back(told: str) -> None:
            deed.then()
            self.notify(told, timeout=4)

        in_background(self.screen, "undo", deed.take_back, taken_back, exclusive=False)

    @property
    def around(self) -> Around:
        """What is so on every screen."""
        return Around(self.jobs.names, self._deeds.latest)

    def start_downloads(self) -> None:
        """Work through the download queue in the background.

        One that does so already takes along what is new, unless it was just about to end.
        """
        self._download_again = "download" in self.jobs.names
        if not self._download_again:
            self._start("download", lambda: start_download_job(self.catalog.home))

    def start_scan(self) -> None:
        """Scan all libraries in the background."""
        self._start("scan", lambda: start_scan_job(self.catalog.home))

    def start_grid(self, request: GridRequest) -> None:
        """Draw a grid in the background, and show its cells as they are finished."""
        # What the first frame has no use for is loaded when it is used.
        from loradex.operations.grid_job import start_grid_job  # noqa: PLC0415
        from loradex_tui.screens.grid_screen import GridScreen  # noqa: PLC0415

        self._start("grid", lambda: start_grid_job(self.catalog.home, request))
        self.push_screen(GridScreen(None))

    def start_probe(self, models: Sequence[int], checkpoints: Sequence[int]) -> None:
        """Probe models in the background; what was found is told at the end."""
        self._start("probe", lambda: start_probe_job(self.catalog.home, models, checkpoints))

    def _start(self, name: str, start: Callable[[], Job]) -> None:
        in_background(self.screen, "job", start, partial(self.jobs.start, name), exclusive=False)

    def _job_moved(self, name: str, status: JobStatus) -> None:
        for screen in self.screen_stack:
            # One that was pushed a moment ago has no bars yet; it draws them from what is then.
            if isinstance(screen, Place) and screen.is_mounted:
                # One that is coming or going has not all its parts, and needs no news either.
                with suppress(NoMatches):
                    screen.job_moved(name, status)
        if name == "download" and status.state != "running":
            self._go_on_downloading(status)
        if status.state == "failed":
            told = f"{status.message or f'The {name} failed.'}\n{status.hint or ''}".strip()
            self.notify(told, severity="error", timeout=10)
        elif status.state != "running":
            verb = "finished" if status.state == "done" else "was stopped"
            self.notify(status.message or f"The {name} {verb}.", timeout=5)

    def _go_on_downloading(self, ended: JobStatus) -> None:
        """Begin again when something was queued too late for the run that ended."""
        again, self._download_again = self._download_again, False
        if not again or ended.state == "cancelled":
            return

        def start(left: bool) -> None:
            if left:
                self.start_downloads()

        in_background(
            self.screen,
            "left",
            lambda: any(
                each.not_before <= time.time()
                for each in self.catalog.downloads.downloads([DownloadState.QUEUED])
            ),
            start,
            exclusive=False,
        )

    def exit(
        self, result: None = None, return_code: int = 0, message: RenderableType | None = None
    ) -> None:
        """End; what waits for a hub, or for a keyring that is locked, is left at once."""
        self.hub_access.stop()
        super().exit(result, return_code, message)

    def quit_politely(self) -> None:
        """Quit; ask first when something runs."""
        if not self.jobs.names:
            self.exit()
            return
        running = " and a ".join(sorted(self.jobs.names))
        self.push_screen(
            Confirm(f"A {running} is running. Stop it and quit?", "stop and quit", "stay"),
            lambda answer: self.exit() if answer else None,
        )

    async def action_quit(self) -> None:
        """Quit by the key that works everywhere."""
        self.quit_politely()

    def _hub_waits(self, wait: HubWait) -> None:
        """Tell of a wait; called from the threads that wait."""
        told = f"{wait.host} {wait.reason}: {wait.seconds:.0f} s"
        self.call_later(self.notify, told, timeout=min(max(wait.seconds, 2.0), 10.0))

    def on_unmount(self) -> None:
        """Leave no process and no connection behind."""
        self.jobs.close()
        self.hub_access.close()
