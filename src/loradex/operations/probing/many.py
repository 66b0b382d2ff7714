"""Probe one after another: no failure stops the rest, and a budget says when to stop beginning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import fsum

from loradex.catalog.catalog import Catalog
from loradex.domain.grid import Cell
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.domain.recipe import GridModel, Recipe, RenderSettings
from loradex.errors import Cancelled, CatalogError, ExtraMissing, LoradexError
from loradex.operations.drawing_rounds import DrawingRoom
from loradex.operations.grid_models import CHECKPOINT_KINDS, ModelFinder
from loradex.operations.probing.budget import Budget
from loradex.operations.probing.checkpoint_sheet import probe_checkpoint
from loradex.operations.probing.cost import ProbeCost, probe_cost
from loradex.operations.probing.probe import Probed, ProbeRoom, probe_lora, renders_log
from loradex.operations.probing.request import ProbeRequest
from loradex.operations.probing.tasks import ProbeTask
from loradex.operations.tokenizers import fetch_tokenizers, lacking, tokenizer_folders
from loradex.plugin_manager import Plugins
from loradex.render.published_tokenizers import PublishedTokenizer
from loradex.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class Done:
    """A probe that ended with a verdict."""

    task: ProbeTask
    probed: Probed


@dataclass(frozen=True, slots=True)
class Failed:
    """A probe that ended with an error; the next one goes on."""

    task: ProbeTask
    error: LoradexError


@dataclass(frozen=True, slots=True)
class NotReached:
    """A probe that was not begun: `predicted` seconds are more than the budget has left."""

    task: ProbeTask
    predicted: float


@dataclass(frozen=True, slots=True)
class Planned:
    """What a probe would draw, and the tokenizers that would be downloaded first."""

    task: ProbeTask
    cost: ProbeCost
    downloads: tuple[PublishedTokenizer, ...] = ()


Outcome = Done | Failed | NotReached | Planned


@contextmanager
def probe_room(
    catalog: Catalog,
    request: ProbeRequest,
    plugins: Plugins,
    *,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Iterator[ProbeRoom]:
    """Give what probes share, and end the drawing process after the last."""
    said = request.settings
    settings = RenderSettings(dtype=said.dtype or "auto", device=said.device or "auto")
    with DrawingRoom(
        catalog.home.renders,
        log=renders_log(catalog.home.root),
        settings=settings,
        tokenizers=tokenizer_folders(catalog.home),
        sink=sink,
        cancel=cancel,
    ) as drawing:
        yield ProbeRoom(catalog, drawing, plugins, sink, cancel)


def run_probes(
    room: ProbeRoom,
    tasks: Sequence[ProbeTask],
    request: ProbeRequest,
    budget: Budget,
    *,
    offline: bool = False,
) -> Iterator[Done | Failed | NotReached]:
    """Probe in this order, and yield what became of each as soon as it is kept.

    One that would take longer than the budget has left is not begun, nor is any after it; the one
    that runs when the time is up is judged by what is drawn by then. Raises `Cancelled` when the
    person stops it: what was yielded is kept, and so are the pictures of the one that was cut off.
    With `offline` no tokenizer that is missing is downloaded, whatever the settings say.
    """
    run = _Run(room, request, budget, offline)
    for number, task in enumerate(tasks):
        predicted = run.predicted(task)
        if not budget.allows(predicted):
            yield from (NotReached(each, predicted) for each in tasks[number:])
            return
        try:
            yield Done(task, run.probe(task))
        except (Cancelled, CatalogError, ExtraMissing):
            raise
        except LoradexError as error:
            yield Failed(task, error)


def probe_costs(
    catalog: Catalog,
    tasks: Sequence[ProbeTask],
    request: ProbeRequest,
    *,
    offline: bool = False,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Iterator[Planned | Failed]:
    """Yield what each probe would draw, or the error that it would end with."""
    finder = ModelFinder(catalog, sink, cancel)
    for task in tasks:
        cancel.check()
        try:
            checkpoint = _checkpoint(finder, task)
            missing = _lacking(catalog, checkpoint, offline=offline)
            yield Planned(task, probe_cost(finder, task, checkpoint, request), missing)
        except (Cancelled, CatalogError, ExtraMissing):
            raise
        except LoradexError as error:
            yield Failed(task, error)


@dataclass(slots=True)
class _Run:
    """One run over tasks: the checkpoint at hand, and what probes took so far."""

    room: ProbeRoom
    request: ProbeRequest
    budget: Budget
    offline: bool
    _checkpoints: dict[int, GridModel] = field(default_factory=dict)
    _took: dict[int, list[float]] = field(default_factory=dict)

    def predicted(self, task: ProbeTask) -> float:
        """Return about how many seconds a probe takes, 0 where nothing like it was ever drawn.

        What those before it on this checkpoint took, else the time for its first pictures.
        """
        took = self._took.get(task.checkpoint.id, ())
        if took:
            return fsum(took) / len(took)
        if self.budget.left() == float("inf"):
            return 0.0
        finder = ModelFinder(self.room.catalog, self.room.sink, self.room.cancel)
        try:
            cost = probe_cost(finder, task, self._checkpoint(task), self.request)
        except (Cancelled, CatalogError, ExtraMissing):
            raise
        except LoradexError:
            return 0.0  # said when it is probed
        return cost.seconds or 0.0

    def probe(self, task: ProbeTask) -> Probed:
        checkpoint, time_left = self._checkpoint(task), self.budget.left
        if task.of_checkpoint:
            return probe_checkpoint(self.room, checkpoint, self.request, time_left=time_left)
        probed = probe_lora(
            self.room, task.subject.id, checkpoint, self.request, time_left=time_left
        )
        evidence = probed.verdict.evidence
        if evidence is not None and evidence.drawn and not probed.stopped:
            self._took.setdefault(task.checkpoint.id, []).append(evidence.seconds)
        return probed

    def _checkpoint(self, task: ProbeTask) -> GridModel:
        """Return the checkpoint, with the tokenizers that it needs brought here."""
        room = self.room
        if task.checkpoint.id not in self._checkpoints:
            found = _checkpoint(ModelFinder(room.catalog, room.sink, room.cancel), task)
            missing = _lacking(room.catalog, found, offline=self.offline)
            fetch_tokenizers(missing, room.catalog.home, sink=room.sink, cancel=room.cancel)
            self._checkpoints[task.checkpoint.id] = found
        return self._checkpoints[task.checkpoint.id]


def _checkpoint(finder: ModelFinder, task: ProbeTask) -> GridModel:
    return finder.completed(finder.model(task.checkpoint.id, CHECKPOINT_KINDS))


def _lacking(
    catalog: Catalog, checkpoint: GridModel, *, offline: bool
) -> tuple[PublishedTokenizer, ...]:
    settings: Settings = load_settings(catalog.home)
    if offline:
        settings = replace(settings, offline=True)
    return lacking([Cell(Recipe(checkpoint, "", "", 0), "")], catalog.home, settings)
