"""A probe's pictures as a grid of the catalog: with a sheet and a page, like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import Axis, AxisKind, AxisValue
from loradex.domain.grid import FailedCell, GridPlan, GridSpec, Layout, Placement, RenderedCell
from loradex.domain.probing import ProbePoint
from loradex.operations.grids import add_grid, publish
from loradex.operations.probing.points import ProbeCells

_WORDLESS = "no trigger word"


@dataclass(frozen=True, slots=True)
class Published:
    """Where a probe's pictures can be looked at."""

    grid_id: int
    folder: Path
    sheets: tuple[Path, ...]
    page: Path


def publish_probe(
    catalog: Catalog,
    cells: ProbeCells,
    finished: Mapping[ProbePoint, RenderedCell],
    failed: Mapping[ProbePoint, FailedCell],
    *,
    title: str,
    notes: Sequence[str],
    placebos: Sequence[str] = (),
) -> Published:
    """Keep the pictures as a grid: words and strengths go across, prompts and seeds down.

    `notes` are what the sheet says above the pictures.
    """
    plan = probe_grid(cells, [*finished, *failed], title=title, placebos=placebos)
    grid_id, folder = add_grid(catalog, plan)
    sheets, page = publish(
        plan,
        {cell.key: cell for cell in finished.values()},
        {cell.key: cell for cell in failed.values()},
        folder,
        notes=notes,
    )
    catalog.grids.set_outputs(grid_id, sheet=str(sheets[0]), page=str(page))
    return Published(grid_id, folder, sheets, page)


def probe_grid(
    cells: ProbeCells, points: Sequence[ProbePoint], *, title: str, placebos: Sequence[str] = ()
) -> GridPlan:
    """Return the grid that these points make up; places that were not drawn are left out of it."""
    words = sorted({p.words for p in points}, key=lambda text: (bool(text), text in placebos, text))
    strengths = sorted({p.strength for p in points})
    prompts = sorted({p.prompt for p in points})
    seeds = sorted({p.seed for p in points})
    every = (
        Axis(AxisKind.TRIGGER, tuple(_word(text, text in placebos) for text in words)),
        Axis(AxisKind.STRENGTH, tuple(AxisValue(one, f"{one:g}") for one in strengths)),
        Axis(
            AxisKind.PROMPT,
            tuple(AxisValue(cells.prompts[n], cells.prompts[n]) for n in prompts),
        ),
        Axis(AxisKind.SEED, tuple(AxisValue(seed, str(seed)) for seed in seeds)),
    )
    kept = [number for number, axis in enumerate(every) if len(axis.values) > 1]
    numbered = {old: new for new, old in enumerate(kept)}
    placements = []
    for point in sorted(points, key=lambda p: (p.words, p.strength, p.prompt, p.seed)):
        at = (
            words.index(point.words),
            strengths.index(point.strength),
            prompts.index(point.prompt),
            seeds.index(point.seed),
        )
        cell = cells.cell(point)
        base = cells.cell(ProbePoint(point.prompt, point.seed, 0.0, point.words))
        placements.append(
            Placement(
                tuple(at[number] for number in kept),
                cell,
                base.key if base.key != cell.key else None,
            )
        )
    first = cells.draft(min(points, key=lambda p: (p.strength, p.words, p.prompt, p.seed)))
    distinct = {placement.cell.key: placement.cell for placement in placements}
    spec = GridSpec(
        base=first,
        axes=tuple(every[number] for number in kept),
        layout=Layout(
            x=tuple(numbered[number] for number in (0, 1) if number in numbered),
            y=tuple(numbered[number] for number in (2, 3) if number in numbered),
        ),
        title=title,
    )
    return GridPlan(spec, tuple(placements), tuple(distinct.values()))


def _word(text: str, placebo: bool) -> AxisValue:
    if not text:
        return AxisValue(False, _WORDLESS)
    return AxisValue(text, f"{text} (placebo)" if placebo else text)
