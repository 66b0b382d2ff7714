"""The terminal UI as a whole: its themes, its screens, its jobs, and how it tells of errors."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.filter import LineFilter
from textual.reactive import reactive
from textual.screen import Screen

from loradex.catalog.catalog import Catalog
from loradex.domain.hub_waiting import HubWait
from loradex.domain.library import Library
from loradex.domain.text import display_lines
from loradex.errors import LoradexError, UsageError
from loradex.operations.download_job import start_download_job
from loradex.operations.job_kinds import PROPOSE, SCAN, JobKind, start_job
from loradex.settings import Settings
from loradex_tui.actions import Around
from loradex_tui.background import in_background
from loradex_tui.cells import ControlFilter
from loradex_tui.ending import end_on_signals
from loradex_tui.garbage import Garbage
from loradex_tui.hints import hint_of
from loradex_tui.hub_access import HubAccess
from loradex_tui.inbox_desk import InboxDesk
from loradex_tui.jobs.desk import JobDesk
from loradex_tui.jobs.running import Job, Jobs
from loradex_tui.launch import Launch
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.store import PictureStore
from loradex_tui.places import LIBRARY, PLACES
from loradex_tui.repaint import Repaint, Shown
from loradex_tui.rest import Rest
from loradex_tui.screens.help import help_lines
from loradex_tui.screens.library import LibraryScreen
from loradex_tui.screens.place import Place
from loradex_tui.starting import begin
from loradex_tui.symbols import AsciiFilter, ascii_key
from loradex_tui.tastes import apply_keys, apply_theme, keep_theme
from loradex_tui.themes import DARK, FALLBACK_VARIABLES, THEMES
from loradex_tui.undo import Deed, Deeds
from loradex_tui.wording import count_text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from loradex.operations.downloads.plan import DownloadPlan
    from loradex.operations.grid_request import GridRequest
    from loradex.operations.libraries import Proposal

TWICE_WITHIN = 3.0
"""Seconds in which a second ctrl+c quits."""
Severity = Literal["information", "warning", "error"]


LONG_WAIT = 15.0
"""Seconds that a hub makes us wait of which is told on every screen."""


class LoradexApp(App[None]):
    """Shows the library first. The catalog stays open until the app ends; the caller closes it."""

    TITLE = "loradex"
    pictures: reactive[PictureMode] = reactive(PictureMode.HALF, init=False)
    """How pictures are drawn; widgets that show some follow it."""
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        catalog: Catalog,
        settings: Settings,
        pictures: PictureMode,
        launch: Launch | None = None,
    ) -> None:
        self.launch = launch or Launch()
        colourless = "NO_COLOR" in os.environ or self.launch.slow or self.launch.ansi
        super().__init__(ansi_color=True if colourless else None)
        self.catalog = catalog
        self.settings = settings
        self.set_reactive(LoradexApp.pictures, pictures)
        self.picture_store = PictureStore(catalog.home)
        self.desk = JobDesk(self)
        self.inbox = InboxDesk(self)
        self.hub_access = HubAccess(catalog, settings, self._hub_waits)
        self._controls = ControlFilter()
        self._symbols = [AsciiFilter()] if self.launch.ascii else []
        self._shown = Shown()
        self._deeds = Deeds()
        self.rest = Rest()
        self._garbage = Garbage(self.rest)
        self.fault: Exception | None = None
        """What this program broke off with."""
        self._interrupted = -TWICE_WITHIN
        self._hub_wait = (HubWait("", "", 0.0), 0.0)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "ansi-dark" if colourless else DARK.name

    def on_ready(self) -> None:
        """Begin as the program was called, and as the person likes it."""
        end_on_signals(self)
        # What the shell or another program drew meanwhile is nowhere noted.
        self.app_resume_signal.subscribe(self, lambda _app: self.redraw())
        begin(self)
        apply_theme(self, self.launch.theme or self.settings.theme)
        apply_keys(self)
        self.theme_changed_signal.subscribe(self, partial(keep_theme, self))
        self.inbox.begin()
        self.desk.tell_cut_off()
        in_background(self.screen_stack[0], "welcome", self.catalog.files.libraries, self._welcome)
        self._garbage.begin(self)

    def _welcome(self, libraries: Sequence[Library]) -> None:
        """Ask for a folder when there is none yet."""
        if not libraries and len(self.screen_stack) == 1:
            self.open_add(welcome=True)

    def take_settings(self, settings: Settings) -> None:
        """Go on with other settings."""
        before, self.settings = self.settings, settings
        self.hub_access.take_settings(settings)
        if settings.theme != before.theme:
            apply_theme(self, settings.theme)
        if settings.keys != before.keys:
            apply_keys(self)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give our own colour names a meaning in every theme."""
        return {**super().get_theme_variable_defaults(), **FALLBACK_VARIABLES}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Let nothing that a terminal obeys pass, whichever widget drew it."""
        return [*super().get_line_filters(), self._controls, *self._symbols]

    def get_key_display(self, binding: Binding) -> str:
        """Return how a key is called on the screen."""
        label = super().get_key_display(binding)
        return ascii_key(label) if self.launch.ascii else label

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Send what differs; the terminal's own graphics are drawn as Textual has them."""
        if self.pictures in (PictureMode.KITTY, PictureMode.SIXEL):
            self._shown.forget()
        elif isinstance(renderable, ChopsUpdate | LayoutUpdate):
            renderable = Repaint(renderable, screen, self._shown)
        super()._display(screen, renderable)

    def redraw(self) -> None:
        """Draw the whole screen again, whatever the terminal shows now."""
        self._shown.forget()
        self.screen.refresh()

    def _handle_exception(self, error: Exception) -> None:
        """Break off; what is told of it is ours, for Textual's would show values of variables."""
        self.fault = self.fault or error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def panic(self, *_told: RenderableType) -> None:
        """Break off without a word: the caller tells of `fault`."""
        self._close_messages_no_wait()

    def get_default_screen(self) -> Screen[None]:
        """Start in the library."""
        return LibraryScreen()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every action of the screen by name, and the themes."""
        if isinstance(screen, Place):
            # What two keys do in two panes is one thing by name.
            lines = {line.title: line for line in reversed(help_lines(screen, screen.situation))}
            for line in reversed(lines.values()):
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
        self.notify(f"{error.message}\n{hint_of(error)}".strip(), severity="error", timeout=10)

    def go_library(self) -> None:
        """Show the library, whatever lies above it."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def show_found(self, query: str) -> None:
        """Show in the library what a query finds."""
        self.go_library()
        if isinstance(self.screen, LibraryScreen):
            self.screen.search_bar.set_text(query)

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
        self.inbox.edited()
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

        def failed(error: LoradexError) -> None:
            self._deeds.add(deed)
            self.report(error)

        in_background(self.screen, "undo", deed.take_back, taken_back, failed, exclusive=False)

    @property
    def around(self) -> Around:
        """What is so on every screen."""
        return Around(self.jobs.names, self._deeds.latest, landed=self.desk.landed)

    def start_downloads(self) -> None:
        """Work through the download queue in the background."""
        self.desk.download(lambda: start_download_job(self.catalog.home))

    def open_add(self, text: str = "", *, welcome: bool = False) -> None:
        """Ask for a folder to add or something to download, and do it."""
        from loradex_tui.screens.add_dialog import AddDialog, Addition  # noqa: PLC0415

        def answered(addition: Addition | None) -> None:
            if addition is None:
                return
            if addition.libraries is not None:
                self.add_libraries(addition.libraries)
            if addition.downloads is not None:
                self.queue_downloads(addition.downloads)

        self.push_screen(AddDialog(text, welcome=welcome), answered)

    def add_libraries(self, proposal: Proposal) -> None:
        """Register what was proposed, and scan it: rows appear while that runs."""
        from loradex.operations.libraries import add_proposed, remove_library  # noqa: PLC0415

        def forget(names: list[str]) -> str:
            if "scan" in self.jobs.names:
                raise UsageError("The scan is running.", hint="Stop it first: ctrl+x.")
            for name in names:
                remove_library(self.catalog, name)
            return f"Forgot {', '.join(names)}: no file was touched, what is known of them is kept."

        def shown_again() -> None:
            if isinstance(library := self.screen_stack[0], LibraryScreen):
                library.find_again()

        def added(libraries: list[Library]) -> None:
            each = [library.name for library in libraries]
            names = ", ".join(each)
            self.did(Deed(f"adding {names}", lambda: forget(each), shown_again))
            self.notify(f"Added {names}. Its models appear as they are read.", timeout=5)
            self.desk.start_after("scan", self.start_scan)

        in_background(
            self.screen_stack[0], "add", lambda: add_proposed(self.catalog, proposal), added,
            exclusive=False,
        )  # fmt: skip

    async def on_event(self, event: events.Event) -> None:
        """Open the dialog that adds when an address is pasted where models are listed."""
        if isinstance(event, events.Key):
            self.rest.key()
        if isinstance(event, events.Paste) and not event.is_forwarded:
            from loradex.operations.adding import names_downloads  # noqa: PLC0415

            screen = self.screen
            if isinstance(screen, Place) and screen.TAKES_PASTES and names_downloads(event.text):
                self.open_add(event.text.strip())
                return
        await super().on_event(event)

    def queue_downloads(self, plan: DownloadPlan) -> None:
        """Put what was planned into the queue, and work through it."""
        from loradex.operations.downloads.queue import enqueue  # noqa: PLC0415

        def queued(ids: list[int]) -> None:
            self.notify(f"{count_text(len(ids), 'file')} in the queue: 5 shows it.", timeout=4)
            self.start_downloads()

        in_background(
            self.screen_stack[0], "enqueue", lambda: enqueue(self.catalog, plan.files), queued,
            exclusive=False,
        )  # fmt: skip

    def start_scan(self) -> None:
        """Scan all libraries in the background."""
        self.start_kind(SCAN)

    def start_kind(self, kind: JobKind) -> None:
        """Start work that needs nothing said, in the background."""
        if kind is PROPOSE:
            self.inbox.look()
            self.go("inbox")
        else:
            self.start_job(kind.id, lambda: start_job(self.catalog.home, kind))

    def start_grid(self, request: GridRequest) -> None:
        """Draw a grid in the background, and show its cells as they are finished."""
        from loradex_tui.grids.starts import draw_grid  # noqa: PLC0415 - much is behind it

        draw_grid(self, request)

    def start_job(self, name: str, start: Callable[[], Job]) -> None:
        """Start a job in the background, unless one of that name runs."""
        self.desk.start(name, start)

    @property
    def jobs(self) -> Jobs:
        """What runs in the background, and what ran."""
        return self.desk.jobs

    def exit(
        self, result: None = None, return_code: int = 0, message: RenderableType | None = None
    ) -> None:
        """End; what waits for a hub, or for a keyring that is locked, is left at once."""
        self.hub_access.stop()
        super().exit(result, return_code, message)

    def quit_politely(self) -> None:
        """Quit; ask first when something runs."""
        self.desk.quit_politely()

    async def action_quit(self) -> None:
        """Quit by the key that works everywhere."""
        self.quit_politely()

    def action_help_quit(self) -> None:
        """Quit at the second ctrl+c; the first one may have been meant for something else."""
        now = time.monotonic()
        if now - self._interrupted < TWICE_WITHIN:
            self.exit()
            return
        self._interrupted = now
        stops = " It stops what runs; what is finished is kept." if self.jobs.names else ""
        self.notify(f"Press ctrl+c again to quit.{stops}", timeout=TWICE_WITHIN)

    def _hub_waits(self, wait: HubWait) -> None:
        """Tell of a wait; called from the threads that wait."""
        self._hub_wait = (wait, time.monotonic() + wait.seconds)
        if wait.seconds < LONG_WAIT:
            return  # the hub's screen says it; elsewhere nobody waits for it
        told = f"{wait.host} {wait.reason}: {wait.seconds:.0f} s"
        self.call_later(self.notify, told, timeout=8.0)

    def hub_waiting(self) -> str:
        """Return what a hub makes us wait for and how long still; empty when none does."""
        wait, until = self._hub_wait
        left = until - time.monotonic()
        return f"{wait.host} {wait.reason}: goes on in {left:.0f} s" if left > 0 else ""

    def on_unmount(self) -> None:
        """Leave no process and no connection behind."""
        self.desk.close(by_person=self.fault is None and not self.return_code)
        self.inbox.close()
        self.hub_access.close()
        self.picture_store.close()
