"""A quick test render: one Enter away, on the checkpoint that fits best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, cast

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.domain.models import ModelRow
from loradex.errors import UsageError
from loradex.operations.grid_models import fitting_checkpoints
from loradex.operations.grid_presets import preset_request
from loradex.operations.grid_request import GridRequest
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text, fit, fit_right
from loradex_tui.grids.check import GridCheck, check_form
from loradex_tui.grids.form import form_of
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.widgets.grid_estimate import GridEstimate
from loradex_tui.widgets.line_list import LineList
from loradex_tui.wording import base_label, row_base, size_text

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_SHOWN_CHECKPOINTS = 5
_SAID = (AxisKind.STRENGTH, AxisKind.PROMPT, AxisKind.SEED)


@dataclass(frozen=True, slots=True)
class QuickOffer:
    """LoRAs of one base, and the checkpoints that fit them, the likeliest first."""

    loras: tuple[ModelRow, ...]
    checkpoints: tuple[ModelRow, ...]


def quick_offer(catalog: Catalog, ids: Sequence[int]) -> QuickOffer:
    """Return what can be drawn of these models; raise `UsageError` when nothing can."""
    loras = tuple(catalog.rows(ids))
    others = [row for row in loras if row.kind != "lora"]
    if others or not loras:
        raise UsageError(
            "A quick grid is drawn of LoRAs only.",
            hint=f"{others[0].name} is none; X takes checkpoints too."
            if others
            else "Mark some LoRAs first.",
        )
    bases = sorted({row.base for row in loras if row.base})
    if len(bases) > 1:
        raise UsageError(
            f"These LoRAs are for {' and '.join(base_label(base) for base in bases)}.",
            hint="A grid has one base: mark LoRAs of one base model.",
        )
    found = fitting_checkpoints(catalog, ids)
    if not found:
        wanted = base_label(bases[0]) if bases else "this LoRA"
        raise UsageError(
            f"No checkpoint for {wanted} is here.",
            hint="Add a folder that has one: loradex library add PATH",
        )
    return QuickOffer(loras, tuple(found))


class CheckpointList(LineList):
    """Checkpoints; the one under the cursor is chosen."""

    DEFAULT_CSS = "CheckpointList { width: 1fr; background: $panel; }"

    def __init__(self, rows: Sequence[ModelRow]) -> None:
        super().__init__()
        self._checkpoints = rows
        self.line_count = len(rows)
        self.styles.height = min(len(rows), _SHOWN_CHECKPOINTS)

    @property
    def chosen(self) -> ModelRow:
        """The checkpoint under the cursor."""
        return self._checkpoints[self.cursor]

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return a round button, the name, and what it is."""
        row = self._checkpoints[index]
        beside = f"{row_base(row)} · {size_text(row.size)} "
        button = "(•) " if cursor else "( ) "
        return [Segment(button + fit(row.name, width - 24) + fit_right(beside, 20), base)]


@dataclass(frozen=True, slots=True)
class QuickAnswer:
    """What to do with the request: draw it, or put it together further."""

    request: GridRequest
    what: Literal["draw", "build"]


class QuickGrid(Dialog[QuickAnswer]):
    """Tells what would be drawn; the result says what to do with it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,x,ctrl+s", "answer('draw')", "Draw", show=False, priority=True),
        Binding("X,e", "answer('build')", "Change", show=False),
    ]
    DEFAULT_CSS = """
    QuickGrid > #box { width: 84; padding: 1 2; }
    QuickGrid Horizontal { height: auto; }
    QuickGrid .label { width: 12; color: $quiet; }
    QuickGrid .said { width: 1fr; height: auto; }
    QuickGrid #estimate { margin: 1 0; }
    """

    def __init__(self, offer: QuickOffer) -> None:
        super().__init__()
        self._offer = offer
        self._request: GridRequest | None = None
        self._check: GridCheck | None = None

    def compose(self) -> ComposeResult:
        """What is drawn, on what, and how long that takes."""
        loras = self._offer.loras
        name = cell_text(loras[0].name, 50) if len(loras) == 1 else f"{len(loras)} LoRAs"
        with VerticalScroll(id="box", can_focus=False) as box:
            box.border_title = Content(f"Quick grid of {name}")
            with Horizontal():
                yield Static("Checkpoint", classes="label")
                yield CheckpointList(self._offer.checkpoints)
            for kind in _SAID:
                with Horizontal():
                    yield Static(kind.value.capitalize(), classes="label")
                    yield Static(id=f"said-{kind.value}", classes="said")
            with Horizontal(id="estimate"):
                yield GridEstimate()
            yield Static(
                key_words(("Enter", "draws"), ("X", "changes it first"), ("Esc", "leaves")),
                classes="told",
            )

    def on_mount(self) -> None:
        """The first checkpoint is chosen."""
        self.query_one(CheckpointList).focus()
        self._ask()

    def on_line_list_moved(self) -> None:
        """Another checkpoint."""
        self._ask()

    def _ask(self) -> None:
        catalog = cast("LoradexApp", self.app).catalog
        models = [*(row.id for row in self._offer.loras), self.query_one(CheckpointList).chosen.id]

        def find() -> tuple[GridRequest, GridCheck]:
            request = preset_request(catalog, "quick", models)
            return request, check_form(catalog, form_of(request))

        in_background(self, "quick", find, self._show)

    def _show(self, found: tuple[GridRequest, GridCheck]) -> None:
        self._request, self._check = found
        for kind in _SAID:
            told = ", ".join(self._request.texts(kind)) if self._request else ""
            self.query_one(f"#said-{kind.value}", Static).update(Content(cell_text(told, 300)))
        self.query_one(GridEstimate).show(self._check)

    def action_answer(self, what: Literal["draw", "build"]) -> None:
        """Answer, unless it cannot be drawn."""
        if self._request is None or self._check is None:
            return
        if what == "draw" and self._check.request is None:
            self.app.notify(self._check.first_fault, severity="warning", timeout=6)
            return
        self.dismiss(QuickAnswer(self._request, what))
