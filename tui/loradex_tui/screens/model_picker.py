"""Choose models for an axis: those that fit first, narrowed as one types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from loradex.catalog.catalog import Catalog
from loradex.domain.models import ModelRow
from loradex.operations.grid_models import fitting_checkpoints
from loradex_tui.background import in_background
from loradex_tui.cells import fit, fit_right
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.widgets.line_list import LineList
from loradex_tui.wording import row_base, size_text

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_MOST = 500


@dataclass(frozen=True, slots=True)
class _Offer:
    """Models to choose from; `fits` are known to fit, None where that is not asked."""

    rows: tuple[ModelRow, ...]
    fits: frozenset[int] | None


class _Models(LineList):
    """A line for each model, with a box for those that are chosen."""

    DEFAULT_CSS = "_Models { height: 12; background: $panel; }"

    def __init__(self, chosen: Sequence[int]) -> None:
        super().__init__()
        self.chosen = list(chosen)
        self.offer = _Offer((), None)

    def show(self, offer: _Offer) -> None:
        self.offer = offer
        self.set_line_count(len(offer.rows))

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        row = self.offer.rows[index]
        fits = self.offer.fits is None or row.id in self.offer.fits
        beside = f"{row_base(row)} · {size_text(row.size)} "
        if not fits:
            beside = f"does not fit: {row_base(row) or 'unknown'} "
        box = "[x] " if row.id in self.chosen else "[ ] "
        edge = "❯ " if cursor else "  "
        return [Segment(edge + box + fit(row.name, width - 34) + fit_right(beside, 28), base)]

    def toggle(self) -> None:
        if self.cursor >= len(self.offer.rows):
            return
        id_ = self.offer.rows[self.cursor].id
        if id_ in self.chosen:
            self.chosen.remove(id_)
        else:
            self.chosen.append(id_)
        self.redraw(self.cursor)
        self.do_down()

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        event.stop()
        self.toggle()


class ModelPicker(Dialog[tuple[int, ...]]):
    """The result are the models that were chosen, in the order they were."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Take", show=False, priority=True),
        Binding("slash", "search", "Search", show=False),
        Binding("space", "choose", "Choose", show=False),
    ]
    DEFAULT_CSS = "ModelPicker > #box { width: 90; }"

    def __init__(
        self, title: str, kinds: Sequence[str], chosen: Sequence[int], loras: Sequence[int] = ()
    ) -> None:
        super().__init__()
        self._title = title
        self._kinds = kinds
        self._chosen = chosen
        self._loras = loras

    def compose(self) -> ComposeResult:
        """A field to narrow, the models, and the keys."""
        with Vertical(id="box") as box:
            box.border_title = Content(f"Choose: {self._title}")
            yield Input(placeholder="/ narrows: words or a query")
            yield _Models(self._chosen)
            yield Static(id="number", classes="told")
            yield Static(
                key_words(
                    ("Space", "chooses"), ("Enter", "takes them"), ("/", "narrows"),
                    ("Esc", "leaves"),
                ),
                classes="told",
            )  # fmt: skip

    def on_mount(self) -> None:
        """Show all."""
        self.query_one(_Models).focus()
        self._find("")

    def _find(self, words: str) -> None:
        catalog = cast("LoradexApp", self.app).catalog
        in_background(self, "models", lambda: self._offer(catalog, words), self._show)

    def _offer(self, catalog: Catalog, words: str) -> _Offer:
        found = catalog.search(f"kind:{','.join(self._kinds)} is:present {words}", limit=_MOST).rows
        if not self._loras:
            first = [row for row in found if row.id in self._chosen]
            return _Offer((*first, *(row for row in found if row not in first)), None)
        fitting = fitting_checkpoints(catalog, self._loras)
        fits = frozenset(row.id for row in fitting)
        there = {row.id for row in found}
        best = [row for row in fitting if row.id in there]
        return _Offer((*best, *(row for row in found if row.id not in fits)), fits)

    def _show(self, offer: _Offer) -> None:
        self.query_one(_Models).show(offer)
        self._count()

    def _count(self) -> None:
        models = self.query_one(_Models)
        told = f"{len(models.chosen):,} chosen of {len(models.offer.rows):,}"
        if not models.offer.rows:
            told = f"No {self._title} is here that matches. Esc leaves."
        self.query_one("#number", Static).update(Content(told))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow as one types."""
        self._find(event.value)

    def action_search(self) -> None:
        """Go to the field."""
        self.query_one(Input).focus()

    def action_choose(self) -> None:
        """Choose the model under the cursor, or no longer."""
        self.query_one(_Models).toggle()
        self._count()

    def action_take(self) -> None:
        """From the field to the models; from there away with what is chosen."""
        models = self.query_one(_Models)
        if self.focused is not models:
            models.focus()
            return
        if not models.chosen and models.offer.rows:
            models.toggle()
        self.dismiss(tuple(models.chosen))

    def key_down(self, event: events.Key) -> None:
        """From the field into the list."""
        if isinstance(self.focused, Input):
            event.stop()
            self.query_one(_Models).focus()
