"""What can be probed, and what that takes, before any probe is begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.domain.models import ModelRow
from loradex.domain.verdicts import VerdictSource
from loradex.errors import UsageError
from loradex.operations.grid_models import fitting_checkpoints
from loradex.operations.probe_job import likeliest_checkpoints


@dataclass(frozen=True, slots=True)
class ProbeOffer:
    """LoRAs to probe, and the checkpoints to choose from, the likeliest first.

    Of LoRAs of several bases each is probed on the checkpoint of its own, so that there is
    nothing to choose. `known` of the LoRAs were probed before.
    """

    models: tuple[ModelRow, ...]
    checkpoints: tuple[ModelRow, ...]
    choose: bool
    known: int


@dataclass(frozen=True, slots=True)
class ProbeForecast:
    """What probes would draw: `first` pictures, up to `most` if everything stays open.

    `exist` of the first need not be drawn; `seconds` for the rest of them is None where nothing
    like it was drawn here before. `todo` probes would be made, `known` ones are not made again.
    `faults` say why some cannot be.
    """

    first: int
    most: int
    exist: int
    seconds: float | None
    todo: int
    known: int
    faults: tuple[str, ...] = ()


def probe_offer(catalog: Catalog, ids: Sequence[int]) -> ProbeOffer:
    """Return what can be probed of these models; raise `UsageError` when nothing can."""
    rows = tuple(catalog.rows(ids))
    others = [row for row in rows if row.kind != "lora"]
    if others or not rows:
        raise UsageError(
            "LoRAs are probed.", hint=f"{others[0].name} is none." if others else "Mark some."
        )
    several = len({row.base for row in rows if row.base}) > 1
    found = (
        catalog.rows(likeliest_checkpoints(catalog, ids))
        if several
        else fitting_checkpoints(catalog, ids)
    )
    if not found:
        raise UsageError(
            f"No checkpoint for {rows[0].name} is here.",
            hint="Add a folder that has one: loradex library add PATH",
        )
    verdicts = catalog.verdicts.of_many(ids)
    known = sum(
        any(one.source is VerdictSource.PROBE for one in verdicts.get(row.id, ())) for row in rows
    )
    return ProbeOffer(rows, tuple(found), not several, known)
