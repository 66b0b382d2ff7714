"""Probe a LoRA: draw, measure, judge, and keep the verdict with its pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.probing import NO_WORDS, ProbeEvidence
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.domain.recipe import GridModel
from loradex.domain.verdict_words import findings_line
from loradex.domain.verdicts import Finding, Verdict, VerdictKind
from loradex.errors import LoraMismatch
from loradex.operations.drawing_rounds import DrawingRoom
from loradex.operations.grid_models import ModelFinder
from loradex.operations.probing.extras import extras
from loradex.operations.probing.floor import CELLS, noise_floor
from loradex.operations.probing.planning import ProbePlan, plan_probe
from loradex.operations.probing.prober import Prober
from loradex.operations.probing.publishing import Published, publish_probe
from loradex.operations.probing.request import ProbeRequest
from loradex.plugin_manager import Plugins
from loradex.probe.course import course
from loradex.probe.judge import judge
from loradex.probe.limits import VERSION
from loradex.probe.state import State


@dataclass(frozen=True, slots=True)
class Probed:
    """A finished probe: the verdict as it was kept, and where its pictures are.

    `published` is None when nothing could be drawn. `stopped` says that the time was up before
    everything was decided.
    """

    verdict: Verdict
    name: str
    published: Published | None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class ProbeRoom:
    """What probes share: the catalog, the process that draws, and plugins."""

    catalog: Catalog
    drawing: DrawingRoom
    plugins: Plugins
    sink: ProgressSink
    cancel: CancelToken


def probe_lora(
    room: ProbeRoom,
    lora: int,
    checkpoint: GridModel,
    request: ProbeRequest,
    *,
    time_left: Callable[[], float] = lambda: float("inf"),
) -> Probed:
    """Probe one LoRA on a checkpoint and keep the verdict.

    Pictures that exist are used again, so a probe that was cut off goes on where it was. When
    `time_left` says that none is, what is known by then is judged. Raises what finding models and
    drawing raises; a LoRA that does not fit the checkpoint is a verdict, not an error.
    """
    finder = ModelFinder(room.catalog, room.sink, room.cancel)
    try:
        plan = plan_probe(finder, room.drawing, checkpoint, lora, request)
    except LoraMismatch as error:
        return _misfit(room, lora, checkpoint, str(error))
    prober = Prober(room.catalog, plan.cells, room.drawing.draw)
    started = time.monotonic()
    try:
        state, stopped = _drawn(room, plan, prober, time_left)
    except LoraMismatch as error:
        return _misfit(room, lora, checkpoint, str(error))
    judged = judge(state, stopped=stopped)
    measured = extras(room, plan, prober, judged.words, request)
    evidence = ProbeEvidence(
        floor=state.floor,
        seed_distance=state.seed_distance,
        curve=judged.curve,
        words=judged.scores,
        prompts=plan.cells.prompts,
        seeds=plan.inquiry.seeds,
        settings=_settings(plan),
        engine=_engine(plan),
        drawn=prober.drawn,
        reused=prober.reused,
        shared=prober.count_shared(),
        seconds=time.monotonic() - started,
        extra=measured,
        version=VERSION,
        depth=request.depth.value,
        stopped=stopped,
    )
    title = f"Probe of {plan.details.row.name} on {checkpoint.name}"
    published = publish_probe(
        room.catalog,
        plan.cells,
        prober.finished,
        prober.failed,
        title=title,
        notes=[findings_line(judged.findings), *(one.sentence for one in judged.findings)],
        placebos=[word.placebo for word in (*plan.inquiry.words, *plan.inquiry.mined)],
    )
    verdict = Verdict(
        content_id=lora,
        findings=judged.findings,
        checkpoint_id=checkpoint.content_id,
        checkpoint=checkpoint.name,
        grid_id=published.grid_id,
        created_at=time.time(),
        evidence=evidence,
    )
    return Probed(_kept(room.catalog, verdict), plan.details.row.name, published, stopped)


def _drawn(
    room: ProbeRoom, plan: ProbePlan, prober: Prober, time_left: Callable[[], float]
) -> tuple[State, bool]:
    """Draw what the course asks for; return what is known, and whether the time was up first."""
    first = plan.inquiry.points(CELLS, (1.0,), (NO_WORDS,))
    prober.look(first)
    floor = noise_floor(room.drawing, prober, [point for point in first if point.strength])
    state = State(plan.inquiry, prober.samples, floor)
    for points in course(state):
        room.cancel.check()
        if time_left() <= 0:
            return state, True
        known = len(prober.samples.known)
        room.sink.progress(
            Progress("Probing", known, known + len(points), "pictures", plan.details.row.name)
        )
        prober.look(points)
    return state, False


def _misfit(room: ProbeRoom, lora: int, checkpoint: GridModel, sentence: str) -> Probed:
    """Keep the verdict that a LoRA has other layers than the checkpoint."""
    verdict = Verdict(
        content_id=lora,
        findings=(Finding(VerdictKind.DOES_NOT_FIT, sentence),),
        checkpoint_id=checkpoint.content_id,
        checkpoint=checkpoint.name,
        created_at=time.time(),
    )
    name = room.catalog.details(lora).row.name
    return Probed(_kept(room.catalog, verdict), name, None)


def _kept(catalog: Catalog, verdict: Verdict) -> Verdict:
    id_ = catalog.verdicts.record(verdict)
    return catalog.verdicts.get(id_) or verdict


def _settings(plan: ProbePlan) -> dict[str, str | int | float]:
    said = asdict(plan.cells.settings)
    plain = {name: value for name, value in said.items() if isinstance(value, str | int | float)}
    return plain | {"negative_prompt": plan.cells.negative_prompt}


def _engine(plan: ProbePlan) -> str:
    (point, *_) = plan.inquiry.points(1, (1.0,), (NO_WORDS,))
    return plan.cells.engine(plan.cells.cell(point).recipe)


def renders_log(home: Path) -> Path:
    """Return where the drawing process writes what it has to say."""
    return home / "logs" / "drawing.log"
