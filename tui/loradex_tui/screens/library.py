"""The library: search, filters, the list of models, and the details of one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from loradex.catalog.catalog import Catalog
from loradex.domain.models import ModelRow
from loradex.errors import LoradexError, QueryError
from loradex.operations import query_history
from loradex.operations.child_job import JobStatus
from loradex.operations.narrowing import narrowing
from loradex.operations.query_completion import Completer, Offers
from loradex_tui.actions import bindings
from loradex_tui.actions.library import LibrarySituation
from loradex_tui.background import in_background
from loradex_tui.query_text import sort_of, toggle, with_sort, without
from loradex_tui.screens.collecting import Collecting
from loradex_tui.screens.editing import Editing
from loradex_tui.screens.handing_out import HandingOut
from loradex_tui.screens.key_menu import SORTS, KeyMenu
from loradex_tui.screens.organising import Organising
from loradex_tui.screens.pane_room import NARROW, PaneRoom
from loradex_tui.screens.picturing import Picturing
from loradex_tui.widgets.details_pane import DetailsPane
from loradex_tui.widgets.facet_pane import FacetPane, FilterBox
from loradex_tui.widgets.line_list import LineList
from loradex_tui.widgets.list_head import ListHead
from loradex_tui.widgets.model_list import ModelList
from loradex_tui.widgets.result_text import empty_text, result_line
from loradex_tui.widgets.search_bar import SearchBar

REFRESH_WHILE_SCANNING = 2.0
_NO_KEY = 0.7
"""Seconds without a key after which what a job brought is found: keys come first."""
_MOST_WAIT = 10.0
"""Seconds after which it is found although keys go on."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found, the rows of the first of it, and of how many models in all."""

    query: str
    ids: list[int]
    rows: Sequence[ModelRow]
    total: int
    libraries: int
    """How many there are, asked for only where nothing is found."""


def find(catalog: Catalog, query: str, first: int) -> Found:
    """Run a query and read the `first` rows; raise `QueryError` when it cannot be read."""
    ids = catalog.ids(query)
    rows = catalog.rows(ids[:first]) if first else ()
    total = catalog.count("") if query else len(ids)
    return Found(query, ids, rows, total, 0 if ids else len(catalog.files.libraries()))


class LibraryScreen(Picturing, Editing, HandingOut, Collecting, Organising, PaneRoom):
    """Everything about finding and describing models."""

    HERE = "Library"
    TAKES_PASTES = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("library")]
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it
        (0, "-narrow"),
        (NARROW, "-medium"),
        (130, "-wide"),
    ]
    DEFAULT_CSS = """
    LibraryScreen #panes { height: 1fr; }
    LibraryScreen #filters { width: 25; }
    LibraryScreen #models { width: 1fr; }
    LibraryScreen #details { width: 45; layers: base over; }
    LibraryScreen #empty { display: none; padding: 2 3; color: $quiet; height: 1fr; }
    LibraryScreen.-empty #empty { display: block; }
    LibraryScreen.-empty #list { height: 0; }
    LibraryScreen.-medium #filters { width: 22; }
    LibraryScreen.-medium #details { width: 32; }
    LibraryScreen .pane.-aside { display: none; }
    LibraryScreen #filters.-half, LibraryScreen #details.-half { width: 50%; }
    LibraryScreen #filters.-full, LibraryScreen #details.-full { width: 1fr; }
    LibraryScreen.-narrow #filters, LibraryScreen.-narrow #details { display: none; }
    LibraryScreen.-narrow.-show-details #models,
    LibraryScreen.-narrow.-show-filters #models { display: none; }
    LibraryScreen.-narrow.-show-details #details { display: block; width: 1fr; }
    LibraryScreen.-narrow.-show-filters #filters { display: block; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: Found | None = None
        self._found_at = 0.0
        self._completer: Completer | None = None

    def compose_body(self) -> ComposeResult:
        """Three panes; narrow terminals show one of them."""
        with Horizontal(id="panes"):
            with Vertical(id="filters", classes="pane") as filters:
                filters.border_title = "Filter"
                yield FilterBox(partial(narrowing, self.catalog))
            with Vertical(id="models", classes="pane") as models:
                models.border_title = "Models"
                yield SearchBar(complete=self._complete, id="search")
                yield ListHead()
                models_list = ModelList(self.catalog.rows, id="list")
                yield models_list
                yield self.make_gallery(models_list)
                yield Static(id="empty")
            with Vertical(id="details", classes="pane") as details:
                details.border_title = "Details"
                app = self.place_app
                about = DetailsPane(
                    self.catalog, app.settings.hub_url, app.pictures, app.hub_access, id="about"
                )
                yield about
                yield about.picture

    @property
    def details(self) -> DetailsPane:
        """The details pane."""
        return self.query_one("#about", DetailsPane)

    @property
    def search_bar(self) -> SearchBar:
        """The search field."""
        return self.query_one("#search", SearchBar)

    @property
    def query_text(self) -> str:
        """The query whose result is shown; what is typed may be further, or wrong."""
        return self.found.query if self.found else ""

    @property
    def asked_text(self) -> str:
        """The query as it is written; its result may be still to come."""
        return self.search_bar.text

    @property
    def situation(self) -> LibrarySituation:
        """What decides which actions are possible."""
        models = self.models
        return LibrarySituation(
            self.place_app.around,
            model=models.current_row,
            marked=len(models.marks),
            found=models.line_count,
            query=self.search_bar.text,
            copied_tags=bool(self.copied_tags),
            narrow=self.has_class("-narrow"),
        )

    def on_mount(self) -> None:
        """Show everything first."""
        super().on_mount()
        self.set_focus(self.models)
        self._run("")
        in_background(
            self, "history", lambda: query_history.asked(self.catalog.home), self._show_history
        )

    def _show_history(self, queries: Sequence[str]) -> None:
        self.search_bar.earlier = queries

    def _complete(self, query: str, cursor: int) -> Offers:
        completer = self._completer
        if completer is None:
            completer = self._completer = Completer(self.catalog)
        return completer.at(query, cursor)

    def _run(self, query: str, keep: int | None = None) -> None:
        """Find; the last result stays when the query cannot be read."""

        def failed(error: LoradexError) -> None:
            if isinstance(error, QueryError):
                self.search_bar.show_fault(error)
            else:
                self.place_app.report(error)

        # One frame shows the result with its rows; where the cursor stays, those are here already.
        first = max(len(self.models.in_view()), self.size.height) if keep is None else 0
        in_background(
            self,
            "find",
            lambda: find(self.catalog, query, first),
            lambda found: self._show(found, keep),
            failed,
        )

    def _show(self, found: Found, keep: int | None) -> None:
        self.found = found
        self._found_at = time.monotonic()
        self.set_class(not found.ids, "-empty")
        if not found.ids:
            scanning = "scan" in self.place_app.jobs.names
            told = empty_text(found.libraries, found.total, scanning=scanning)
            self.query_one("#empty", Static).update(told)
        self.query_one(ListHead).show_order(sort_of(found.query))
        if keep is not None:
            self.models.window.forget()
        self.query_one("#list", ModelList).found_by = self.details.found_by = found.query
        self.models.window.store((), found.rows)
        self.models.show_ids(found.ids, keep)
        self.query_one(FacetPane).show(found.query)
        self._draw_state()

    def _draw_state(self) -> None:
        total = self.found.total if self.found else 0
        marked = self.models.marked
        self.search_bar.show_state(
            result_line(self.query_text, self.models.line_count, total, marked)
        )

    def refresh_after_edit(self, ids: Sequence[int]) -> None:
        """Show what was changed. The result stays as it is, so that nothing jumps away."""
        self._completer = None
        self.models.reload(ids)
        self.details.show(self.models.current_id, now=True)
        self.query_one(FacetPane).show(self.query_text)

    def find_again(self) -> None:
        """Show what the query finds now; marks and cursor stay."""
        self._run(self.query_text, keep=self.models.current_id or -1)
        self.details.show(self.models.current_id, now=True)

    def job_moved(self, name: str, status: JobStatus) -> None:
        """Show what a scan or a download brings while it runs, and what any job has changed."""
        super().job_moved(name, status)
        ended = status.state != "running"
        waited = time.monotonic() - self._found_at
        rested = self.place_app.rest.lasts(_NO_KEY) or waited > _MOST_WAIT
        due = waited > REFRESH_WHILE_SCANNING and rested
        if ended or (name in ("scan", "download") and due):
            self._found_at = time.monotonic()
            self._run(self.query_text, keep=self.models.current_id or -1)
        if ended:
            self.details.show(self.models.current_id, now=True)
            self.look_for_pictures()

    def on_search_bar_asked(self, event: SearchBar.Asked) -> None:
        """The query was edited."""
        if event.query != self.query_text or self.search_bar.has_class("-wrong"):
            self._run(event.query)

    def on_search_bar_kept(self, event: SearchBar.Kept) -> None:
        """Remember the query."""
        query = event.query
        in_background(
            self,
            "history",
            lambda: query_history.remember(self.catalog.home, query),
            self._show_history,
        )

    def on_search_bar_left(self) -> None:
        """Done typing."""
        self.set_focus(self.models)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Another model is under the cursor."""
        if event.list is self.models:
            self.details.show(self.models.current_id)
            self.hints_soon()

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A second click opens the model."""
        if event.list is self.models and event.times > 1:
            self.on_model_list_opened()

    def on_model_list_opened(self) -> None:
        """Go to the details."""
        self._turn_to("-show-details")
        self.make_room("details")
        self.set_focus(self.details)

    def on_model_list_marks_changed(self) -> None:
        """Say how many are marked."""
        self._draw_state()
        self.refresh_hints()

    def on_facet_pane_chosen(self, event: FacetPane.Chosen) -> None:
        """Write the choice into the query."""
        try:
            query = toggle(self.search_bar.text, event.field, event.value, negated=event.negated)
        except QueryError as error:
            self.place_app.report(error)
            return
        self.search_bar.set_text(query, now=True)

    def on_facet_pane_left(self) -> None:
        """Back to the models."""
        self._to_models()

    def on_details_pane_left(self) -> None:
        """Back to the models."""
        self._to_models()

    def _turn_to(self, pane: str | None) -> None:
        for name in ("-show-details", "-show-filters"):
            self.set_class(name == pane, name)

    def _to_models(self) -> None:
        self._turn_to(None)
        self.make_room("models")
        self.set_focus(self.models)

    def do_search(self) -> None:
        """Type a query; in the filters, what they have to hold."""
        if self.query_one(FacetPane).has_focus:
            self.query_one(FilterBox).begin()
            return
        self._turn_to(None)
        self.make_room("models")
        self.set_focus(self.search_bar.field)

    def do_add(self) -> None:
        """Add a folder, or download what has a name."""
        self.place_app.open_add()

    def do_filter(self) -> None:
        """To the filters, or back."""
        facets = self.query_one(FacetPane)
        if facets.has_focus:
            self._to_models()
        else:
            self._turn_to("-show-filters")
            self.make_room("filters")
            self.set_focus(facets)

    def do_clear(self) -> None:
        """Find everything; the order stays."""
        self.search_bar.set_text(with_sort("", sort_of(self.search_bar.text)))

    def do_sort(self) -> None:
        """Offer orders; the same one again turns it round."""

        def sort(order: str | None) -> None:
            if order is None:
                return
            now = sort_of(self.search_bar.text)
            turned = order.rstrip("-") if order.endswith("-") else f"{order}-"
            wanted = turned if now == order else order
            self.search_bar.set_text(with_sort(self.search_bar.text, wanted))

        self.app.push_screen(KeyMenu("Sort by", SORTS), sort)

    def ask(self, query: str) -> None:
        """Show what another query finds."""
        self.search_bar.set_text(query)
        self._to_models()

    def on_details_pane_sheet(self) -> None:
        """The whole width for the details, or as before."""
        self.toggle_full("details")

    def do_scroll_down(self) -> None:
        """Scroll the details without leaving the list."""
        self.details.scroll_relative(y=4, animate=False)

    def do_scroll_up(self) -> None:
        """Scroll the details without leaving the list."""
        self.details.scroll_relative(y=-4, animate=False)

    def do_next_pane(self) -> None:
        """Focus the next pane."""
        self.focus_next()

    def do_previous_pane(self) -> None:
        """Focus the pane before."""
        self.focus_previous()

    def do_back(self) -> None:
        """Leave the pane first, then the marks, then the search."""
        filters = self.query_one(FilterBox)
        steps: tuple[tuple[bool, Callable[[], None]], ...] = (
            (filters.pane.has_focus and bool(filters.field.value), filters.do_forget),
            (self.search_bar.offers.is_open, lambda: self.search_bar.show_offers(None)),
            (not self.models.has_focus, self._to_models),
            (self.is_enlarged, lambda: self.enlarge("models", 0)),
            (self.models.marked.sticky, self.models.end_range),
            (bool(self.models.marks), self.models.clear_marks),
            (bool(without(self.search_bar.text, ["sort"])), self.do_clear),
        )
        for applies, step in steps:
            if applies:
                step()
                return
