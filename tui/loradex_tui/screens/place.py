"""What all full screens share: the bars, the keys that work everywhere, and the jobs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import ActiveBinding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Static

from loradex.domain.text import display_text
from loradex.operations.child_job import JobStatus
from loradex_tui.actions import ACTIONS, Situation, bindings
from loradex_tui.actor import Actor
from loradex_tui.places import PLACES
from loradex_tui.screens.help import HelpScreen, help_lines
from loradex_tui.widgets.bars import Hint, KeyBar, TopBar
from loradex_tui.widgets.which_key import WhichKey

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

HINTS_AFTER = 0.06
"""Seconds without a key after which the bar below follows."""
LEAST_SIZE = (60, 15)
_ON_ONE_LINE = 40
_LAST_SCOPES = ("library", "app")
_PINNED = "app.help"


class Place(Screen[None], Actor):
    """A screen with a bar above and below. `HERE` is its name in the bar above."""

    HERE: ClassVar[str] = ""
    TAKES_PASTES: ClassVar[bool] = False
    """An address that is pasted here is something to download, wherever the focus is."""
    _which_key: WhichKey | None = None
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app")]
    _hints_wait: Timer | None = None
    DEFAULT_CSS = """
    Place { background: $background; color: $foreground; layers: base over; overflow: hidden; }
    Place > #tiny { display: none; layer: over; width: 100%; height: 100%;
                    background: $background; content-align: center middle; }
    Place.-tiny > #tiny { display: block; }
    Place.-tiny Toast { display: none; }
    Place .pane {
        border: round $border-blurred; background: $surface;
        border-title-color: $quiet; border-title-style: none;
    }
    Place .pane:focus-within {
        border: round $border; border-title-color: $primary; border-title-style: bold;
    }
    Place:ansi .pane { border: round ansi_bright_black; }
    Place:ansi .pane:focus-within { border: heavy ansi_default; }
    """

    def compose(self) -> ComposeResult:
        """The bars around the body."""
        self._begin_in(self.app.size)
        yield TopBar(self.HERE)
        yield from self.compose_body()
        yield KeyBar()
        self._which_key = WhichKey()
        yield self._which_key
        yield Static(id="tiny")

    def compose_body(self) -> ComposeResult:
        """Make what stands between the bars."""
        raise NotImplementedError

    @property
    def place_app(self) -> LoradexApp:
        """The app, with its catalog and jobs."""
        return cast("LoradexApp", self.app)

    @property
    def situation(self) -> Situation:
        """What is shown now."""
        return Situation(self.place_app.around)

    def on_mount(self) -> None:
        """Follow the keys that work where the focus is."""
        self.bindings_updated_signal.subscribe(self, lambda _screen: self.refresh_hints())
        self._show_jobs()

    def on_screen_resume(self) -> None:
        """The bars may be behind what happened meanwhile."""
        self._show_jobs()
        self.refresh_hints()

    def _begin_in(self, size: Size) -> None:
        """Lay the first frame out as this size wants it: Textual tells the size after it."""
        fitting = [each for each in self.HORIZONTAL_BREAKPOINTS or () if each[0] <= size.width]
        if fitting:
            self.add_class(max(fitting)[1])
        self.set_class(_too_small(size), "-tiny")

    def on_resize(self, event: events.Resize) -> None:
        """Say it when the terminal is too small to show anything useful."""
        tiny = _too_small(event.size)
        self.set_class(tiny, "-tiny")
        if tiny:
            columns, rows = LEAST_SIZE
            told = f"Too small:\n{event.size.width}×{event.size.height},\n{columns}×{rows}\nneeded"
            if event.size.width >= _ON_ONE_LINE:
                told = " ".join(told.splitlines())
            self.query_one("#tiny", Static).update(Content.styled(told, "$error"))

    def job_moved(self, name: str, status: JobStatus) -> None:
        """A job is elsewhere, or ended."""
        self._show_jobs()
        self.refresh_hints()

    def inbox_moved(self, *, whole: bool = True) -> None:
        """Other models wait in the inbox (`whole`), or the look for them is further."""
        self._show_jobs()

    def _show_jobs(self) -> None:
        """Show what runs; a screen that is still coming or already going has no bar for it."""
        for bar in self.query(TopBar):
            bar.show_ticker(self.place_app.jobs.ticker())
            bar.show_waiting(self.place_app.inbox.waiting)

    def hints_soon(self) -> None:
        """Show them a moment after the last of many keys, as of one that is held."""
        if self._hints_wait is not None:
            self._hints_wait.stop()
        self._hints_wait = self.set_timer(HINTS_AFTER, self.refresh_hints)

    def refresh_hints(self) -> None:
        """Show the keys that are live now in the bar below, the nearest first."""
        live: dict[str, dict[str, ActiveBinding]] = {}
        for key, active in self.active_bindings.items():
            if active.binding.id:
                live.setdefault(active.binding.id, {})[key] = active
        situation = self.situation
        ranked: list[tuple[int, Hint]] = []
        for each in ACTIONS:
            keys = live.get(f"{each.scope}.{each.id}")
            if not keys or not each.hint:
                continue
            # The first of an action's keys is the one to learn, unless a keymap took it away.
            found = next((keys[key] for key in each.key_names if key in keys), None)
            found = found or next(iter(keys.values()))
            label = self.app.get_key_display(found.binding)
            seen = found.node.situation if isinstance(found.node, Actor) else situation
            hint = Hint(found.binding.key, label, each.hint, each.why_not(seen) is None)
            rank = 2 if each.scope == "app" else 1 if found.node is self else 0
            ranked.append((9 if found.binding.id == _PINNED else rank, hint))
        ranked.sort(key=lambda item: item[0])
        self.query_one(KeyBar).show([hint for _, hint in ranked])

    def copy(self, text: str, what: str) -> None:
        """Put a text on the clipboard, without what a terminal would obey when it is pasted."""
        clean = display_text(text)
        self.app.copy_to_clipboard(clean)
        self.app.notify(f"Copied the {what}: {display_text(clean, 120)}", timeout=3)

    def perform(self, active: ActiveBinding | None) -> None:
        """Do what a binding stands for, as if its key were pressed."""
        if active is not None:
            self.call_later(
                partial(self.app.run_action, active.binding.action, default_namespace=active.node)
            )

    @property
    def awaits_key(self) -> bool:
        """True while a key is to follow one that began something."""
        return self._which_key is not None and self._which_key.pending

    def on_key(self, event: events.Key) -> None:
        """Give the key to what waits for it."""
        if self._which_key is not None and self._which_key.take(event):
            event.stop()
            event.prevent_default()

    def do_go(self) -> None:
        """Wait for the key of where to go."""
        ends = (("g", "top", "do_first"), ("e", "end", "do_last"))
        go = self.place_app.go
        if self._which_key is None:
            return
        self._which_key.offer(
            "Go to",
            [
                *((key, word, getattr(self.focused, do)) for key, word, do in ends
                  if hasattr(self.focused, do)),
                *((each.letter, each.name, partial(go, each.id)) for each in PLACES),
            ],
        )  # fmt: skip

    def do_help(self) -> None:
        """Show all keys of this place."""
        self.app.push_screen(HelpScreen(help_lines(self, self.situation)), self.perform)

    def do_palette(self) -> None:
        """Find an action by name."""
        self.app.action_command_palette()

    def do_library(self) -> None:
        """Go to the library."""
        self.place_app.go("library")

    def do_inbox(self) -> None:
        """Go to the inbox."""
        self.place_app.go("inbox")

    def do_hub(self) -> None:
        """Go to the hub."""
        self.place_app.go("hub")

    def do_grids(self) -> None:
        """Go to the grids."""
        self.place_app.go("grids")

    def do_jobs(self) -> None:
        """Go to the jobs and downloads."""
        self.place_app.go("jobs")

    def do_settings(self) -> None:
        """Go to settings and doctor."""
        self.place_app.go("settings")

    def do_plans(self) -> None:
        """Go to the plans."""
        self.place_app.go("plans")

    def do_undo(self) -> None:
        """Undo what was done last."""
        self.place_app.undo()

    def do_rescan(self) -> None:
        """Scan all libraries."""
        self.place_app.start_scan()

    def do_cancel_jobs(self) -> None:
        """Stop what runs."""
        self.place_app.desk.stop()

    def do_suspend(self) -> None:
        """Back to the shell; what runs in the background runs on."""
        self.app.action_suspend_process()

    def do_drawer(self) -> None:
        """Show what runs at the foot of the screen, or no longer."""
        from loradex_tui.widgets.jobs_drawer import JobsDrawer  # noqa: PLC0415 - seldom seen

        drawer = self.query(JobsDrawer)
        if drawer:
            drawer.first().close()
        else:
            self.mount(JobsDrawer(), before=self.query_one(KeyBar))

    def do_quit(self) -> None:
        """Quit, after a question when something runs."""
        self.place_app.quit_politely()


def _too_small(size: Size) -> bool:
    return size.width < LEAST_SIZE[0] or size.height < LEAST_SIZE[1]
