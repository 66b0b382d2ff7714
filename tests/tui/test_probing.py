"""Probing from the library: what is started, and what is told at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from loradex.catalog.catalog import Catalog
from loradex.operations.child_job import JobStatus
from loradex.paths import Home
from tui.stage import showing


@dataclass
class StillJob:
    """A job that is where the test says it is."""

    models: Sequence[int]
    checkpoints: Sequence[int]
    status: JobStatus = field(default_factory=JobStatus)

    def poll(self) -> JobStatus:
        return self.status

    def cancel(self) -> None:
        self.status = JobStatus("cancelled")

    def close(self) -> None:
        """There is no process."""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[StillJob]:
    """The probes that were started; they start no process."""
    jobs: list[StillJob] = []

    def start(_home: Home, models: Sequence[int], checkpoints: Sequence[int]) -> StillJob:
        jobs.append(StillJob(models, checkpoints))
        return jobs[-1]

    monkeypatch.setattr("loradex_tui.app.start_probe_job", start)
    return jobs


async def test_a_lora_is_probed_on_what_fits_best(
    catalog: Catalog, started: list[StillJob]
) -> None:
    async with showing(catalog) as stage:
        await stage.look_at("alley")
        await stage.press("p")
        await stage.until(lambda: bool(started))
        (job,) = started
        assert job.models == [catalog.resolve("neon_alley")]
        assert job.checkpoints == [catalog.resolve("ponyDiffusionV6")]
        job.status = JobStatus(stage="Probing", done=8, total=24, unit="pictures")
        await stage.until(lambda: "probe: Probing 33 %" in stage.text)
        job.status = JobStatus("done", message="neon_alley on pony: always on, in 12 s.")
        await stage.until(lambda: "neon_alley on pony: always on, in 12 s." in stage.toasts)


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
        await stage.until(lambda: bool(started))
        await stage.press("p")
        await stage.until(lambda: "A probe is running already." in stage.toasts)
        assert len(started) == 1
