"""The noise floor: what two legitimate renders of one cell differ by on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from loradex.domain.grid import RenderedCell
from loradex.domain.probing import ProbePoint
from loradex.operations.drawing_rounds import DrawingRoom
from loradex.operations.probing.prober import Prober
from loradex.probe.features import distance, features
from loradex.probe.limits import QUANTISATION
from loradex.probe.pictures import read_pixels

CELLS = 2
"""With the LoRA, since that is what is applied in two ways."""


def noise_floor(room: DrawingRoom, prober: Prober, points: Sequence[ProbePoint]) -> float:
    """Return the RMS distance of pictures drawn as usual and drawn otherwise, in steps of 1/255.

    No less than what rounding to 8 bits makes. The pictures of `points` are drawn once more, in
    another batch and with the LoRA applied in the other way, and not kept.
    """
    drawn = [point for point in points if point in prober.finished]
    cells = {prober.cells.cell(point).key: point for point in drawn[:CELLS]}
    apart = []
    with TemporaryDirectory(prefix="loradex-floor-") as folder:
        again = room.draw_otherwise(
            [prober.cells.cell(point) for point in cells.values()], Path(folder)
        )
        for cell in again:
            sample = prober.samples.known[cells[cell.key]]
            if isinstance(cell, RenderedCell) and sample.features is not None:
                second = features(read_pixels(Path(cell.path)))
                apart.append(distance(second.pixels, sample.features.pixels))
    return max([QUANTISATION, *apart])
