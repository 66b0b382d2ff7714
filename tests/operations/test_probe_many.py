"""Probes one after another, with tiny models that really draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from grid_stock import Stock
from loradex.catalog.catalog import Catalog
from loradex.domain.probing import Depth
from loradex.domain.progress import CancelToken, Progress
from loradex.domain.verdicts import VerdictKind
from loradex.errors import Cancelled, UsageError
from loradex.operations.probing.budget import Budget
from loradex.operations.probing.many import (
    Done,
    Failed,
    NotReached,
    probe_costs,
    probe_room,
    run_probes,
)
from loradex.operations.probing.probe import ProbeRoom
from loradex.operations.probing.request import ProbeRequest, ProbeSettings
from loradex.operations.probing.tasks import ProbeTask, plan_tasks
from loradex.paths import Home
from loradex.plugin_manager import load_plugins
from progress_kit import Recorder

pytestmark = pytest.mark.render

QUICK = ProbeRequest(
    depth=Depth.QUICK,
    prompts=("a red boat", "a small castle", "a neonkn fox"),
    settings=ProbeSettings(width=64, height=64, num_inference_steps=2, device="cpu"),
)


@pytest.fixture
def catalog(stocked: Stock, home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with Catalog.open(home) as opened:
        yield opened


class Told(Recorder):
    """Calls back with what it is told."""

    def __init__(self, heard: Callable[[Progress], None]) -> None:
        super().__init__()
        self._heard = heard

    def progress(self, event: Progress) -> None:
        super().progress(event)
        self._heard(event)


@contextmanager
def room_of(catalog: Catalog, sink: Recorder, cancel: CancelToken) -> Iterator[ProbeRoom]:
    plugins = load_plugins(catalog.home, [])
    with probe_room(catalog, QUICK, plugins, sink=sink, cancel=cancel) as room:
        yield room


def tasks_of(
    catalog: Catalog, *names: str, request: ProbeRequest = QUICK, again: bool = False
) -> tuple[ProbeTask, ...]:
    ids = [catalog.resolve(name) for name in names]
    return plan_tasks(catalog, ids, ["painter"], request, named=True, again=again).todo


def test_all_are_probed_and_share_what_is_the_checkpoints(catalog: Catalog) -> None:
    """One that cannot be probed as asked, and one that does not fit, stop nobody."""
    tasks = tasks_of(catalog, "neon", "glow", "plain", "painter")
    sink, cancel = Recorder(), CancelToken()
    planned = list(probe_costs(catalog, tasks, QUICK, sink=sink, cancel=cancel))
    assert [type(one).__name__ for one in planned] == ["Planned", "Failed", "Planned", "Planned"]
    with room_of(catalog, sink, cancel) as room:
        outcomes = list(run_probes(room, tasks, QUICK, Budget()))
    neon, glow, plain, painter = outcomes
    assert isinstance(neon, Failed)
    assert isinstance(neon.error, UsageError)
    assert "has the trigger word 'neonkn' in it" in neon.error.message
    assert isinstance(glow, Done)
    assert glow.probed.verdict.kinds == (VerdictKind.DOES_NOT_FIT,)
    assert isinstance(plain, Done)
    assert isinstance(painter, Done)
    measured = plain.probed.verdict.evidence
    assert measured is not None
    assert (measured.depth, measured.stopped, measured.prompts) == ("quick", False, QUICK.prompts)
    assert measured.shared >= 4
    assert catalog.verdicts.of(plain.task.subject.id) == [plain.probed.verdict]

    sheet = painter.probed.verdict
    assert (sheet.findings, sheet.content_id, sheet.checkpoint_id) == ((), 1, 1)
    assert sheet.evidence is not None
    assert (sheet.evidence.reused, sheet.evidence.drawn) == (2, 4)
    means = {one.name: one.base for one in sheet.evidence.extra}
    assert means["seed-diversity"] == sheet.evidence.seed_distance > 1
    assert 0 < means["saturation"] < 1
    assert "colourfulness" in means
    assert sheet.grid_id is not None
    assert catalog.grids.grid(sheet.grid_id).page_path == str(painter.probed.published.page)  # type: ignore[union-attr]

    assert [task.subject.name for task in tasks_of(catalog, "plain", "glow", "painter")] == []
    assert len(tasks_of(catalog, "plain", "painter", again=True)) == 2


def test_when_the_time_is_up_what_is_drawn_is_judged_and_the_next_call_goes_on(
    catalog: Catalog,
) -> None:
    request = replace(QUICK, prompts=("a red boat", "a small castle", "a fox"))
    now = [0.0]
    budget = Budget(60, clock=lambda: now[0])

    def heard(event: Progress) -> None:
        if event.stage == "Drawing":
            now[0] = 100.0

    tasks = tasks_of(catalog, "plain", "rain", request=request)
    sink, cancel = Told(heard), CancelToken()
    with room_of(catalog, sink, cancel) as room:
        first, second = run_probes(room, tasks, request, budget)
    assert isinstance(first, Done)
    assert first.probed.stopped
    stopped = first.probed.verdict.evidence
    assert stopped is not None
    assert stopped.stopped
    assert isinstance(second, NotReached)
    assert second.task == tasks[1]

    left = tasks_of(catalog, "plain", "rain", request=request)
    assert [task.subject.name for task in left] == ["rain", "plain"]
    with room_of(catalog, sink, cancel) as room:
        (again,) = run_probes(room, left[1:], request, Budget())
    assert isinstance(again, Done)
    finished = again.probed.verdict.evidence
    assert finished is not None
    assert not finished.stopped
    assert finished.reused >= stopped.drawn > 0


def test_what_was_finished_is_kept_when_a_person_stops_it(catalog: Catalog) -> None:
    request = replace(QUICK, prompts=("a red boat", "a small castle", "a fox"))
    cancel = CancelToken()
    tasks = tasks_of(catalog, "painter", "plain", request=request)
    with room_of(catalog, Recorder(), cancel) as room:
        running = run_probes(room, tasks, request, Budget())
        done = next(running)
        cancel.cancel()
        with pytest.raises(Cancelled):
            next(running)
    assert isinstance(done, Done)
    assert catalog.verdicts.of(1) == [done.probed.verdict]
    assert catalog.verdicts.of(tasks[1].subject.id) == []
    assert [
        task.subject.name for task in tasks_of(catalog, "painter", "plain", request=request)
    ] == ["plain"]
