"""The inbox: what the library proposes, beside its evidence; accepted, edited or dismissed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from loradex.errors import LoradexError, QueryError
from loradex.operations.inbox.items import Group
from loradex_tui.actions import bindings
from loradex_tui.actions.inbox import InboxSituation
from loradex_tui.background import in_background
from loradex_tui.screens.inbox_deciding import InboxDeciding
from loradex_tui.screens.inbox_listing import listed
from loradex_tui.screens.key_menu import Choice, KeyMenu
from loradex_tui.widgets.inbox_list import InboxList
from loradex_tui.widgets.inbox_pane import InboxPane
from loradex_tui.widgets.inbox_words import GROUP_WORDS, counts_parts
from loradex_tui.widgets.line_list import LineList
from loradex_tui.widgets.search_bar import SearchBar

INBOX_WORDS = "Narrow…  words, kind:lora, base:sdxl, added:<7d, path:downloads"
SORTS = (
    Choice("c", "Surest first", "sure", "matches, tags, new"),
    Choice("n", "Name", "name"),
    Choice("a", "Added", "added", "newest first"),
    Choice("m", "Most tags", "tags", "most proposals first"),
)
_SORT_WORDS = {"name": "by name", "added": "newest first", "tags": "most tags first"}
_VIEWS: tuple[Group | None, ...] = (None, *Group)


class InboxScreen(InboxDeciding):
    """A list of what waits, and all that is proposed of one model."""

    HERE = "Inbox"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("inbox")]
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it
        (0, "-narrow"),
        (100, "-medium"),
        (130, "-wide"),
    ]
    DEFAULT_CSS = """
    InboxScreen #panes { height: 1fr; }
    InboxScreen #waiting { width: 1fr; }
    InboxScreen #proposals { width: 54; }
    InboxScreen.-medium #proposals { width: 44; }
    InboxScreen #empty { display: none; padding: 2 3; color: $quiet; height: 1fr; }
    InboxScreen.-empty #empty { display: block; }
    InboxScreen.-empty #inbox-list { height: 0; }
    InboxScreen.-narrow #proposals { display: none; }
    InboxScreen.-narrow.-show-details #waiting { display: none; }
    InboxScreen.-narrow.-show-details #proposals { display: block; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.view: Group | None = None
        self.order = "sure"
        self.query_text = ""
        self._left = False
        """One was elsewhere since the list was made."""

    def compose_body(self) -> ComposeResult:
        """Two panes; narrow terminals show one of them."""
        with Horizontal(id="panes"):
            with Vertical(id="waiting", classes="pane") as waiting:
                waiting.border_title = "Inbox"
                yield SearchBar(INBOX_WORDS, id="search")
                yield InboxList(
                    self.read_items,
                    self.items,
                    self.draft.takes,
                    self.open_proposal,
                    id="inbox-list",
                )
                yield Static(id="empty")
            with Vertical(id="proposals", classes="pane") as proposals:
                proposals.border_title = "Proposal"
                yield InboxPane(self.catalog, self.draft, self, id="about")

    @property
    def models(self) -> InboxList:
        """The list."""
        return self.query_one("#inbox-list", InboxList)

    @property
    def pane(self) -> InboxPane:
        """The proposal of the model under the cursor."""
        return self.query_one("#about", InboxPane)

    @property
    def search_bar(self) -> SearchBar:
        """The search field."""
        return self.query_one("#search", SearchBar)

    @property
    def situation(self) -> InboxSituation:
        """What decides which actions are possible."""
        models, survey = self.models, self.desk.survey
        return InboxSituation(
            self.place_app.around,
            item=models.current_id is not None,
            marked=len(models.marks),
            shown=models.line_count,
            bulk=survey.count(Group.NEW) + survey.count(Group.TAGS),
            choice=self.pane.lines.current is not None,
            looking=self.desk.looking,
        )

    def on_mount(self) -> None:
        """Show what the last look found, and look again."""
        super().on_mount()
        self.set_focus(self.models)
        self._list()
        self.desk.visit()
        self._draw_state()

    def on_screen_resume(self) -> None:
        """What is proposed may be other things by now."""
        super().on_screen_resume()
        if self._left:
            self._left = False
            self.forget_rules()
            self.models.reload()
            self.desk.visit()

    def on_screen_suspend(self) -> None:
        """Note that one goes elsewhere; a dialog is not elsewhere."""
        self._left = not isinstance(self.app.screen, ModalScreen)

    def inbox_moved(self, *, whole: bool = True) -> None:
        """The survey is another, or a look is further."""
        super().inbox_moved(whole=whole)
        if whole:
            self.forget_rules()
            self.items.clear()
            self.models.reload()
            self._list(keep=self.models.current_id)
        else:
            self._draw_state()

    def _list(self, keep: int | None = None) -> None:
        """List what waits, in the chosen view and order."""
        survey, view, order, query = self.desk.survey, self.view, self.order, self.query_text
        catalog = self.catalog

        def shown(ids: list[int]) -> None:
            self.show_listed(ids, keep if keep in ids else None)

        def failed(error: LoradexError) -> None:
            if isinstance(error, QueryError):
                self.search_bar.show_fault(error)
            else:
                self.place_app.report(error)

        in_background(
            self, "list", lambda: listed(catalog, survey, view, order, query), shown, failed
        )

    def relist(self, keep: int | None) -> None:
        """List what waits again."""
        self._list(keep=self.models.current_id if keep is None else keep)

    def show_listed(self, ids: list[int], keep: int | None) -> None:
        """Show these models, the cursor on one of them."""
        self.set_class(not ids, "-empty")
        if not ids:
            self.remove_class("-show-details")
            self.set_focus(self.models)
        self.models.show_ids(ids, keep)
        self._draw_state()
        self.show_current()

    def _draw_state(self) -> None:
        models, desk = self.models, self.desk
        parts = counts_parts(desk.survey, self.view)
        if self.query_text:
            parts.append((f"  {models.line_count:,} found", "bold $accent"))
        if models.marks:
            parts.append((f"  * {len(models.marks):,} marked", "bold $accent"))
        if self.order in _SORT_WORDS:
            parts.append((f"  {_SORT_WORDS[self.order]}", "$quiet"))
        if desk.looking:
            total, done = desk.progress.total, desk.progress.done
            share = f" {done * 100 // total} %" if total else ""
            parts.append((f"  looking{share} …", "$accent"))
        self.search_bar.show_state(Content.assemble(*parts))
        if self.has_class("-empty"):
            self.query_one("#empty", Static).update(self._empty_text())
        self.hints_soon()

    def _empty_text(self) -> Content:
        """Say why there is nothing, and what to press."""
        key, desk = "bold $accent", self.desk
        if self.query_text:
            return Content.assemble(
                f"0 of {len(desk.survey.ids):,} match.\n\n", ("Esc", key), " clears the search"
            )
        if self.view is not None and desk.survey.ids:
            return Content.assemble(
                f"Nothing in {GROUP_WORDS[self.view]}.\n\n", ("i", key), " shows the next group"
            )
        if desk.looking:
            total = desk.progress.total
            done = f"{desk.progress.done:,} of {total:,} models" if total else "…"
            return Content.assemble(f"Looking through the library: {done}")
        problem = desk.survey.problem
        return Content.assemble(
            ("Nothing to review.\n\n", "bold $foreground"),
            (f"No tags are proposed: {problem}\n" if problem else "", "$error"),
            ("  loradex tag rules --check  tells what is wrong\n\n" if problem else "", "$quiet"),
            ("R", key), " scans for new files · ", ("r", key), " looks again · ",
            ("3", key), " the hub · ", ("1", key), " the library",
        )  # fmt: skip

    def show_current(self) -> None:
        """Show the proposal of the model under the cursor."""
        self.pane.show(self.models.current_item)
        self.hints_soon()

    def on_search_bar_asked(self, event: SearchBar.Asked) -> None:
        """The query was edited."""
        if event.query != self.query_text or self.search_bar.has_class("-wrong"):
            self.query_text = event.query
            self._list()

    def on_search_bar_left(self) -> None:
        """Done typing."""
        self.set_focus(self.models)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Another model is under the cursor, or another choice."""
        if event.list is self.models:
            self.show_current()
        else:
            self.hints_soon()

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A second click opens a model; a click on a choice takes it."""
        if event.list is self.pane.lines:
            self.turn_choice()
        elif event.times > 1:
            self.open_proposal()

    def open_proposal(self) -> None:
        """Go to the proposal."""
        self.set_class(True, "-show-details")
        self.set_focus(self.pane.lines)

    def on_model_list_marks_changed(self) -> None:
        """Say how many are marked."""
        self._draw_state()

    def turn_choice(self) -> None:
        """Check what is under the cursor, or no longer."""
        item, line = self.pane.item, self.pane.lines.current
        if item is None or line is None:
            return
        if line.tag is not None:
            self.draft.turn(item.row.id, line.tag)
        elif line.question is not None:
            self.draft.choose(item.row.id, line.question, line.value)
        self.pane.draw_lines(keep=True)
        self.models.refresh()

    def leave_proposal(self) -> None:
        """Back to the list."""
        self.remove_class("-show-details")
        self.set_focus(self.models)

    def do_search(self) -> None:
        """Type a query."""
        self.remove_class("-show-details")
        self.set_focus(self.search_bar.field)

    def do_view(self) -> None:
        """Show the next group."""
        self.view = _VIEWS[(_VIEWS.index(self.view) + 1) % len(_VIEWS)]
        self._list(keep=self.models.current_id)

    def do_sort(self) -> None:
        """Choose an order."""

        def sort(order: str | None) -> None:
            if order is not None:
                self.order = order
                self._list()

        self.app.push_screen(KeyMenu("Sort", SORTS), sort)

    def do_again(self) -> None:
        """Look through the library again."""
        self.desk.look()
        self._draw_state()

    def do_scroll_down(self) -> None:
        """Scroll the details without leaving the list."""
        self.pane.lines.scroll_relative(y=4, animate=False)

    def do_scroll_up(self) -> None:
        """Scroll the details without leaving the list."""
        self.pane.lines.scroll_relative(y=-4, animate=False)

    def do_next_pane(self) -> None:
        """To the next pane."""
        self._turn_pane()

    def do_previous_pane(self) -> None:
        """To the pane before."""
        self._turn_pane()

    def _turn_pane(self) -> None:
        if self.focused is self.models:
            self.open_proposal()
        else:
            self.leave_proposal()

    def do_back(self) -> None:
        """Leave the pane first, then the marks, then search and view, then the inbox."""
        steps: tuple[tuple[bool, Callable[[], None]], ...] = (
            (not self.models.has_focus, self.leave_proposal),
            (bool(self.models.marks), self.models.clear_marks),
            (bool(self.search_bar.text), lambda: self.search_bar.set_text("")),
            (self.view is not None, self._show_all),
            (True, self.place_app.go_library),
        )
        next(step for applies, step in steps if applies)()

    def _show_all(self) -> None:
        self.view = None
        self._list(keep=self.models.current_id)
