"""A sample grid: what is asked for, its cells, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft
from loradex.domain.recipe import GridModel, Recipe, RenderSettings

__all__ = [
    "Axis",
    "AxisKind",
    "AxisValue",
    "Cell",
    "Draft",
    "FailedCell",
    "GridModel",
    "GridPlan",
    "GridRecord",
    "GridSpec",
    "Layout",
    "Placement",
    "Recipe",
    "RecordAxis",
    "RecordCell",
    "RenderSettings",
    "RenderedCell",
]

Place = tuple[int, ...]
"""Where a cell stands: for each axis of the grid the number of its value."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which axes go across, which down, and which turn pages: numbers of axes, outermost first."""

    x: tuple[int, ...] = ()
    y: tuple[int, ...] = ()
    pages: tuple[int, ...] = ()

    def places(self, lengths: tuple[int, ...], axes: tuple[int, ...]) -> Iterator[Place]:
        """Yield every combination of these axes' value numbers, the last axis fastest."""
        return product(*(range(lengths[axis]) for axis in axes))

    def place(self, page: Place, row: Place, column: Place) -> Place:
        """Return the place, in the order of the grid's axes, of a page's row and column."""
        at = dict(zip((*self.pages, *self.y, *self.x), (*page, *row, *column), strict=True))
        return tuple(at[axis] for axis in sorted(at))


@dataclass(frozen=True, slots=True)
class GridSpec:
    """What a person asked for: a cell, and the axes that vary it in every combination.

    `excluded` are combinations that are left out: for some axes the numbers of their values.
    `named` are the models behind the names in `<lora:NAME:…>`, and `embeddings` those behind
    words of prompts.
    """

    base: Draft
    axes: tuple[Axis, ...]
    layout: Layout
    excluded: tuple[Mapping[int, frozenset[int]], ...] = ()
    named: Mapping[str, GridModel] = field(default_factory=dict)
    embeddings: Mapping[str, GridModel] = field(default_factory=dict)
    title: str = ""

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def settings(self) -> RenderSettings:
        """How cells are drawn where no axis says otherwise; device and dtype hold for all."""
        return self.base.settings


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a grid. `key` is the digest of all that determines the picture."""

    recipe: Recipe
    key: str


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a cell stands in the grid, and the key of the same picture without any LoRA.

    `base_key` is None where no such picture is in the grid, or the cell itself has no LoRA.
    """

    at: Place
    cell: Cell
    base_key: str | None = None


@dataclass(frozen=True, slots=True)
class GridPlan:
    """All places of a grid, and the distinct cells behind them in the order to draw them."""

    spec: GridSpec
    placements: tuple[Placement, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class RenderedCell:
    """A finished cell: its picture, and how long it took.

    `latent_std` and `latent_max` are the spread and the largest absolute value of its latents
    before they were decoded; None where that was not written down.
    """

    key: str
    path: str
    width: int
    height: int
    seconds: float
    infotext: str
    latent_std: float | None = None
    latent_max: float | None = None


DOES_NOT_FIT = "does-not-fit"
OUT_OF_RANGE = "out-of-range"
FLAT = "flat"


@dataclass(frozen=True, slots=True)
class FailedCell:
    """A cell that could not be drawn, and why.

    `reason` is `DOES_NOT_FIT` (a LoRA has other layers than the checkpoint), `OUT_OF_RANGE`
    (numbers overflowed on the way), `FLAT` (one colour everywhere), or empty for all else.
    """

    key: str
    message: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RecordAxis:
    """An axis as the catalog keeps it: its kind, and its values as short and as whole texts."""

    kind: AxisKind
    labels: tuple[str, ...]
    texts: tuple[str, ...]
    find: str = ""


@dataclass(frozen=True, slots=True)
class GridRecord:
    """A grid as the catalog keeps it."""

    id: int
    title: str
    created_at: float
    checkpoint: str
    loras: tuple[str, ...]
    axes: tuple[RecordAxis, ...]
    layout: Layout
    settings: RenderSettings
    prompt: str
    cells_total: int
    cells_done: int
    cells_failed: int
    folder: str
    sheet_path: str | None
    page_path: str | None

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(len(axis.labels) for axis in self.axes)


@dataclass(frozen=True, slots=True)
class RecordCell:
    """A place of a kept grid: its picture, why there is none, or neither while it is not drawn."""

    at: Place
    path: str | None
    error: str | None
    base_path: str | None
    """The picture without the LoRA, where the grid has one."""
    key: str = ""
    seconds: float = 0.0
    """How long the picture took; 0 where there is none, or that was not written down."""
