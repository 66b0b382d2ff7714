"""Ask for a grid: which checkpoint, and what to vary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static, TextArea

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.domain.models import ModelRow
from loradex.domain.recipe import RenderSettings
from loradex.errors import UsageError
from loradex.operations.grid_models import fitting_checkpoints
from loradex.operations.grid_request import GridRequest
from loradex.operations.grid_usual import usual_settings
from loradex.render.recipes import PLACEHOLDER
from loradex_tui.cells import cell_text, fit, fit_right
from loradex_tui.grid_form import TRIGGERS, GridForm, picture_count, read_form, usual_form
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.widgets.grid_estimate import GridEstimate
from loradex_tui.widgets.line_list import LineList
from loradex_tui.wording import base_label, count_text, row_base, size_text

_SHOWN_CHECKPOINTS = 4
_FIELDS = (
    ("strengths", "Strengths"),
    ("negative", "Negative"),
    ("triggers", "Triggers"),
    ("seeds", "Seeds"),
    ("steps", "Steps"),
    ("guidance", "Guidance"),
    ("size", "Size"),
)
_OF_CHECKPOINT = ("steps", "guidance", "size")
_FACTORS = (
    (AxisKind.STRENGTH, "strength"),
    (AxisKind.PROMPT, "prompt"),
    (AxisKind.SEED, "seed"),
    (AxisKind.TRIGGER, "trigger"),
    (AxisKind.LORA, "LoRA"),
)


@dataclass(frozen=True, slots=True)
class GridOffer:
    """What a grid can be drawn of: LoRAs of one base, the checkpoints that fit, what suits each."""

    loras: tuple[ModelRow, ...]
    checkpoints: tuple[ModelRow, ...]
    settings: tuple[RenderSettings, ...]


def grid_offer(catalog: Catalog, ids: Sequence[int]) -> GridOffer:
    """Return what can be drawn of these models; raise `UsageError` when nothing can."""
    loras = tuple(catalog.rows(ids))
    others = [row for row in loras if row.kind != "lora"]
    if others or not loras:
        raise UsageError(
            "A grid is drawn of LoRAs only.",
            hint=f"{others[0].name} is none." if others else "Mark some LoRAs first.",
        )
    bases = sorted({row.base for row in loras if row.base})
    if len(bases) > 1:
        raise UsageError(
            f"These LoRAs are for {' and '.join(base_label(base) for base in bases)}.",
            hint="A grid has one checkpoint: mark LoRAs of one base model.",
        )
    found = fitting_checkpoints(catalog, ids)
    if not found:
        wanted = base_label(bases[0]) if bases else "this LoRA"
        raise UsageError(
            f"No checkpoint for {wanted} is here.",
            hint="Add a folder that has one: loradex library add PATH",
        )
    return GridOffer(loras, tuple(found), tuple(usual_settings(catalog, row.id) for row in found))


class CheckpointList(LineList):
    """The checkpoints that fit; the one under the cursor is chosen."""

    DEFAULT_CSS = "CheckpointList { width: 1fr; background: $panel; }"

    def __init__(self, rows: Sequence[ModelRow]) -> None:
        super().__init__()
        self._checkpoints = rows
        self.line_count = len(rows)
        self.styles.height = min(len(rows), _SHOWN_CHECKPOINTS)

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return a round button, the name, and what it is."""
        row = self._checkpoints[index]
        beside = f"{row_base(row)} · {size_text(row.size)} "
        button = "(•) " if cursor else "( ) "
        return [Segment(button + fit(row.name, width - 24) + fit_right(beside, 20), base)]


class GridDialog(Dialog[GridRequest]):
    """The result is the request to draw."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start", show=False, priority=True)
    ]
    DEFAULT_CSS = """
    GridDialog > #box { width: 84; padding: 0 2; }
    GridDialog #fields { height: auto; max-height: 100%; }
    GridDialog Horizontal { height: auto; margin: 0 0 1 0; }
    GridDialog .label { width: 12; color: $quiet; }
    GridDialog .beside { width: auto; color: $quiet; padding: 0 1 0 0; }
    GridDialog Input { width: 1fr; margin: 0 2 0 0; }
    GridDialog TextArea { width: 1fr; height: 4; }
    GridDialog #count { height: auto; width: 1fr; }
    """

    def __init__(self, offer: GridOffer) -> None:
        super().__init__()
        self._offer = offer
        self._words = tuple(row.trigger_words[0] for row in offer.loras if row.trigger_words)
        self._chosen = 0
        self._form = usual_form(offer.settings[0], has_triggers=bool(self._words))

    def compose(self) -> ComposeResult:
        """One line for each thing to vary."""
        loras = self._offer.loras
        name = cell_text(loras[0].name, 60) if len(loras) == 1 else f"{len(loras)} LoRAs"
        with VerticalScroll(id="box", can_focus=False) as box:
            box.border_title = Content(f"Grid of {name}")
            with Horizontal():
                yield Static("Checkpoint", classes="label")
                yield CheckpointList(self._offer.checkpoints)
            with Horizontal():
                yield Static("Prompts\none a line", classes="label")
                yield TextArea(
                    self._form.prompts, id="prompts", soft_wrap=True, tab_behavior="focus"
                )
            yield from self._line("strengths", "seeds")
            yield from self._line("negative", "triggers")
            yield from self._line("steps", "guidance", "size")
            yield Static(self._told_triggers(), classes="told")
            yield Static(id="count")
            yield GridEstimate()
            yield Static(
                key_words(("Ctrl+S", "draws"), ("Tab", "next field"), ("Esc", "leaves")),
                classes="told",
            )

    def _told_triggers(self) -> Content:
        """Say what stands for the placeholder, and what the field may hold."""
        if not self._words:
            return Content("No trigger words are known.")
        own = len(self._offer.loras) > 1
        what = "each LoRA's own words" if own else cell_text(self._words[0], 60)
        return Content(f"{PLACEHOLDER} is {what}. Triggers: {', '.join(TRIGGERS)}.")

    def _line(self, *names: str) -> ComposeResult:
        labels = dict(_FIELDS)
        with Horizontal():
            for number, name in enumerate(names):
                yield Static(labels[name], classes="beside" if number else "label")
                yield Input(str(getattr(self._form, name)), id=name)

    def on_mount(self) -> None:
        """The first checkpoint is chosen; most people change the prompt."""
        self.query_one(TextArea).focus()
        self._count()

    @property
    def form(self) -> GridForm:
        """The fields as they stand."""
        values = {name: self.query_one(f"#{name}", Input).value for name, _ in _FIELDS}
        return GridForm(prompts=self.query_one(TextArea).text, **values)

    def request(self) -> GridRequest:
        """Return what the fields ask for; raise `UsageError` when they cannot be read."""
        offer = self._offer
        checkpoint = offer.checkpoints[self._chosen]
        loras = tuple(row.id for row in offer.loras)
        return read_form(self.form, checkpoint.id, loras, offer.settings[self._chosen])

    def _count(self) -> None:
        request = None
        try:
            request = self.request()
        except UsageError as error:
            told = Content.styled(f"✗ {cell_text(str(error))}", "$error")
        else:
            told = _counted(request)
        self.query_one("#count", Static).update(told)
        self.query_one(GridEstimate).ask(request)

    def on_input_changed(self) -> None:
        """Count again."""
        self._count()

    def on_text_area_changed(self) -> None:
        """Count again."""
        self._count()

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Another checkpoint: what was not changed by hand follows it."""
        before, now = (
            usual_form(self._offer.settings[n]) for n in (self._chosen, event.list.cursor)
        )
        self._chosen = event.list.cursor
        for name in _OF_CHECKPOINT:
            field = self.query_one(f"#{name}", Input)
            if field.value == getattr(before, name):
                field.value = getattr(now, name)
        self._count()

    def on_input_submitted(self) -> None:
        """Enter in a field draws, too."""
        self.action_start()

    def action_start(self) -> None:
        """Draw it, when it can be read."""
        try:
            request = self.request()
        except UsageError as error:
            self.app.notify(str(error), severity="error")
            return
        self.dismiss(request)


def _counted(request: GridRequest) -> Content:
    """Return how many pictures a request comes to, and how that many."""
    factors = [
        count_text(len(request.texts(kind)), name)
        for kind, name in _FACTORS
        if kind is not AxisKind.TRIGGER or len(request.texts(kind)) > 1
    ]
    return Content.assemble(
        (count_text(picture_count(request), "picture"), "bold $foreground"),
        (f"  {' × '.join(factors)}", "$quiet"),
    )
