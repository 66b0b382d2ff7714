"""Draw one standard picture of many models, the most wanted first, so that each has a preview.

The picture belongs to a grid like any other, so that it is found again, and shown wherever a
model's picture is. Models are taken in portions; each portion is a grid for every checkpoint in
it, which is loaded once, and whose LoRAs share batches.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.domain.content_level import ContentLimit
from loradex.domain.grid import RecordCell
from loradex.domain.library import FileState
from loradex.domain.models import ModelRow
from loradex.domain.progress import CancelToken, Problem, ProgressSink
from loradex.errors import Cancelled, LoradexError
from loradex.operations.grid_models import (
    CHECKPOINT_KINDS,
    NONE,
    ModelFinder,
    fitting_checkpoints,
)
from loradex.operations.grid_request import AxisRequest, GridRequest
from loradex.operations.grids import draw_grid, preview_grid
from loradex.operations.previews import first_shown
from loradex.operations.previews.beside import pictures_beside, put_beside
from loradex.operations.telling_cell import shown_models

USUAL_PROMPT = "a person in front of a house by a lake, mountains, detailed, natural light"
"""Something for every LoRA to act on: a figure, a thing, a place and a light."""
PORTION = 200
"""Models that share a grid at most. Within a portion the order gives way to the checkpoints."""
_DRAWN_KINDS = ("lora", *CHECKPOINT_KINDS)
_NOT_RATED = 2.5
"""Between two and three stars: what was rated low comes last."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Models that are drawn on one checkpoint, which may be one of them."""

    checkpoint: ModelRow
    models: tuple[ModelRow, ...]


@dataclass(frozen=True, slots=True)
class PreviewPlan:
    """What would be drawn, in that order. `shown` models have a picture already."""

    portions: tuple[Portion, ...]
    shown: int
    left_out: tuple[Problem, ...]

    @property
    def models(self) -> tuple[ModelRow, ...]:
        """All models that would be drawn."""
        return tuple(row for portion in self.portions for row in portion.models)


@dataclass(slots=True)
class PreviewReport:
    """What was drawn. `left` models were not reached in time."""

    drawn: int = 0
    reused: int = 0
    left: int = 0
    beside: list[Path] = field(default_factory=list)
    failed: list[Problem] = field(default_factory=list)
    seconds: float = 0.0


def plan_previews(
    catalog: Catalog,
    ids: Sequence[int] | None,
    *,
    missing: bool,
    limit: ContentLimit,
    checkpoint: int | None = None,
    sink: ProgressSink,
    cancel: CancelToken,
) -> PreviewPlan:
    """Return what drawing previews of `ids` comes to; of all LoRAs and checkpoints when None.

    `missing` leaves out models that have a picture: in a grid, beside the file, or on the hub
    within `limit`. Favourites come first, then what is rated highest (what is not rated stands
    between two and three), then the newest. Without `checkpoint` each LoRA is drawn on the
    likeliest one that fits it and has all that it needs.
    """
    rows = _all(catalog) if ids is None else catalog.rows(list(dict.fromkeys(ids)))
    rows = sorted(rows, key=_wanted)
    shown = _shown(catalog, rows, limit) if missing else set[int]()
    named = None if checkpoint is None else catalog.rows([checkpoint])[0]
    chosen = _Choice(ModelFinder(catalog, sink, cancel), named)
    pairs: list[tuple[ModelRow, ModelRow]] = []
    left_out: list[Problem] = []
    for row in rows:
        if row.id in shown:
            continue
        found = chosen.for_model(row)
        if isinstance(found, str):
            left_out.append(Problem(row.name, found))
        else:
            pairs.append((row, found))
    return PreviewPlan(tuple(_portions(pairs)), len(shown), tuple(left_out))


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


class _Choice:
    """Chooses what a model is drawn on; what cannot be drawn with is looked at once."""

    def __init__(self, finder: ModelFinder, named: ModelRow | None) -> None:
        self._finder = finder
        self._named = named
        self._found: dict[tuple[str, str | None], ModelRow | str] = {}
        self._troubles: dict[int, str | None] = {}

    def for_model(self, row: ModelRow) -> ModelRow | str:
        """Return the checkpoint, or why there is none."""
        if row.kind not in _DRAWN_KINDS:
            return f"Pictures are drawn of LoRAs and checkpoints, not of the kind {row.kind}."
        if row.state != FileState.PRESENT:
            return f"Its file is {row.state}."
        if row.kind in CHECKPOINT_KINDS:
            return row
        return self._for_lora(row) if self._named is None else self._on_named(row, self._named)

    def _on_named(self, row: ModelRow, named: ModelRow) -> ModelRow | str:
        if row.base and named.base and row.base != named.base:
            return f"It is for {row.base}, and {named.name} is {named.base}."
        return named

    def _for_lora(self, row: ModelRow) -> ModelRow | str:
        if not row.base:
            return "Its base is not known, so that a checkpoint has to be named (--checkpoint)."
        key = (row.base, row.derivative)
        if key not in self._found:
            self._found[key] = self._first_whole(row)
        return self._found[key]

    def _first_whole(self, row: ModelRow) -> ModelRow | str:
        """Return the likeliest checkpoint that has all it needs, or what the likeliest lacks."""
        why = ""
        for checkpoint in fitting_checkpoints(self._finder.catalog, [row.id]):
            trouble = self._trouble(checkpoint)
            if trouble is None:
                return checkpoint
            why = why or trouble
        return why or f"No checkpoint for {row.base} is in the catalog."

    def _trouble(self, checkpoint: ModelRow) -> str | None:
        if checkpoint.id not in self._troubles:
            self._troubles[checkpoint.id] = None
            try:
                model = self._finder.model(checkpoint.id, CHECKPOINT_KINDS)
                self._finder.completed(model)
            except Cancelled:
                raise
            except LoradexError as error:
                self._troubles[checkpoint.id] = error.message
        return self._troubles[checkpoint.id]


def _all(catalog: Catalog) -> list[ModelRow]:
    queries = (f"kind:{kind} is:present" for kind in _DRAWN_KINDS)
    return [row for query in queries for row in catalog.search(query).rows]


def _wanted(row: ModelRow) -> tuple[object, ...]:
    rating = _NOT_RATED if row.rating is None else row.rating
    return (not row.favourite, -rating, -row.added_at, row.id)


def _shown(catalog: Catalog, rows: Sequence[ModelRow], limit: ContentLimit) -> set[int]:
    """Return which of these models have a picture that would be shown."""
    drawn: dict[int, Path] = {}
    for grid in catalog.grids.grids():
        drawn |= shown_models(catalog, grid.id)
    return {row.id for row in rows if _has_picture(catalog, row, drawn.get(row.id), limit)}


def _has_picture(catalog: Catalog, row: ModelRow, drawn: Path | None, limit: ContentLimit) -> bool:
    if drawn is not None and drawn.is_file():
        return True
    if next(pictures_beside(Path(row.path)), None) is not None:
        return True
    return row.matched and first_shown(catalog.known.images_of(row.id), limit) is not None


def _portions(pairs: Sequence[tuple[ModelRow, ModelRow]]) -> Iterator[Portion]:
    for start in range(0, len(pairs), PORTION):
        groups: dict[int, list[tuple[ModelRow, ModelRow]]] = {}
        for model, checkpoint in pairs[start : start + PORTION]:
            groups.setdefault(checkpoint.id, []).append((model, checkpoint))
        for group in groups.values():
            yield Portion(group[0][1], tuple(model for model, _ in group))


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
                finder.model(row.id, _DRAWN_KINDS)
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
