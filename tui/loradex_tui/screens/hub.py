"""The hub: search it, see what is newer than what is owned, and download."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from loradex.domain.hub import HubVersion
from loradex.domain.text import display_text
from loradex.errors import LoradexError, QueryError
from loradex.operations.child_job import JobStatus
from loradex.operations.downloads.plan import DownloadPlan
from loradex.operations.job_kinds import MATCH
from loradex.operations.opening_page import show_page
from loradex_tui.actions import bindings
from loradex_tui.actions.hub import HubSituation
from loradex_tui.background import in_background
from loradex_tui.hints import hint_of
from loradex_tui.hub_access import Offer
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.screens.dialog import key_words
from loradex_tui.screens.get_dialog import GetDialog
from loradex_tui.screens.hub_filters import offer_filters
from loradex_tui.screens.place import Place
from loradex_tui.screens.version_dialog import VersionDialog
from loradex_tui.widgets.found_list import FoundLine, FoundList
from loradex_tui.widgets.found_pane import FoundPane
from loradex_tui.widgets.hub_results import (
    HubResults,
    ignore_update,
    owned_now,
    search_page,
    update_lines,
)
from loradex_tui.widgets.line_list import LineList
from loradex_tui.widgets.search_bar import SearchBar
from loradex_tui.wording import count_text

HUB_WORDS = "Search the hub…  words, kind:lora, base:sdxl, tag:style, by:creator, sort:newest"
MOST_PAGES = 8
"""Pages asked for until the list is full, where most of what they hold is left out."""
BRINGS = frozenset({"download", "match", "scan"})
"""Jobs after which other versions may be owned."""
AHEAD = 8
"""The most pictures fetched before somebody looks at them."""
DEBOUNCE = 0.6
"""Seconds of quiet before the hub is asked: it is shared with everybody."""


class HubScreen(Place):
    """A search field, what was found, and the details of one model."""

    HERE = "Hub"
    TAKES_PASTES = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("hub")]
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it
        (0, "-narrow"),
        (100, "-wide"),
    ]
    DEFAULT_CSS = """
    HubScreen #panes { height: 1fr; }
    HubScreen #results { width: 1fr; }
    HubScreen #details { width: 45; }
    HubScreen #empty { display: none; padding: 2 3; color: $quiet; height: 1fr; }
    HubScreen.-empty #empty { display: block; }
    HubScreen.-empty #found { height: 0; }
    HubScreen.-narrow #details { display: none; }
    HubScreen.-narrow.-show-details #results { display: none; }
    HubScreen.-narrow.-show-details #details { display: block; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.results = HubResults("", (), None)
        self._asking = False
        self._asked_for = ""
        """The query that is being answered, or was."""
        self._pages = 0
        """Pages that came since the search was asked: some are empty and not the last."""

    def compose_body(self) -> ComposeResult:
        """Two panes; narrow terminals show one of them."""
        access, mode = self.place_app.hub_access, self.place_app.pictures
        with Horizontal(id="panes"):
            with Vertical(id="results", classes="pane") as results:
                results.border_title = "Hub"
                yield SearchBar(HUB_WORDS, DEBOUNCE, id="search")
                yield FoundList(id="found")
                yield Static(id="empty")
            with Vertical(id="details", classes="pane") as details:
                details.border_title = "Details"
                yield FoundPane(access.picture, mode, id="about")

    @property
    def found(self) -> FoundList:
        """The list."""
        return self.query_one("#found", FoundList)

    @property
    def search_bar(self) -> SearchBar:
        """The search field."""
        return self.query_one("#search", SearchBar)

    @property
    def situation(self) -> HubSituation:
        """What decides which actions are possible."""
        line = self.found.current
        return HubSituation(
            self.place_app.around,
            hub_model=line is not None,
            hub_update=bool(line and line.update),
            offline=self.place_app.settings.offline,
            page=bool(line and line.page_url),
        )

    def on_mount(self) -> None:
        """Show what everybody likes first."""
        super().on_mount()
        self.set_focus(self.found)
        self._ask("")
        self.set_interval(1.0, self._tell_wait)

    def _ask(self, text: str) -> None:
        """Search; the last result stays when the query cannot be read or nobody answers."""
        self._busy("asking the hub …")
        self._asked_for = text
        self._pages = 0
        access = self.place_app.hub_access
        in_background(
            self, "hub", lambda: search_page(access, text, None), self._show, self._failed
        )

    def _busy(self, told: str) -> None:
        self._asking = True
        self.search_bar.show_state(Content.styled(told, "$quiet"))

    def _tell_wait(self) -> None:
        """Say what the hub makes us wait for, and how long still."""
        wait = self.place_app.hub_waiting() if self._asking else ""
        if wait:
            self._busy(wait)

    def _failed(self, error: LoradexError) -> None:
        self._asking = False
        if isinstance(error, QueryError):
            self.search_bar.show_fault(error)
            return
        self._tell()
        if self.found.lines:
            self.place_app.report(error)
        else:
            self.set_class(True, "-empty")
            self.query_one("#empty", Static).update(_trouble_text(error))

    def _show(self, results: HubResults, *, keep: bool = False) -> None:
        self._asking = False
        self.results = results
        self._pages += 1
        room = len(results.lines) < max(self.found.size.height, 1)
        more = room and results.cursor is not None and self._pages < MOST_PAGES
        self.set_class(not results.lines and not more, "-empty")
        self.query_one("#empty", Static).update(_nothing_text(results))
        self.found.show(list(results.lines), keep=keep)
        self._tell()
        if more:
            self.on_found_list_near_end()

    def _tell(self) -> None:
        results = self.results
        what = "update" if results.updates else "model"
        number = count_text(len(results.lines), what)
        if results.cursor:
            number = f"{len(results.lines):,}+ {what}s"
        parts: list[tuple[str, str]] = [(number, "bold $foreground")]
        if results.note:
            parts.append((f"  {results.note}", "$quiet"))
        self.search_bar.show_state(Content.assemble(*parts))
        self.refresh_hints()

    def on_screen_resume(self) -> None:
        """Something may have come while one looked elsewhere."""
        super().on_screen_resume()
        self._mark_owned()

    def job_moved(self, name: str, status: JobStatus) -> None:
        """Mark what is owned now, when something has come or was matched."""
        super().job_moved(name, status)
        if status.state != "running" and name in BRINGS:
            self._mark_owned()

    def _mark_owned(self) -> None:
        before, catalog = self.results, self.place_app.catalog
        if not before.lines:
            return

        def show(owned: dict[str, set[int]]) -> None:
            if self.results is before:
                self.results = before.with_owned(owned)
                self.found.show(list(self.results.lines), keep=True)

        in_background(self, "owned", lambda: owned_now(catalog, before), show)

    def on_search_bar_asked(self, event: SearchBar.Asked) -> None:
        """The query was edited."""
        if event.query != self._asked_for or self.search_bar.has_class("-wrong"):
            self._ask(event.query)

    def on_search_bar_left(self) -> None:
        """Done typing: ask at once."""
        self.set_focus(self.found)

    def on_found_list_near_end(self) -> None:
        """Ask for the next page in good time."""
        cursor = self.results.cursor
        if cursor is None or self._asking:
            return
        before, access = self.results, self.place_app.hub_access
        self._busy("asking for more …")
        in_background(
            self,
            "hub",
            lambda: before.with_more(search_page(access, before.query, cursor)),
            lambda results: self._show(results, keep=True),
            self._failed,
        )

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Another model is under the cursor."""
        if event.list is self.found:
            self.query_one(FoundPane).show(self.found.current)
            self.refresh_hints()

    def on_found_pane_rested(self) -> None:
        """Fetch the pictures of the next lines that are seen, now that nobody waits for one."""
        access, found = self.place_app.hub_access, self.found
        if self.place_app.pictures is PictureMode.OFF or not self.query_one("#details").display:
            return
        end = found.scroll_offset.y + found.scrollable_content_region.height
        next_ones = found.lines[found.cursor + 1 : min(end, found.cursor + 1 + AHEAD)]
        images = [line.picture for line in next_ones if line.picture is not None]
        if images and self.is_current:
            in_background(self, "ahead", lambda: access.fetch_ahead(images), lambda _none: None)

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A second click opens the details."""
        if event.list is self.found and event.times > 1:
            self.on_found_list_opened()

    def on_found_list_opened(self) -> None:
        """Go to the details."""
        self.set_class(True, "-show-details")
        self.set_focus(self.query_one(FoundPane))

    def do_search(self) -> None:
        """Type a query."""
        self.remove_class("-show-details")
        self.set_focus(self.search_bar.field)

    def do_filter(self) -> None:
        """Narrow the search."""
        line = self.found.current
        creator = (line.model.creator or "") if line else ""
        offer_filters(self.place_app, self.search_bar.text, creator, self._search)

    def do_clear(self) -> None:
        """Search for nothing in particular."""
        self._search("")

    def do_again(self) -> None:
        """Ask again: the hub may be there by now."""
        if self.results.updates:
            self._ask_updates()
        else:
            self._ask(self.search_bar.text)

    def do_match(self) -> None:
        """Match the library with the hub."""
        self.place_app.start_kind(MATCH)

    def do_open_page(self) -> None:
        """Open the page in the browser."""
        line, app = self.found.current, self.place_app
        if line is not None:
            in_background(
                self,
                "open",
                lambda: show_page(line.page_url, (app.settings.hub_url,)),
                lambda _none: app.notify("Opening its page …", timeout=3),
            )

    def _search(self, text: str) -> None:
        """Search for a text at once."""
        self.search_bar.set_text(text)
        self._ask(text)

    def do_add(self) -> None:
        """Add a folder, or download what has a name."""
        self.place_app.open_add()

    def do_get(self) -> None:
        """Show what downloading the newest version means."""
        line = self.found.current
        if line is None:
            return
        if line.version is None:
            self.app.notify(line.withheld or "There is nothing to download.", severity="warning")
            return
        self._plan(line, line.version)

    def do_versions(self) -> None:
        """Choose a version."""
        line = self.found.current
        if line is not None:
            self.app.push_screen(
                VersionDialog(line),
                lambda version: self._plan(line, version) if version is not None else None,
            )

    def _plan(self, line: FoundLine, version: HubVersion) -> None:
        access, reference = self.place_app.hub_access, line.reference(version)
        self.app.notify("Looking what that means …", timeout=2)
        in_background(self, "plan", lambda: access.offer([reference]), self._offer)

    def _offer(self, offer: Offer) -> None:
        access = self.place_app.hub_access

        def look(library: str) -> Offer:
            return access.offer(offer.references, library)

        def answered(plan: DownloadPlan | None) -> None:
            if plan is not None:
                self.place_app.queue_downloads(plan)

        self.app.push_screen(GetDialog(offer, look), answered)

    def do_updates(self) -> None:
        """Show updates, or search again."""
        if self.results.updates:
            self._ask(self.search_bar.text)
            return
        self._ask_updates()

    def _ask_updates(self) -> None:
        self._asked_for = ""
        self._busy("comparing what you own with the hub …")
        access = self.place_app.hub_access
        in_background(self, "hub", lambda: update_lines(access), self._show, self._failed)

    def do_ignore(self) -> None:
        """Never show this update again."""
        self._ignore(whole_model=False)

    def do_ignore_model(self) -> None:
        """Never show updates of this model."""
        self._ignore(whole_model=True)

    def _ignore(self, *, whole_model: bool) -> None:
        line, catalog = self.found.current, self.place_app.catalog
        if line is None:
            return

        def done(_changed: bool) -> None:
            self._show(self.results.without(line, whole_model=whole_model), keep=True)

        task: Callable[[], bool] = lambda: ignore_update(catalog, line, whole_model=whole_model)  # noqa: E731
        in_background(self, "ignore", task, done, exclusive=False)

    def do_copy_page(self) -> None:
        """Copy the page's address."""
        if self.found.current is not None:
            self.copy(self.found.current.page_url, "page address")

    def do_scroll_down(self) -> None:
        """Scroll the details without leaving the list."""
        self.query_one(FoundPane).scroll_relative(y=4, animate=False)

    def do_scroll_up(self) -> None:
        """Scroll the details without leaving the list."""
        self.query_one(FoundPane).scroll_relative(y=-4, animate=False)

    def do_back(self) -> None:
        """Leave the pane first, then the updates, then the search, then the hub."""
        if not self.found.has_focus:
            self.remove_class("-show-details")
            self.set_focus(self.found)
        elif self.results.updates:
            self.do_updates()
        elif self.search_bar.text:
            self.search_bar.set_text("")
        else:
            self.place_app.go_library()


def _trouble_text(error: LoradexError) -> Content:
    """Return why nobody answered, and what can be done about it."""
    hint = display_text(hint_of(error), 600)
    return Content.assemble(
        (display_text(error.message, 600), "$error"), f"\n{hint}\n\n",
        key_words(("r", "asks again"), ("n", "adds by address"), ("1", "is the library"),
                  ("7", "the settings")),
    )  # fmt: skip


def _nothing_text(results: HubResults) -> Content:
    """Say that nothing was found, and what finds something."""
    searching = (("/", "changes the search"), ("f", "the filters"), ("F", "clears both"))
    updates = (("Esc", "searches again"), ("m", "matches your library"))
    keys = updates if results.updates else searching
    return Content.assemble(f"{results.nothing}\n\n", key_words(*keys))
