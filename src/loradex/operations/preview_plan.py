"""Which models get a preview, in which order, and on which checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.content_level import ContentLimit
from loradex.domain.library import FileState
from loradex.domain.models import ModelRow
from loradex.domain.progress import CancelToken, Problem, ProgressSink
from loradex.errors import Cancelled, LoradexError
from loradex.operations.grid_models import CHECKPOINT_KINDS, ModelFinder, fitting_checkpoints
from loradex.operations.previews import first_shown
from loradex.operations.previews.beside import pictures_beside
from loradex.operations.telling_cell import shown_models

PORTION = 200
"""Models that share a grid at most. Within a portion the order gives way to the checkpoints."""
DRAWN_KINDS = ("lora", *CHECKPOINT_KINDS)
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


class _Choice:
    """Chooses what a model is drawn on; what cannot be drawn with is looked at once."""

    def __init__(self, finder: ModelFinder, named: ModelRow | None) -> None:
        self._finder = finder
        self._named = named
        self._found: dict[tuple[str, str | None], ModelRow | str] = {}
        self._troubles: dict[int, str | None] = {}

    def for_model(self, row: ModelRow) -> ModelRow | str:
        """Return the checkpoint, or why there is none."""
        if row.kind not in DRAWN_KINDS:
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
    queries = (f"kind:{kind} is:present" for kind in DRAWN_KINDS)
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
