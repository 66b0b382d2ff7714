"""Settings and doctor: everything that can be set, where it is from, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from loradex.domain.progress import CancelToken
from loradex.domain.secret import Secret
from loradex.errors import LoradexError
from loradex.operations.check_up import CheckUp, check_up, mending_plan
from loradex.operations.hub_login import SignedIn, sign_in, sign_out
from loradex.operations.libraries import remove_library
from loradex.operations.setting_file import set_key, set_setting, unset_setting
from loradex.settings import Settings
from loradex_tui.actions.settings import SettingsSituation
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.query_text import toggle
from loradex_tui.screens.confirm import Confirm
from loradex_tui.screens.keys import KeysDialog
from loradex_tui.screens.picture_test import PictureTest
from loradex_tui.screens.place import Place
from loradex_tui.screens.plan_view import PlanScreen
from loradex_tui.screens.setting_dialog import SettingDialog
from loradex_tui.settings_lines import Line, LineKind, doctor_lines, known_lines
from loradex_tui.widgets.line_list import LineList
from loradex_tui.widgets.settings_list import SettingsList


class SettingsScreen(Place):
    """One list of all there is to set, with the text about it beside or below."""

    HERE = "Settings"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - Textual's
    DEFAULT_CSS = """
    SettingsScreen #panes { height: 1fr; }
    SettingsScreen #list { width: 3fr; }
    SettingsScreen #beside { width: 2fr; }
    SettingsScreen.-narrow #panes { layout: vertical; }
    SettingsScreen.-narrow #list { width: 1fr; height: 3fr; }
    SettingsScreen.-narrow #beside { width: 1fr; height: 2fr; }
    SettingsScreen #text { padding: 0 1; height: auto; }
    SettingsScreen #scroll { scrollbar-size-vertical: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: list[Line] = []
        self._found: CheckUp | None = None
        self._checking: CancelToken | None = None

    def compose_body(self) -> ComposeResult:
        """The list, and the text about the current line."""
        with Horizontal(id="panes"):
            with Vertical(id="list", classes="pane") as pane:
                pane.border_title = "Settings & Doctor"
                yield SettingsList()
            with (
                Vertical(id="beside", classes="pane"),
                VerticalScroll(id="scroll", can_focus=False),
            ):
                yield Static(id="text")

    @property
    def lines(self) -> SettingsList:
        """The list."""
        return self.query_one(SettingsList)

    @property
    def situation(self) -> SettingsSituation:
        """What the cursor is on."""
        line = self.lines.current
        return SettingsSituation(
            self.place_app.around,
            kind=line.kind.value if line else "",
            own=bool(line and line.own),
            mendable=bool(line and line.mendable),
            checking=self._checking is not None,
        )

    def on_mount(self) -> None:
        """Start in the list."""
        super().on_mount()
        self.lines.focus()

    def on_screen_resume(self) -> None:
        """Libraries and settings may have changed meanwhile."""
        super().on_screen_resume()
        self.reload()

    def on_unmount(self) -> None:
        """Leave no check-up behind."""
        if self._checking is not None:
            self._checking.cancel()

    def reload(self) -> None:
        """Read everything again."""
        app = self.place_app

        def read(lines: list[Line]) -> None:
            self._known = lines
            self._draw()

        in_background(
            self,
            "settings",
            lambda: known_lines(app.catalog, app.settings, app.launch.pictures),
            read,
        )

    def _draw(self) -> None:
        doctor = doctor_lines(self._found, self._checking is not None)
        self.lines.show([*doctor, *self._known])

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Tell about another line."""
        if event.list is not self.lines:
            return
        line = self.lines.current
        parts: list[tuple[str, str]] = []
        if line is not None:
            parts.append((f"{cell_text(line.label)}\n", "bold $foreground"))
            for paragraph in line.about:
                told = "\n".join(cell_text(part, 2_000) for part in paragraph.splitlines())
                parts.append((f"\n{told}\n", ""))
            parts.append((f"\n{cell_text(line.command)}", "$quiet"))
        self.query_one("#text", Static).update(Content.assemble(*parts))
        self.query_one("#scroll", VerticalScroll).scroll_home(animate=False)
        self.refresh_hints()

    def on_settings_list_asked(self, event: SettingsList.Asked) -> None:
        """Do what a key stands for."""
        line = self.lines.current
        if event.what == "back":
            self.place_app.go_library()
        elif event.what == "check":
            self._check_up()
        elif event.what.startswith("scroll"):
            step = 4 if event.what == "scroll_down" else -4
            self.query_one("#scroll", VerticalScroll).scroll_relative(y=step, animate=False)
        elif line is None:
            return
        elif event.what == "change":
            self._change(line)
        elif event.what == "usual":
            self._let_be_usual(line)
        elif event.what == "mend":
            self._mend(line)
        elif event.what == "copy_command":
            self.copy(line.command, "command")

    def _change(self, line: Line) -> None:
        if line.kind is LineKind.SETTING:
            self._ask_setting(line, "" if line.value == "–" else line.value)
        elif line.kind is LineKind.HUB_KEY:
            self._ask_key()
        elif line.kind is LineKind.PLUGIN:
            self._switch(line.id)
        elif line.kind is LineKind.KEYS:
            self.app.push_screen(KeysDialog(dict(self.place_app.settings.keys)), self._give_key)
        elif line.kind is LineKind.PICTURES:
            self.app.push_screen(PictureTest(), lambda _mode: self.reload())
        elif line.kind is LineKind.CHECK_UP:
            self._check_up()
        elif line.kind is LineKind.LIBRARY:
            self.place_app.show_found(toggle("", "library", line.id))

    def _ask_setting(self, line: Line, value: str, fault: str = "") -> None:
        if line.id == "theme":
            self.app.search_themes()
            return
        home = self.place_app.catalog.home

        def keep(text: str | None) -> None:
            if text is not None:
                self._set(
                    lambda: set_setting(home, line.id, text),
                    lambda error: self._ask_setting(line, text, error.message),
                )

        told = "\n".join(line.about)
        self.app.push_screen(SettingDialog(line.label, told, value, fault=fault), keep)

    def _set(
        self,
        change: Callable[[], Settings],
        refused: Callable[[LoradexError], None] | None = None,
    ) -> None:
        def changed(settings: Settings) -> None:
            self.place_app.take_settings(settings)
            self.reload()

        in_background(self, "set", change, changed, refused, exclusive=False)

    def _give_key(self, given: tuple[str, str] | None) -> None:
        if given is not None:
            home, (action, keys) = self.place_app.catalog.home, given
            self._set(lambda: set_key(home, action, keys or None))

    def _switch(self, plugin: str) -> None:
        home, off = self.place_app.catalog.home, self.place_app.settings.disabled_plugins
        left = [name for name in off if name != plugin]
        names = left if plugin in off else [*off, plugin]
        self._set(lambda: set_setting(home, "disabled_plugins", ", ".join(names)))

    def _ask_key(self, fault: str = "") -> None:
        app = self.place_app
        told = (
            f"Your key for {app.settings.hub_url}. Make one in your account there. It is checked"
            " with the hub before it is kept."
        )

        def keep(text: str | None) -> None:
            if not text:
                return
            key = Secret(text.strip())

            def kept(signed: SignedIn) -> None:
                self.app.notify(f"Signed in. The key lies in {signed.where}.", timeout=5)
                self.reload()

            in_background(
                self,
                "key",
                lambda: sign_in(app.settings, app.catalog.home, key, cancel=CancelToken()),
                kept,
                lambda error: self._ask_key(error.message),
                exclusive=False,
            )

        self.app.push_screen(SettingDialog("Key of the hub", told, fault=fault, secret=True), keep)

    def _let_be_usual(self, line: Line) -> None:
        home = self.place_app.catalog.home
        if line.kind is LineKind.SETTING:
            self._set(lambda: unset_setting(home, line.id))
        elif line.kind is LineKind.KEYS:
            self._set(lambda: unset_setting(home, "keys"))
        elif line.kind is LineKind.HUB_KEY:
            self._confirm("Forget the key of the hub?", "forget it", self._sign_out)
        elif line.kind is LineKind.LIBRARY:
            question = (
                f"Forget the library {cell_text(line.label, 60)}? No file is touched; tags, notes"
                " and facts are kept."
            )
            self._confirm(question, "forget it", lambda: self._forget(line.id))

    def _confirm(self, question: str, yes: str, do: Callable[[], None]) -> None:
        self.app.push_screen(
            Confirm(question, yes, "keep it"), lambda answer: do() if answer else None
        )

    def _sign_out(self) -> None:
        app = self.place_app

        def done(where: str | None) -> None:
            self.app.notify(f"The key is gone from {where}." if where else "No key was kept.")
            self.reload()

        in_background(self, "key", lambda: sign_out(app.settings, app.catalog.home), done)

    def _forget(self, name: str) -> None:
        catalog = self.place_app.catalog
        in_background(
            self, "forget", lambda: remove_library(catalog, name), lambda _gone: self.reload()
        )

    def _check_up(self) -> None:
        home, cancel = self.place_app.catalog.home, CancelToken()
        self._checking = cancel
        self._draw()

        def found(answer: CheckUp) -> None:
            self._found, self._checking = answer, None
            self._draw()

        def failed(error: LoradexError) -> None:
            self._checking = None
            self._draw()
            self.place_app.report(error)

        in_background(self, "doctor", lambda: check_up(home, cancel=cancel), found, failed)

    def _mend(self, line: Line) -> None:
        home = self.place_app.catalog.home

        def drawn(number: int | None) -> None:
            if number is None:
                self.app.notify("No plan can mend them; the text says why.", severity="warning")
            else:
                self.app.push_screen(PlanScreen(number))

        in_background(
            self, "mend", lambda: mending_plan(home, line.id, cancel=CancelToken()), drawn
        )
