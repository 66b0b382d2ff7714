"""Draw one standard picture of many models, the most wanted first, so that each has a preview.

The picture belongs to a grid like any other, so that it is found again, and shown wherever a
model's picture is. Models are taken in portions; each portion is a grid for every checkpoint in
it, which is loaded once, and whose LoRAs share batches.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.domain.grid import RecordCell
from loradex.domain.models import ModelRow
from loradex.domain.progress import CancelToken, Problem, ProgressSink
from loradex.errors import Cancelled, LoradexError
from loradex.operations.grid_models import NONE, ModelFinder
from loradex.operations.grid_request import AxisRequest, GridRequest
from loradex.operations.grids import draw_grid, preview_grid
from loradex.operations.preview_plan import DRAWN_KINDS, Portion, PreviewPlan
from loradex.operations.previews.beside import put_beside

USUAL_PROMPT = "a person in front of a house by a lake, mountains, detailed, natural light"
"""Something for every LoRA to act on: a figure, a thing, a place and a light."""


@dataclass(slots=True)
class PreviewReport:
    """What was drawn. `left` models were not reached in time."""

    drawn: int = 0
    reused: int = 0
    left: int = 0
    beside: list[Path] = field(default_factory=list)
    failed: list[Problem] = field(default_factory=list)
    seconds: float = 0.0


def estimate_previews(
    catalog: Catalog, plan: PreviewPlan, look: GridRequest
) -> tuple[int, float | None]:
    """Return how many pictures there are to draw, and in how many seconds if that is known.

    Models that cannot be drawn count for nothing here: `draw_previews` tells of them.
    """
    todo, seconds = 0, 0.0
    known = True
    for portion in plan.portions:
        try:
            preview = preview_grid(catalog, _request(portion, portion.models, look))
        except LoradexError:
            continue
        todo += preview.pictures - preview.finished
        known = known and preview.seconds is not None
        seconds += preview.seconds or 0.0
    return todo, seconds if known else None


def draw_previews(
    catalog: Catalog,
    plan: PreviewPlan,
    look: GridRequest,
    *,
    seconds: float | None = None,
    beside: bool = False,
    sink: ProgressSink,
    cancel: CancelToken,
) -> PreviewReport:
    """Draw a plan; stop after `seconds`, when what is finished by then is kept.

    `look` has the prompt, and whatever else is to be the same in all pictures. With `beside` each
    picture is also put beside its model's file, where none lies yet. A model that cannot be drawn
    is in the report, and the rest goes on. Raises `Cancelled` when the person stops it.
    """
    started = time.monotonic()
    until = Deadline(cancel, seconds)
    drawing = _Drawing(catalog, look, beside, sink, until)
    for portion in plan.portions:
        drawing.draw(portion)
        cancel.check()
    drawing.report.seconds = time.monotonic() - started
    return drawing.report


class Deadline(CancelToken):
    """Stops work when its time is over, or when the person stops it."""

    def __init__(self, person: CancelToken, seconds: float | None) -> None:
        super().__init__()
        self._person = person
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def over(self) -> bool:
        """True once the time is over."""
        return self._end is not None and time.monotonic() >= self._end

    @property
    def cancelled(self) -> bool:
        """True once the time is over or the person asked."""
        return self._person.cancelled or self.over

    def check(self) -> None:
        """Raise `Cancelled` once the time is over or the person asked."""
        self._person.check()
        if self.over:
            raise Cancelled("The time is over.", hint="Run it again to go on.")


class _Drawing:
    """One run over the portions of a plan."""

    def __init__(
        self,
        catalog: Catalog,
        look: GridRequest,
        beside: bool,
        sink: ProgressSink,
        until: Deadline,
    ) -> None:
        self._catalog = catalog
        self._look = look
        self._beside = beside
        self._sink = sink
        self._until = until
        self.report = PreviewReport()

    def draw(self, portion: Portion) -> None:
        """Draw a portion as a grid, as far as there is time, and count what became of each."""
        models = self._usable(portion)
        grid_id, before = self._grid(portion, models) if models else (None, set[int]())
        cells = {} if grid_id is None else _cells(self._catalog, grid_id, len(models))
        for number, row in enumerate(models):
            cell = cells.get(number)
            if cell is not None and cell.path is not None:
                self.report.reused += number in before
                self.report.drawn += number not in before
                if self._beside:
                    self._put_beside(row, Path(cell.path))
            elif cell is not None and cell.error is not None:
                self.report.failed.append(Problem(row.name, cell.error))
            elif grid_id is not None or self._until.over:
                self.report.left += 1

    def _usable(self, portion: Portion) -> list[ModelRow]:
        """Return the models whose files can be drawn with; the others are told of."""
        finder = ModelFinder(self._catalog, self._sink, self._until)
        fine = []
        for row in portion.models:
            try:
                self._until.check()
                finder.model(row.id, DRAWN_KINDS)
            except Cancelled:
                if not self._until.over:
                    raise
                self.report.left += 1
            except LoradexError as error:
                self._fail(row, error)
            else:
                fine.append(row)
        return fine

    def _grid(self, portion: Portion, models: Sequence[ModelRow]) -> tuple[int | None, set[int]]:
        """Draw; return the grid, and the numbers of the models that were drawn before."""
        grids: list[int] = []
        before: set[int] = set()

        def started(grid_id: int) -> None:
            grids.append(grid_id)
            cells = _cells(self._catalog, grid_id, len(models))
            before.update(number for number, cell in cells.items() if cell.path)

        try:
            draw_grid(
                self._catalog,
                _request(portion, models, self._look),
                sink=self._sink,
                cancel=self._until,
                on_started=started,
            )
        except Cancelled:
            if not self._until.over:
                raise
        except LoradexError as error:
            if grids:
                self._sink.problem(Problem(portion.checkpoint.name, error.message, error.hint))
            else:
                for row in models:
                    self._fail(row, error)
        return (grids[0] if grids else None), before

    def _put_beside(self, row: ModelRow, picture: Path) -> None:
        try:
            placed = put_beside(Path(row.path), picture)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            text = f"No picture can be put beside its file: {reason}."
            self._sink.problem(Problem(row.name, text))
        else:
            if placed is not None:
                self.report.beside.append(placed)

    def _fail(self, row: ModelRow, error: LoradexError) -> None:
        problem = Problem(row.name, error.message, error.hint)
        self.report.failed.append(problem)
        self._sink.problem(problem)


def _cells(catalog: Catalog, grid_id: int, count: int) -> dict[int, RecordCell]:
    """Return the pictures of a portion's grid by the numbers of its models.

    Models are its only axis, which is none where there is but one of them.
    """
    cells = catalog.grids.cells(grid_id)
    return {cell.at[0] if count > 1 else 0: cell for cell in cells}


def _request(portion: Portion, models: Sequence[ModelRow], look: GridRequest) -> GridRequest:
    """Return the grid of a portion: one picture of each model, a LoRA at strength 1."""
    names = [str(row.id) if row.kind == "lora" else NONE for row in models]
    axes = [AxisRequest(AxisKind.CHECKPOINT, (str(portion.checkpoint.id),))]
    if any(row.kind == "lora" for row in models):
        axes.append(AxisRequest(AxisKind.LORA, tuple(names)))
        axes.append(AxisRequest(AxisKind.STRENGTH, ("1",)))
    return replace(
        look,
        axes=(*axes, *look.axes),
        baseline=False,
        title=look.title or f"Previews on {portion.checkpoint.name}",
    )
