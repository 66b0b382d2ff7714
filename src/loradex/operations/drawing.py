"""Draw the cells of a grid in processes of their own, one for each device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from loradex.domain.grid import FailedCell, GridPlan, RenderedCell
from loradex.domain.grid_json import spec_to_json
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.errors import LoradexError
from loradex.operations.drawing_events import (
    error_of,
    failed_of,
    problem_of,
    progress_of,
    rendered_of,
)
from loradex.operations.drawing_process import LAST_WORDS, DrawingProcess

_LOOK_EVERY = 0.1


def draw_cells(
    plan: GridPlan,
    keys: Sequence[str],
    folder: Path,
    *,
    tokenizers: Sequence[Path] = (),
    log: Path,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Iterator[RenderedCell | FailedCell]:
    """Draw the cells with these keys into `folder`, and yield each as it is finished.

    `tokenizers` are folders of those that were downloaded. The devices of this machine share the
    cells when the grid names none. Raises what drawing raises (`NotRenderable`, `ExtraMissing` …),
    `Cancelled`, and `RenderError` when a process died; what was finished by then was yielded.
    """
    from loradex.render.devices import devices_for  # noqa: PLC0415 - beside its use

    devices = devices_for(plan.spec.settings)
    shares = _shares(keys, len(devices))
    workers = [DrawingProcess(log, tokenizers) for _ in shares]
    try:
        for worker, share, device in zip(workers, shares, devices, strict=False):
            worker.ask("grid", **_job(plan, share, folder, device))
        yield from _heard(workers, sink, cancel)
    finally:
        # All are told before any is waited for, since each may take a step to end.
        for worker in workers:
            worker.let_go()
        for worker in workers:
            worker.close()


def _shares(keys: Sequence[str], count: int) -> list[Sequence[str]]:
    """Split the cells, which stand in drawing order, into as many runs, none of them empty."""
    count = max(1, min(count, len(keys)))
    return [keys[len(keys) * n // count : len(keys) * (n + 1) // count] for n in range(count)]


def _heard(
    workers: Sequence[DrawingProcess], sink: ProgressSink, cancel: CancelToken
) -> Iterator[RenderedCell | FailedCell]:
    running = list(workers)
    where: dict[DrawingProcess, Progress] = {}
    trouble: LoradexError | None = None
    while running:
        cancel.check()
        for worker in list(running):
            finished = False
            for event in worker.events(_LOOK_EVERY / len(running)):
                kind = event.get("event")
                if kind == "progress":
                    where[worker] = progress_of(event)
                    sink.progress(_together(list(where.values())))
                elif kind == "problem":
                    sink.problem(problem_of(event))
                elif kind == "cell":
                    yield rendered_of(event)
                elif kind == "failed":
                    yield failed_of(event)
                elif kind == "error":
                    trouble = error_of(event)
                finished |= kind in LAST_WORDS
            if finished:
                running.remove(worker)
                worker.let_go()
            elif worker.ended:
                running.remove(worker)
                trouble = trouble or worker.died()
    if trouble is not None:
        raise trouble


def _job(plan: GridPlan, keys: Sequence[str], folder: Path, device: str) -> Mapping[str, object]:
    """Return what one process is told to draw."""
    return {
        "spec": spec_to_json(plan.spec),
        "keys": list(keys),
        "folder": str(folder),
        "device": device,
    }


def _together(parts: Sequence[Progress]) -> Progress:
    """Return one progress of several processes."""
    if len(parts) == 1:
        return parts[0]
    totals = [part.total for part in parts]
    total = None if None in totals else sum(one or 0 for one in totals)
    last = parts[-1]
    return Progress(last.stage, sum(part.done for part in parts), total, last.unit, last.item)
