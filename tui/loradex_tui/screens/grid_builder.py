"""Put a grid together: what varies, where it goes, and at once what that comes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static, TextArea

from loradex.domain.axes import AxisKind
from loradex.operations.grid_again import request_of_grid
from loradex.operations.grid_presets import PRESETS, preset_request
from loradex.operations.grid_request import GridRequest
from loradex.operations.grid_specs import load_spec, save_spec
from loradex.operations.grid_toml import write_toml
from loradex.operations.grid_typing import LINES, grammar_of, joined_texts, split_texts
from loradex.operations.grid_values import KINDS_OF_MODELS
from loradex.render.captions import KIND_NAMES
from loradex_tui.actions import bindings
from loradex_tui.actions.grids import BuilderSituation
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.grids.check import GridCheck, check_form
from loradex_tui.grids.form import FIRST_KINDS, AxisRow, GridForm, form_of
from loradex_tui.screens.ask_text import AskText
from loradex_tui.screens.key_menu import Choice, KeyMenu
from loradex_tui.screens.model_picker import ModelPicker
from loradex_tui.screens.place import Place
from loradex_tui.widgets.axis_list import AxisList
from loradex_tui.widgets.grid_estimate import GridEstimate
from loradex_tui.widgets.grid_shape import shape_text
from loradex_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_ADD_KEYS = "abcdefghijklmnopqrstuvwxyz"


def build_new(app: LoradexApp, models: Sequence[int], preset: str = "sweep") -> None:
    """Open the builder on a usual grid of these models."""
    catalog = app.catalog

    def show(request: GridRequest) -> None:
        app.push_screen(GridBuilder(request, models))

    in_background(app.screen, "builder", lambda: preset_request(catalog, preset, models), show)


def build_again(app: LoradexApp, grid_id: int) -> None:
    """Open the builder on what a kept grid was asked for with."""
    catalog = app.catalog

    def show(request: GridRequest) -> None:
        app.push_screen(GridBuilder(replace(request, title="")))

    in_background(app.screen, "builder", lambda: request_of_grid(catalog, grid_id), show)


class GridBuilder(Place):
    """Edits a request. Drawing it replaces this screen by the grid."""

    HERE = "Grids"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("builder")]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as Textual does
    DEFAULT_CSS = """
    GridBuilder #body { height: 1fr; }
    GridBuilder #rows { width: 1fr; }
    GridBuilder AxisList { height: 1fr; }
    GridBuilder #shape { width: 44; padding: 0 1; }
    GridBuilder.-narrow #shape { display: none; }
    GridBuilder #editor { height: auto; display: none; border-top: solid $border-blurred; }
    GridBuilder.-editing #editor { display: block; }
    GridBuilder #editor Input, GridBuilder #editor TextArea {
        border: none; background: $panel; padding: 0 1; height: 1; width: 1fr;
    }
    GridBuilder #editor TextArea { height: 5; display: none; }
    GridBuilder.-lines #editor TextArea { display: block; }
    GridBuilder.-lines #editor Input { display: none; }
    GridBuilder #how { height: 1; padding: 0 1; color: $quiet; }
    GridBuilder #estimate { height: auto; padding: 0 1; border-top: solid $border-blurred; }
    """

    def __init__(self, request: GridRequest, models: Sequence[int] = ()) -> None:
        super().__init__()
        self.form = form_of(request)
        self._models = tuple(models)
        self._check = GridCheck(self.form)
        self._editing: int | None = None

    def compose_body(self) -> ComposeResult:
        """The rows, a field for the one that is edited, and what all of it comes to."""
        with Horizontal(id="body"):
            with Vertical(id="rows", classes="pane") as rows:
                rows.border_title = "New grid"
                yield AxisList(self.form)
                with Vertical(id="editor"):
                    yield Static(id="how")
                    yield Input(select_on_focus=False)
                    yield TextArea(soft_wrap=True, tab_behavior="focus")
                with Vertical(id="estimate"):
                    yield GridEstimate()
            with Vertical(id="shape", classes="pane") as shape:
                shape.border_title = "What it looks like"
                yield Static(id="drawn")

    @property
    def rows(self) -> AxisList:
        """The rows."""
        return self.query_one(AxisList)

    @property
    def situation(self) -> BuilderSituation:
        """What can be done with the grid, and with the row under the cursor."""
        row = self.rows.current
        return BuilderSituation(
            self.place_app.around,
            fault=self._check.first_fault,
            axis=row is not None,
            removable=row is not None and (bool(row.text) or row.kind not in FIRST_KINDS),
        )

    def on_mount(self) -> None:
        """Look at what there is."""
        super().on_mount()
        self.rows.focus()
        self._changed(self.form)

    def _changed(self, form: GridForm) -> None:
        """Show the form, and find out what is wrong with it."""
        self.form = form
        self.rows.show(form)
        catalog = self.place_app.catalog
        in_background(self, "check", lambda: check_form(catalog, form), self._checked)

    def _checked(self, check: GridCheck) -> None:
        if check.form != self.form:
            return
        self._check = check
        self.rows.show(self.form, check)
        self.query_one(GridEstimate).show(check)
        base = "" if self.form.rest.baseline else "  without the base"
        title = cell_text(self.form.rest.title, 60) or "New grid"
        self.query_one("#rows").border_title = Content(f"{title}{base}")
        if check.sketch is not None:
            self.query_one("#drawn", Static).update(shape_text(check.sketch))
        self._say_how()
        self.refresh_hints()

    # Editing a row

    def on_axis_list_wanted(self, event: AxisList.Wanted) -> None:
        """Do what is asked of the row under the cursor."""
        getattr(self, f"_{event.what}")()

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Another row: other keys."""
        if event.list is self.rows:
            self.refresh_hints()

    def _edit_axis(self) -> None:
        row = self.rows.current
        if row is not None and row.kind in KINDS_OF_MODELS:
            self._pick_models(self.rows.index, row)
        else:
            self._edit_text()

    def _edit_text(self) -> None:
        row = self.rows.current
        if row is None:
            return
        self._editing = None  # what the field held before is no edit of this row
        lines = row.kind in LINES
        self.set_class(lines, "-lines")
        self.add_class("-editing")
        field = self.query_one(TextArea) if lines else self.query_one("#editor Input", Input)
        if isinstance(field, TextArea):
            field.load_text(row.text)
            field.move_cursor(field.document.end)
        else:
            field.value = row.text
            field.cursor_position = len(row.text)
        self._editing = self.rows.index
        self.set_focus(field)
        self._say_how()

    def _say_how(self) -> None:
        if self._editing is None:
            return
        row = self.form.rows[self._editing]
        fault = self._check.faults.get(self._editing)
        done = "Esc" if row.kind in LINES else "Enter"
        told = (
            Content.styled(f"✗ {cell_text(fault, 300)}", "$error")
            if fault
            else Content.assemble(
                (KIND_NAMES[row.kind], "bold $secondary"),
                f"  {grammar_of(row.kind)}  ",
                (done, "bold $accent"),
                " done",
            )
        )
        self.query_one("#how", Static).update(told)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check as one types."""
        if self._editing is not None and not self.has_class("-lines"):
            self._typed(event.value)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Check as one types."""
        if self._editing is not None and self.has_class("-lines"):
            self._typed(event.text_area.text)

    def _typed(self, text: str) -> None:
        if self._editing is not None and self.form.rows[self._editing].text != text:
            self._changed(self.form.with_text(self._editing, text))

    def on_input_submitted(self) -> None:
        """Back to the rows."""
        self._leave_field()

    def _leave_field(self) -> None:
        self._editing = None
        self.remove_class("-editing", "-lines")
        self.rows.focus()

    def _pick_models(self, index: int, row: AxisRow) -> None:
        """Choose models from the catalog; what was typed as a query stays beside them."""
        texts = split_texts(row.kind, row.text)
        chosen = [int(text) for text in texts if text.isdecimal()]
        others = [text for text in texts if not text.isdecimal()]
        beside = next(
            (one.text for one in self.form.rows if one.kind is AxisKind.LORA), ""
        ) if row.kind is AxisKind.CHECKPOINT else ""  # fmt: skip
        loras = [int(text) for text in split_texts(AxisKind.LORA, beside) if text.isdecimal()]

        def picked(ids: tuple[int, ...] | None) -> None:
            if ids is not None:
                text = joined_texts(row.kind, [*map(str, ids), *others])
                self._changed(self.form.with_text(index, text))

        self.app.push_screen(ModelPicker(KIND_NAMES[row.kind], KINDS_OF_MODELS[row.kind],
                                         chosen, loras), picked)  # fmt: skip

    def _place_next(self) -> None:
        self._place(1)

    def _place_before(self) -> None:
        self._place(-1)

    def _place(self, step: int) -> None:
        row = self.rows.current
        if row is not None:
            self._changed(self.form.put(row.kind, step))

    def _drop_axis(self) -> None:
        self._changed(self.form.without(self.rows.index))

    # The grid as a whole

    def do_transpose(self) -> None:
        """Swap rows and columns, as they are shown now."""
        self._changed(_settled(self.form, self._check).turned())

    def do_baseline(self) -> None:
        """Draw the checkpoint alone beside the LoRAs, or not."""
        rest = self.form.rest
        self._changed(replace(self.form, rest=replace(rest, baseline=not rest.baseline)))

    def do_add_axis(self) -> None:
        """Offer what else can vary."""
        there = {row.kind for row in self.form.rows}
        kinds = [kind for kind in AxisKind if kind not in there or kind is AxisKind.PROMPT_PART]
        choices = [
            Choice(key, KIND_NAMES[kind], kind.value, grammar_of(kind))
            for key, kind in zip(_ADD_KEYS, kinds, strict=False)
        ]

        def add(value: str | None) -> None:
            if value is None:
                return
            if value == AxisKind.PROMPT_PART:
                self._ask("Which text of the prompts?", "", self._add_part)
            else:
                self._add(AxisRow(AxisKind(value)))

        self.app.push_screen(KeyMenu("Vary as well", choices), add)

    def _add_part(self, find: str) -> None:
        if find:
            self._add(AxisRow(AxisKind.PROMPT_PART, find, find))

    def _add(self, row: AxisRow) -> None:
        self._changed(self.form.with_row(row))
        self.rows.go(len(self.form.rows) - 1)
        self._edit_axis()

    def do_preset(self) -> None:
        """Offer the usual grids, of the models that are chosen."""
        choices = [Choice(each.key, each.name, each.id, each.what) for each in PRESETS]
        catalog, models = self.place_app.catalog, self._chosen()

        def take(preset: str | None) -> None:
            if preset is not None:
                in_background(
                    self,
                    "preset",
                    lambda: preset_request(catalog, preset, models),
                    lambda request: self._changed(form_of(request)),
                )

        self.app.push_screen(KeyMenu("Begin from", choices), take)

    def _chosen(self) -> list[int]:
        """Return the models of the rows, else those the builder was opened with."""
        found = [
            int(text)
            for index, row in enumerate(self.form.rows)
            if row.kind in (AxisKind.LORA, AxisKind.CHECKPOINT) and index not in self._check.faults
            for text in split_texts(row.kind, row.text)
            if text.isdecimal()
        ]
        return found or list(self._models)

    def do_load_spec(self) -> None:
        """Read a grid from a file."""

        def load(path: str) -> None:
            in_background(
                self, "spec", lambda: load_spec(Path(path)),
                lambda request: self._changed(form_of(request)),
            )  # fmt: skip

        self._ask("Read which TOML file?", "", load)

    def do_save_spec(self) -> None:
        """Write the grid to a file."""
        request = self._check.request
        if request is None:
            self.app.notify(self._check.first_fault, severity="warning", timeout=5)
            return

        def save(path: str) -> None:
            in_background(
                self, "spec", lambda: save_spec(request, Path(path)),
                lambda written: self.copy(str(written), "path; written to"),
            )  # fmt: skip

        self._ask("Write to which file?", "grid.toml", save)

    def _ask(self, question: str, text: str, done: Callable[[str], None]) -> None:
        def answered(answer: str | None) -> None:
            if answer:
                done(answer)

        self.app.push_screen(AskText(question, text), answered)

    def do_copy_spec(self) -> None:
        """Copy the grid as TOML."""
        if self._check.request is not None:
            self.app.copy_to_clipboard(write_toml(self._check.request))
            self.app.notify("Copied the grid as TOML: loradex grid --spec -", timeout=3)

    def do_start(self) -> None:
        """Draw it, if what was typed last is all right as well."""
        catalog, form = self.place_app.catalog, self.form

        def start(check: GridCheck) -> None:
            if check.request is None:
                self._checked(check)
                self.app.notify(check.first_fault, severity="warning", timeout=6)
                return
            app = self.place_app
            self.dismiss()
            app.call_later(app.start_grid, check.request)

        in_background(self, "start", lambda: check_form(catalog, form), start)

    def do_back(self) -> None:
        """Leave the field, then the builder."""
        if self._editing is not None:
            self._leave_field()
        else:
            self.dismiss()


def _settled(form: GridForm, check: GridCheck) -> GridForm:
    """Return the form with the places said that were left to what reads best."""
    sketch = check.sketch
    if sketch is None or form.sides:
        return form
    request = check.request or form.request()
    layout = sketch.layout
    kinds = [axis.kind for axis in sketch.axes]
    x, y, pages = (
        tuple(dict.fromkeys(kinds[n] for n in numbers))
        for numbers in (layout.x, layout.y, layout.pages)
    )
    return replace(form_of(replace(request, x=x, y=y, pages=pages)), rows=form.rows)
