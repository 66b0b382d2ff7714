"""One field for all that can be added: a folder that is there, or something to download."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import OptionList, Static, TextArea
from textual.widgets.option_list import Option

from loradex.domain.progress import CancelToken
from loradex.domain.text import display_text
from loradex.errors import LoradexError
from loradex.operations.adding import FolderSight, Wish, read_wish, see_folder
from loradex.operations.downloads.plan import DownloadPlan
from loradex.operations.layouts.usual import Survey, survey
from loradex.operations.libraries import Proposal, owner_of
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.hints import hint_of
from loradex_tui.hub_access import Offer
from loradex_tui.path_completion import complete_folder
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.widgets.plan_text import is_possible, plan_lines
from loradex_tui.widgets.sight_text import sight_lines
from loradex_tui.widgets.wish_field import WishField
from loradex_tui.wording import count_text

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_PAUSE = 0.3
_NAMES_SHOWN = 12
_ROOM = "A folder: ~/ComfyUI · or a page, AIR, version:ID, model:ID, hash"


@dataclass(frozen=True, slots=True)
class Addition:
    """What is to be done: register libraries, or download."""

    libraries: Proposal | None = None
    downloads: DownloadPlan | None = None


Sight = FolderSight | Offer


class AddDialog(Dialog[Addition]):
    """Says what it understands while one types; the result is what Enter stands for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "library", "Another library", show=False, priority=True),
        Binding("ctrl+e", "extra", "Its other folders", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    AddDialog > #box { width: 92; padding: 1 2; }
    AddDialog #hello { height: auto; margin: 0 0 1 0; }
    AddDialog #sight { height: auto; max-height: 22; margin: 1 0 0 0; scrollbar-size-vertical: 1; }
    AddDialog OptionList { max-height: 8; margin: 1 0 0 0; }
    AddDialog #keys { margin: 1 0 0 0; }
    """

    def __init__(self, text: str = "", *, welcome: bool = False) -> None:
        super().__init__()
        self._text = text
        self._welcome = welcome
        self._wait: Timer | None = None
        self._sight: Sight | None = None
        self._looking = CancelToken()
        self._with_extra = False
        self._library: str | None = None
        self._found: list[Path] = []
        self._names = ("", "")
        """A text, and the folders that it may become."""

    def compose(self) -> ComposeResult:
        """The field, what it means, what was found on this machine, and the keys."""
        with Vertical(id="box") as box:
            box.border_title = "Welcome to loradex" if self._welcome else "Add"
            hello = Static(_hello(), id="hello")
            hello.display = self._welcome
            yield hello
            yield WishField(self._text, _ROOM)
            with VerticalScroll(id="sight", can_focus=False):
                yield Static(id="told")
            yield OptionList(id="found")
            yield Static(id="keys")

    @property
    def _field(self) -> WishField:
        return self.query_one(WishField)

    @property
    def _app(self) -> LoradexApp:
        return cast("LoradexApp", self.app)

    def on_mount(self) -> None:
        """Look around on this machine while the person thinks."""
        self.query_one("#found").display = False
        self._field.focus()
        if self._text:
            self._understand()
        else:
            self._show_nothing()
            in_background(self, "survey", survey, self._show_found)

    def on_unmount(self) -> None:
        """Count no further."""
        self._looking.cancel()

    # What was found on this machine

    def _show_found(self, seen: Survey) -> None:
        libraries = self._app.catalog.files.libraries()
        options = []
        for folder, tool in seen.found:
            if all(owner_of(root.path, libraries) for root in tool.roots):
                continue
            self._found.append(folder)
            options.append(
                Option(
                    Content.assemble(
                        (f" {cell_text(tool.title, 24):<20} ", "$foreground"),
                        (cell_text(str(folder), 300), "$quiet"),
                    )
                )
            )
        found = self.query_one("#found", OptionList)
        found.add_options(options)
        if not self._field.text:
            self._show_nothing()

    def _show_nothing(self) -> None:
        """Say what may be written, and offer what was found."""
        self._sight = None
        shown = bool(self._found)
        self.query_one("#found").display = shown
        told = f"Found on this machine: {count_text(len(self._found), 'tool folder')}"
        self._tell([Content.styled(told, "$quiet")] if shown else [])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take a folder that was found."""
        self._field.put(str(self._found[event.option_index]))
        self._field.focus()

    def on_wish_field_left(self) -> None:
        """Go down to what was found."""
        found = self.query_one("#found", OptionList)
        if found.display:
            found.focus()
            found.highlighted = found.highlighted or 0

    # What is written in the field

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Wait for the next key before looking."""
        event.stop()
        self._sight = None
        if self._wait is not None:
            self._wait.stop()
        self._wait = self.set_timer(_PAUSE, self._understand)

    def _understand(self) -> None:
        self._wait = None
        self._looking.cancel()
        text = self._field.text
        if not text.strip():
            self._show_nothing()
            return
        self.query_one("#found").display = False
        try:
            wish = read_wish(text)
        except LoradexError as error:
            self._fail(error)
            return
        if wish.folder is None and not wish.references:
            self._show_nothing()
            return
        self._tell([Content.styled("looking …" if wish.folder else "asking the hub …", "$quiet")])
        self._looking = cancel = CancelToken()
        in_background(self, "sight", lambda: self._look(wish, cancel), self._show_sight, self._fail)

    def _look(self, wish: Wish, cancel: CancelToken) -> Sight:
        """Return what a wish means; called in a thread."""
        if wish.folder is not None:
            return see_folder(
                self._app.catalog, wish.folder, with_extra=self._with_extra, cancel=cancel
            )
        return self._app.hub_access.offer(wish.references, self._library)

    def _show_sight(self, sight: Sight) -> None:
        self._sight = sight
        if isinstance(sight, FolderSight):
            self._tell(sight_lines(sight, with_extra=self._with_extra))
        else:
            self._tell(plan_lines(sight))

    def _fail(self, error: LoradexError) -> None:
        self._sight = None
        text, names = self._names
        if text == self._field.text:
            # Half a name is no mistake: what it may become helps more.
            self._tell([Content.styled(names, "$quiet")])
            return
        told = [Content.styled(display_text(error.message, 600), "$error")]
        if hint := hint_of(error):
            told.append(Content.styled(display_text(hint, 600), "$quiet"))
        self._tell(told)

    def _tell(self, lines: Sequence[Content]) -> None:
        self.query_one("#sight").display = bool(lines)
        self.query_one("#told", Static).update(Content("\n").join(lines))
        self.query_one("#keys", Static).update(key_words(*self._keys(), ("Esc", "leaves")))

    def _keys(self) -> list[tuple[str, str]]:
        sight = self._sight
        keys: list[tuple[str, str]] = []
        if isinstance(sight, FolderSight):
            keys.append(("Enter", "adds and scans it"))
            if sight.proposal.further or self._with_extra:
                keys.append(("ctrl+e", "without the others" if self._with_extra else "all of them"))
        elif isinstance(sight, Offer):
            if is_possible(sight.plan):
                keys.append(("Enter", "downloads it"))
            if sight.next_library is not None:
                keys.append(("ctrl+l", f"into {cell_text(sight.next_library, 24)}"))
        elif self._found and not self._field.text:
            keys += [("Enter", "takes the first"), ("↓", "chooses")]
        if not isinstance(sight, Offer):
            keys.append(("Tab", "completes a path"))
        return keys

    # Keys

    def on_wish_field_done(self) -> None:
        """Do it, if it was understood."""
        sight = self._sight
        if isinstance(sight, FolderSight):
            self.dismiss(Addition(libraries=sight.proposal))
        elif isinstance(sight, Offer) and is_possible(sight.plan):
            self.dismiss(Addition(downloads=sight.plan))
        elif self._found and not self._field.text:
            self._field.put(str(self._found[0]))
        elif self._wait is not None:
            self._wait.stop()
            self._understand()

    def on_wish_field_wanted(self) -> None:
        """Complete the path, and name what it may become."""
        before = self._field.text

        def show(answer: tuple[str, list[str]]) -> None:
            whole, names = answer
            if self._field.text != before:
                return
            if whole != before:
                self._field.put(whole)
            elif len(names) > 1:
                shown = "  ".join(cell_text(name, 40) for name in names[:_NAMES_SHOWN])
                more = f"  and {len(names) - _NAMES_SHOWN:,} more"
                tail = more if len(names) > _NAMES_SHOWN else ""
                self._names = (before, f"{shown}{tail}")
                self._tell([Content.styled(self._names[1], "$quiet")])

        in_background(self, "complete", lambda: complete_folder(before), show)

    def action_extra(self) -> None:
        """With the further folders that the tool uses, or without."""
        self._with_extra = not self._with_extra
        self._understand()

    def action_library(self) -> None:
        """Look what it means in the next library."""
        if isinstance(self._sight, Offer) and self._sight.next_library is not None:
            self._library = self._sight.next_library
            self._understand()


def _hello() -> Content:
    return Content.assemble(
        ("No library yet. ", "bold $foreground"),
        ("Name a folder that has models: it is only read. A tool's folder brings all its models;"
         " an address of CivitAI brings one.", "$quiet"),
    )  # fmt: skip
