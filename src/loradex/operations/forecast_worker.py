"""The process behind `Forecaster`: reads a request a line, answers each with a line of JSON.

It imports torch, which an interface must not; and it ends when nobody asks any more.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.probing import Depth
from loradex.domain.progress import CancelToken, SilentSink
from loradex.errors import LoradexError
from loradex.operations.grid_toml import read_toml
from loradex.operations.grids import preview_grid
from loradex.operations.probing.request import ProbeRequest
from loradex.operations.probing.tasks import plan_tasks
from loradex.paths import Home


def answer(catalog: Catalog, asked: Mapping[str, object]) -> dict[str, object]:
    """Return what a grid or probes would take; or why they cannot be drawn."""
    try:
        if asked["do"] == "grid":
            return _grid(catalog, str(asked["spec"]))
        return _probe(catalog, asked)
    except LoradexError as error:
        return {"error": error.message, "hint": error.hint}


def _grid(catalog: Catalog, described: str) -> dict[str, object]:
    from loradex.render.devices import devices_for  # noqa: PLC0415 - torch is behind this

    preview = preview_grid(catalog, read_toml(described), hashing=False)
    return {
        "pictures": preview.pictures,
        "exist": preview.finished,
        "seconds": preview.seconds,
        "memory_bytes": preview.memory_bytes,
        "downloads": [[one.words, one.size] for one in preview.downloads],
        "devices": devices_for(preview.plan.spec.settings),
    }


def _probe(catalog: Catalog, asked: Mapping[str, object]) -> dict[str, object]:
    """Return what the first pictures of probes take, all of them together."""
    from loradex.operations.probing.many import Failed, Planned, probe_costs  # noqa: PLC0415

    request = ProbeRequest(depth=Depth(str(asked["depth"])))
    tasks = plan_tasks(
        catalog,
        _numbers(asked["models"]),
        [str(one) for one in _numbers(asked["checkpoints"])],
        request,
        named=True,
        again=bool(asked["again"]),
    )
    outcomes = list(
        probe_costs(catalog, tasks.todo, request, sink=SilentSink(), cancel=CancelToken())
    )
    costs = [one.cost for one in outcomes if isinstance(one, Planned)]
    seconds = [cost.seconds for cost in costs]
    known = [one for one in seconds if one is not None]
    return {
        "first": sum(cost.first for cost in costs),
        "most": sum(cost.most for cost in costs),
        "exist": sum(cost.exist for cost in costs),
        "seconds": sum(known) if len(known) == len(seconds) else None,
        "todo": len(costs),
        "known": len(tasks.known),
        "faults": [
            *(f"{one.item}: {one.message}" for one in tasks.left_out),
            *(str(one.error) for one in outcomes if isinstance(one, Failed)),
        ],
    }


def _numbers(value: object) -> list[int]:
    return [int(one) for one in value] if isinstance(value, list) else []


def main() -> None:
    """Answer until standard input ends."""
    home = Home(Path(sys.argv[1]))
    answers = sys.stdout
    # What libraries print is no answer.
    sys.stdout = sys.stderr
    with Catalog.open(home) as catalog:
        for line in sys.stdin:
            answers.write(json.dumps(answer(catalog, json.loads(line))) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
