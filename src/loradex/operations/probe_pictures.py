"""The pair of pictures that shows best what a probe found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.domain.grid import Place, RecordCell
from loradex.domain.verdicts import Verdict, VerdictKind
from loradex.errors import BadReference, CatalogError

_USUAL = 1.0


@dataclass(frozen=True, slots=True)
class ProbePair:
    """A picture of the checkpoint alone, and the same with the LoRA; `words` say at what."""

    base: Path
    lora: Path
    words: str


def probe_pair(catalog: Catalog, verdict: Verdict) -> ProbePair | None:
    """Return a pair at the strength that is best, else the one nearest to 1.

    With a trigger word in front where the grid has any. None where the pictures are gone.
    """
    if verdict.grid_id is None:
        return None
    try:
        record = catalog.grids.grid(verdict.grid_id)
        cells = catalog.grids.cells(verdict.grid_id)
    except (BadReference, CatalogError):
        return None
    best = verdict.of(VerdictKind.BEST)
    wanted = best.low if best is not None and best.low is not None else _USUAL
    axes = {axis.kind: number for number, axis in enumerate(record.axes)}

    def strength(at: Place) -> float:
        number = axes.get(AxisKind.STRENGTH)
        return _USUAL if number is None else float(record.axes[number].texts[at[number]])

    def rank(cell: RecordCell) -> tuple[float, bool, Place]:
        words = axes.get(AxisKind.TRIGGER)
        label = "" if words is None else record.axes[words].labels[cell.at[words]]
        plain = words is None or record.axes[words].texts[cell.at[words]] in ("off", "")
        return abs(strength(cell.at) - wanted), plain or label.endswith("(placebo)"), cell.at

    pairs = [cell for cell in cells if cell.path and cell.base_path]
    if not pairs:
        return None
    chosen = min(pairs, key=rank)
    words = axes.get(AxisKind.TRIGGER)
    said = "" if words is None else f", {record.axes[words].labels[chosen.at[words]]}"
    return ProbePair(
        Path(chosen.base_path or ""),
        Path(chosen.path or ""),
        f"with it at {strength(chosen.at):g}{said}",
    )
