"""Probing from the library: what is asked first, what is started, and the verdict at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from loradex.catalog.catalog import Catalog
from loradex.domain.probing import Depth
from loradex.domain.verdicts import Verdict, VerdictKind
from loradex.operations.child_job import JobStatus
from loradex.operations.grid_forecast import Forecaster
from loradex.operations.probe_forecast import ProbeForecast
from loradex.paths import Home
from loradex_tui.screens.library import LibraryScreen
from loradex_tui.screens.probe_dialog import ProbeDialog
from loradex_tui.screens.probe_screen import ProbeScreen
from loradex_tui.screens.verdict_dialog import VerdictDialog
from tui.stage import NARROW, WIDE, showing
from verdict_kit import BEST, BURNS, NEEDS, USABLE, evidence


@dataclass
class StillJob:
    """A job that is where the test says it is."""

    models: Sequence[int]
    checkpoints: Sequence[int]
    depth: Depth
    budget: str
    status: JobStatus = field(default_factory=JobStatus)

    def poll(self) -> JobStatus:
        return self.status

    def cancel(self) -> None:
        self.status = JobStatus("cancelled")

    def close(self) -> None:
        """There is no process."""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[StillJob]:
    """The probes that were started; they start no process, and nothing is reckoned."""
    jobs: list[StillJob] = []

    def start(
        _home: Home,
        models: Sequence[int],
        checkpoints: Sequence[int],
        *,
        depth: Depth,
        budget: str,
        again: bool,
    ) -> StillJob:
        jobs.append(StillJob(models, checkpoints, depth, budget))
        return jobs[-1]

    def probes(
        _self: Forecaster, _models: object, _on: object, depth: Depth, *, again: bool
    ) -> ProbeForecast:
        most = 124 if depth is Depth.NORMAL else 240
        return ProbeForecast(24, most, 6, 90.0, 1, 0)

    monkeypatch.setattr("loradex_tui.grids.starts.start_probe_job", start)
    monkeypatch.setattr(Forecaster, "probes", probes)
    return jobs


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_probe_is_asked_for_runs_and_is_judged(
    catalog: Catalog, started: list[StillJob], size: tuple[int, int]
) -> None:
    alley = catalog.resolve("neon_alley")
    async with showing(catalog, size) as stage:
        await stage.look_at("alley")
        await stage.press("p")
        await stage.until(lambda: isinstance(stage.app.screen, ProbeDialog))
        await stage.until(lambda: "24 pictures at first, at most 124" in stage.text)
        assert "(•) ponyDiffusionV6" in stage.text
        assert "6 of them drawn already" in " ".join(stage.text.replace("│", " ").split())
        await stage.press("l")
        await stage.until(lambda: "at most 240" in stage.text)
        await stage.press("tab")
        await stage.type("soon")
        await stage.press("enter")
        assert "A budget is a time" in stage.toasts
        await stage.press(*["backspace"] * 4)
        await stage.type("30m")
        await stage.press("enter")
        await stage.until(lambda: bool(started))
        (job,) = started
        assert (job.models, job.depth, job.budget) == ((alley,), Depth.THOROUGH, "30m")
        assert job.checkpoints == (catalog.resolve("ponyDiffusionV6"),)
        await stage.until(lambda: isinstance(stage.app.screen, ProbeScreen))
        job.status = JobStatus(
            stage="Drawing", done=8, total=24, unit="steps", item="neon_alley at 1"
        )
        await stage.until(lambda: "▸ Drawing neon_alley at 1 · 33 %" in stage.text)
        assert "No verdict yet." in stage.text
        found = Verdict(
            alley, (replace(NEEDS, word="alleyn"), USABLE, BEST, BURNS), checkpoint_id=7,
            evidence=evidence("alleyn"), created_at=1.0,
        )  # fmt: skip
        catalog.verdicts.record(found)
        job.status = JobStatus("done", message="neon_alley on pony: needs its trigger, in 12 s.")
        await stage.until(lambda: "usable 0.4–1.1 · best 0.8" in stage.text)
        assert "neon_alley on pony: needs its trigger, in 12 s." in stage.text
        assert "Effect over strength" in stage.text
        await stage.press("J")
        await stage.until(lambda: "75 % due to it" in stage.text)
        await stage.press("enter")
        assert "This verdict has no pictures." in stage.toasts
        # What is not so, and what a person knows better.
        await stage.press("end", "d")
        await stage.until(lambda: "(not so, you say)" in stage.text)
        assert not catalog.ids("verdict:burns")
        await stage.press("u")
        await stage.until(lambda: catalog.ids("verdict:burns") == [alley])
        await stage.press("V")
        await stage.until(lambda: isinstance(stage.app.screen, VerdictDialog))
        await stage.press("space", "j")
        await stage.type("0.6")
        await stage.press("enter", "enter")
        await stage.until(lambda: catalog.ids("best:0.6..0.8 -verdict:usable") == [alley])
        await stage.until(lambda: "you say" in stage.text)
        said = catalog.verdicts.of(alley)[0]
        assert VerdictKind.NEEDS_TRIGGER in said.kinds
        await stage.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, LibraryScreen))


async def test_only_loras_are_probed_and_one_run_at_a_time(
    catalog: Catalog, started: list[StillJob]
) -> None:
    async with showing(catalog) as stage:
        await stage.look_at("dreamshaper")
        await stage.press("p")
        await stage.until(lambda: "LoRAs are probed; this is none." in stage.toasts)
        assert not started
        await stage.look_at("lunar")
        await stage.press("p")
        await stage.until(lambda: isinstance(stage.app.screen, ProbeDialog))
        await stage.press("enter")
        await stage.until(lambda: bool(started))
        await stage.until(lambda: isinstance(stage.app.screen, ProbeScreen))
        await stage.press("escape", "p")
        await stage.until(lambda: "A probe is running already." in stage.toasts)
        assert len(started) == 1
