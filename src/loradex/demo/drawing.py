"""What the demo draws: a grid of one LoRA, and probes of a few."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.demo.studio import PROMPTS, Studio
from loradex.domain.progress import CancelToken, Problem, ProgressSink
from loradex.domain.verdict_words import findings_line
from loradex.domain.verdicts import Verdict
from loradex.operations.grid_request import GridRequest, usual_request
from loradex.operations.grids import GridResult, draw_grid, finished_cells, plan_request, publish
from loradex.operations.probing.budget import Budget
from loradex.operations.probing.many import Done, Failed, probe_room, run_probes
from loradex.operations.probing.request import ProbeRequest
from loradex.operations.probing.tasks import ProbeTask, plan_tasks
from loradex.operations.verdicts import grid_pages
from loradex.plugin_manager import Plugins

STRENGTHS = (0.0, 0.5, 1.0)
SHOWN_PROMPTS = 2
SEEDS = (1,)


@dataclass(frozen=True, slots=True)
class DemoVerdict:
    """What a probe found of a LoRA. `page` has its pictures, where any could be drawn."""

    name: str
    verdict: Verdict
    page: Path | None

    @property
    def headline(self) -> str:
        """What was found, in a line."""
        return findings_line(self.verdict.findings)


def demo_request(catalog: Catalog, studio: Studio) -> GridRequest:
    """Return the request for the demo's grid: strengths, without and with the trigger words."""
    lora = studio.shown
    return usual_request(
        [catalog.resolve(str(lora.file))],
        catalog.resolve(str(studio.zoo.checkpoint)),
        prompts=PROMPTS[:SHOWN_PROMPTS],
        strengths=STRENGTHS,
        seeds=SEEDS,
        triggers=("off", ", ".join(lora.claimed)),
        title=f"Does {lora.file.stem} do what it says?",
    )


def draw_demo_grid(
    catalog: Catalog, studio: Studio, *, sink: ProgressSink, cancel: CancelToken
) -> GridResult:
    """Draw the demo's grid, or make it from the pictures that an earlier run drew."""
    return draw_grid(catalog, demo_request(catalog, studio), sink=sink, cancel=cancel)


def probe_loras(
    catalog: Catalog,
    studio: Studio,
    plugins: Plugins,
    *,
    sink: ProgressSink,
    cancel: CancelToken,
    told: Callable[[DemoVerdict], None],
) -> list[DemoVerdict]:
    """Probe the LoRAs of the demo that no earlier run has; return what is known of each.

    `told` gets each verdict as soon as it is known.
    """
    checkpoint = str(catalog.resolve(str(studio.zoo.checkpoint)))
    loras = [catalog.resolve(str(lora.file)) for lora in studio.probed]
    found: list[DemoVerdict] = []

    def tell(task: ProbeTask, verdict: Verdict) -> None:
        page = grid_pages(catalog, [verdict]).get(verdict.grid_id or 0)
        found.append(DemoVerdict(task.subject.name, verdict, Path(page) if page else None))
        told(found[-1])

    request = ProbeRequest(prompts=PROMPTS)
    tasks = plan_tasks(catalog, loras, [checkpoint], request, named=True)
    for task in tasks.known:
        if task.earlier is not None:
            tell(task, task.earlier)
    if tasks.todo:
        with probe_room(catalog, request, plugins, sink=sink, cancel=cancel) as room:
            for outcome in run_probes(room, tasks.todo, request, Budget()):
                if isinstance(outcome, Done):
                    tell(outcome.task, outcome.probed.verdict)
                elif isinstance(outcome, Failed):
                    error = outcome.error
                    sink.problem(Problem(outcome.task.subject.name, error.message, error.hint))
    return sorted(found, key=lambda one: loras.index(one.verdict.content_id))


def write_verdict(
    catalog: Catalog,
    studio: Studio,
    grid: GridResult,
    *,
    sink: ProgressSink,
    cancel: CancelToken,
) -> None:
    """Print what the probe found above the pictures of the demo's grid, on its sheet and page."""
    verdicts = catalog.details(catalog.resolve(str(studio.shown.file))).verdicts
    notes: list[str] = []
    for one in verdicts[:1]:
        notes += [findings_line(one.findings), *(finding.sentence for finding in one.findings)]
    plan = plan_request(catalog, demo_request(catalog, studio), sink=sink, cancel=cancel)
    finished = finished_cells(catalog, [cell.key for cell in plan.cells])
    failed = {cell.key: cell for cell in grid.failed}
    publish(plan, finished, failed, grid.folder, notes=notes)
