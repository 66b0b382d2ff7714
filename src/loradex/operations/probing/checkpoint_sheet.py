"""A style sheet of one checkpoint: what it makes of standard prompts, and numbers beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from loradex.domain.probing import ProbeEvidence
from loradex.domain.progress import Problem, Progress
from loradex.domain.recipe import GridModel
from loradex.domain.verdicts import Verdict
from loradex.operations.probing.floor import noise_floor
from loradex.operations.probing.planning import probe_settings
from loradex.operations.probing.points import ProbeCells
from loradex.operations.probing.probe import Probed, ProbeRoom
from loradex.operations.probing.prober import Prober
from loradex.operations.probing.prompts import is_readable
from loradex.operations.probing.publishing import publish_probe
from loradex.operations.probing.request import ProbeRequest
from loradex.operations.probing.sheet_measures import (
    apart,
    mean,
    measured,
    measured_by_plugins,
    sheet_line,
)
from loradex.operations.probing.sheet_points import sheet_points, sheet_prompts, sheet_seeds
from loradex.probe.limits import VERSION
from loradex.render.checks import check_recipe


def probe_checkpoint(
    room: ProbeRoom,
    checkpoint: GridModel,
    request: ProbeRequest,
    *,
    time_left: Callable[[], float] = lambda: float("inf"),
) -> Probed:
    """Draw a checkpoint's style sheet, measure it, and keep both: a verdict without findings.

    Pictures that exist are used again. When `time_left` says that none is, the seeds that were
    drawn by then make the sheet; two are drawn in any case. Raises what drawing raises.
    """
    from loradex.render.engine import engine_of  # noqa: PLC0415 - beside its use

    request.check()
    prompts, seeds = sheet_prompts(request), sheet_seeds(request)
    settings = probe_settings(room.catalog, checkpoint.content_id, request)
    cells = ProbeCells(checkpoint, None, prompts, request.negative_prompt, settings, engine_of)
    points = sheet_points(len(prompts), seeds)
    for point in points:
        check_recipe(cells.cell(point).recipe)
    if not request.prompts:
        _check_words(room, checkpoint, prompts)
    prober = Prober(room.catalog, cells, room.drawing.draw)
    started = time.monotonic()
    drawn = _draw(room, prober, seeds, time_left)
    floor = noise_floor(room.drawing, prober, points)
    samples = prober.samples
    evidence = ProbeEvidence(
        floor=floor,
        seed_distance=mean(apart(samples, one_prompt=True)),
        curve=(),
        words=(),
        prompts=prompts,
        seeds=drawn,
        settings={
            name: value
            for name, value in asdict(cells.settings).items()
            if isinstance(value, str | int | float)
        }
        | {"negative_prompt": request.negative_prompt},
        engine=engine_of(cells.cell(points[0]).recipe),
        drawn=prober.drawn,
        reused=prober.reused,
        shared=prober.count_shared(),
        seconds=time.monotonic() - started,
        extra=(*measured(samples), *measured_by_plugins(room.plugins, prober)),
        version=VERSION,
        depth=request.depth.value,
        stopped=len(drawn) < len(seeds),
    )
    published = publish_probe(
        room.catalog,
        cells,
        prober.finished,
        prober.failed,
        title=f"Style sheet of {checkpoint.name}",
        notes=[sheet_line(evidence)],
    )
    verdict = Verdict(
        content_id=checkpoint.content_id,
        findings=(),
        checkpoint_id=checkpoint.content_id,
        checkpoint=checkpoint.name,
        grid_id=published.grid_id,
        created_at=time.time(),
        evidence=evidence,
    )
    id_ = room.catalog.verdicts.record(verdict)
    return Probed(replace(verdict, id=id_), checkpoint.name, published, evidence.stopped)


def _draw(
    room: ProbeRoom, prober: Prober, seeds: Sequence[int], time_left: Callable[[], float]
) -> tuple[int, ...]:
    """Draw seed by seed; return those that were drawn before the time was up."""
    prompts, name = len(prober.cells.prompts), prober.cells.checkpoint.name
    for number, seed in enumerate(seeds):
        room.cancel.check()
        if number > 1 and time_left() <= 0:
            return tuple(seeds[:number])
        done, total = number * prompts, len(seeds) * prompts
        room.sink.progress(Progress("Probing", done, total, "pictures", name))
        prober.look(sheet_points(prompts, [seed]))
    return tuple(seeds)


def _check_words(room: ProbeRoom, checkpoint: GridModel, prompts: Sequence[str]) -> None:
    ids = room.drawing.token_ids(checkpoint, prompts)
    tokens = [max((len(one) for one in each), default=0) for each in ids]
    if not all(map(is_readable, tokens, prompts)):
        room.sink.problem(
            Problem(
                checkpoint.name,
                "Its tokenizer has no words for the standard prompts.",
                "Give prompts of your own with --prompt.",
            )
        )
