"""The kept grids with what is said of their LoRAs, and narrowed to those that match words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.domain.grid import GridRecord
from loradex.domain.verdict_words import headline
from loradex.domain.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class ListedGrid:
    """A grid; `said` is the verdict on its only LoRA, `probed` whether it is a probe's."""

    record: GridRecord
    said: str = ""
    probed: bool = False


def listed_grids(catalog: Catalog, words: str = "") -> list[ListedGrid]:
    """Return the grids, newest first; only those with all of `words` in what is known of them."""
    records = catalog.grids.grids()
    loras = catalog.grids.loras()
    probes = catalog.grids.probed()
    only = {id_: found[0] for id_, found in loras.items() if len(found) == 1}
    verdicts = catalog.verdicts.of_many(sorted(set(only.values())))
    found = [
        ListedGrid(
            record,
            headline(verdicts.get(only.get(record.id, 0), ())),
            record.id in probes,
        )
        for record in records
    ]
    asked = words.casefold().split()
    return [one for one in found if all(word in _known(one) for word in asked)] if asked else found


def grid_verdicts(catalog: Catalog, grid_id: int) -> Sequence[Verdict]:
    """Return what is said of a grid's only LoRA; nothing where it has none, or several."""
    found = catalog.grids.loras().get(grid_id, [])
    return catalog.verdicts.of(found[0]) if len(found) == 1 else ()


def _known(grid: ListedGrid) -> str:
    record = grid.record
    parts = [
        f"#{record.id}", record.title, record.checkpoint, *record.loras, record.prompt, grid.said,
        "probe" if grid.probed else "", "failed" if record.cells_failed else "",
        "done" if record.cells_done == record.cells_total else "stopped",
    ]  # fmt: skip
    return "\n".join(parts).casefold()
