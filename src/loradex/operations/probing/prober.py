"""Draw what a probe asks for, measure it, and remember it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.grid import (
    DOES_NOT_FIT,
    FLAT,
    OUT_OF_RANGE,
    Cell,
    FailedCell,
    RenderedCell,
)
from loradex.domain.probing import ProbePoint
from loradex.errors import LoraMismatch, RenderError
from loradex.operations.grids import finished_cells
from loradex.operations.probing.points import ProbeCells
from loradex.probe.burning import signs
from loradex.probe.features import features
from loradex.probe.pictures import read_pixels
from loradex.probe.samples import Sample, Samples

Draw = Callable[[Sequence[Cell]], Iterable[RenderedCell | FailedCell]]


@dataclass(slots=True)
class Prober:
    """The pictures of one probe: those that exist are read, the others drawn with `draw`."""

    catalog: Catalog
    cells: ProbeCells
    draw: Draw
    samples: Samples = field(default_factory=Samples)
    finished: dict[ProbePoint, RenderedCell] = field(default_factory=dict)
    failed: dict[ProbePoint, FailedCell] = field(default_factory=dict)
    drawn: int = 0
    reused: int = 0
    seconds: float = 0.0
    """What the drawn pictures took, without loading."""

    def look(self, points: Iterable[ProbePoint]) -> None:
        """Take these pictures into the samples.

        Raises `LoraMismatch` when the LoRA does not fit the checkpoint, and `RenderError` when a
        picture cannot be drawn for another reason than numbers out of range.
        """
        wanted = {
            self.cells.cell(point).key: point for point in points if point not in self.samples.known
        }
        known = finished_cells(self.catalog, list(wanted))
        for key, cell in known.items():
            self._take(wanted[key], cell)
        self.reused += len(known)
        missing = [self.cells.cell(point) for key, point in wanted.items() if key not in known]
        for made in self.draw(missing) if missing else ():
            self.catalog.grids.record([made])
            if isinstance(made, FailedCell):
                self._fail(wanted[made.key], made)
                continue
            self.drawn += 1
            self.seconds += made.seconds
            self._take(wanted[made.key], made)

    def count_shared(self) -> int:
        """Return how many of the pictures belong to the checkpoint alone."""
        return sum(not point.strength for point in self.finished)

    def _take(self, point: ProbePoint, cell: RenderedCell) -> None:
        pixels = read_pixels(Path(cell.path))
        self.finished[point] = cell
        self.samples.add(
            point,
            Sample(
                features(pixels),
                signs(pixels, latent_std=cell.latent_std, latent_max=cell.latent_max),
            ),
        )

    def _fail(self, point: ProbePoint, cell: FailedCell) -> None:
        self.failed[point] = cell
        if cell.reason in (OUT_OF_RANGE, FLAT):
            self.samples.add(point, Sample(None, None))
            return
        if cell.reason == DOES_NOT_FIT:
            raise LoraMismatch(cell.message)
        raise RenderError(
            f"A picture of the probe could not be drawn: {cell.message}",
            hint="What was drawn is kept: probe again to go on.",
        )
