"""Probe in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.catalog.catalog import Catalog
from loradex.domain.probing import Depth
from loradex.operations.child_job import ChildJob
from loradex.paths import Home


def start_probe_job(
    home: Home,
    models: Sequence[int],
    checkpoints: Sequence[int],
    *,
    depth: Depth = Depth.NORMAL,
    budget: str = "",
    again: bool = False,
) -> ChildJob:
    """Start to probe these models; the last message says what was found.

    Each LoRA is probed on those of the checkpoints that are of its base. `budget` is a time such
    as `30m`, empty for no end; with `again` what is known is probed nevertheless.
    """
    arguments = ["probe", *map(str, models)]
    arguments += [part for id_ in checkpoints for part in ("--checkpoint", str(id_))]
    if depth is not Depth.NORMAL:
        arguments.append(f"--{depth.value}")
    if budget:
        arguments += ["--budget", budget]
    if again:
        arguments.append("--again")
    return ChildJob(home, arguments)


def likeliest_checkpoints(catalog: Catalog, models: Sequence[int]) -> list[int]:
    """Return a checkpoint for each base of these LoRAs, the one that fits best.

    A base that no checkpoint is there for has none.
    """
    from loradex.operations.grid_models import (  # noqa: PLC0415 - the start of the TUI has no use
        fitting_checkpoints,
    )

    by_base: dict[str | None, list[int]] = {}
    for row in catalog.rows(models):
        if row.base not in by_base:
            fitting = fitting_checkpoints(catalog, [row.id])
            by_base[row.base] = [one.id for one in fitting[:1]]
    return list(dict.fromkeys(id_ for some in by_base.values() for id_ in some))
