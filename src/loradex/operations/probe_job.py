"""Probe in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.operations.child_job import ChildJob
from loradex.paths import Home

ProbeJob = ChildJob


def start_probe_job(
    home: Home, models: Sequence[int], checkpoints: Sequence[int] = (), *, again: bool = False
) -> ProbeJob:
    """Start to probe these models with all as usual; the last message has what was found.

    Without `checkpoints` LoRAs need one that alone fits. With `again` models are probed anew.
    """
    named = [part for id_ in checkpoints for part in ("--checkpoint", str(id_))]
    rest = ["--again"] if again else []
    return ChildJob(home, ["probe", *map(str, models), *named, *rest])
