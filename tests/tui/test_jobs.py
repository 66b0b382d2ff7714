"""Jobs: their list, the drawer, the line above, starting, stopping and leaving."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from killed_kit import killed
from loradex.catalog.catalog import Catalog
from loradex.domain.progress import Problem
from loradex.errors import LoradexError
from loradex.operations import job_kinds
from loradex.operations.child_job import JobStatus
from loradex.settings import Settings
from loradex_tui.jobs.pace import WINDOW, Pace
from loradex_tui.jobs.words import left_text, rate_text, shortest_text
from loradex_tui.screens.job_dialog import JobDialog
from loradex_tui.screens.jobs import JobsScreen
from loradex_tui.screens.quit_dialog import QuitDialog
from loradex_tui.screens.start_menu import StartMenu
from loradex_tui.widgets.jobs_drawer import JobsDrawer
from tui.stage import NARROW, WIDE, Stage, showing


@dataclass
class StillJob:
    """A job that is where the test says it is."""

    command: str = "loradex scan"
    status: JobStatus = field(default_factory=JobStatus)
    log: Path | None = None
    pid: int = 1
    closed: bool = False

    def poll(self) -> JobStatus:
        return self.status

    def cancel(self) -> None:
        self.status = JobStatus("cancelled", stage=self.status.stage)

    def close(self) -> None:
        self.closed = True


READING = JobStatus(stage="Reading headers", done=3_130, total=7_610, unit="files")
FAILED = JobStatus(
    "failed",
    message="civitai.com cannot be reached.",
    hint="Check the network.",
    problems=(Problem("neon[/].safetensors", "The header is \x1b[31mcut off.", "Get it again."),),
    problem_count=1,
)


async def to_the_jobs(stage: Stage) -> JobsScreen:
    await stage.press("5")
    screen = stage.app.screen
    assert isinstance(screen, JobsScreen)
    return screen


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_what_runs_and_what_has_ended_is_told_and_can_be_acted_on(
    catalog: Catalog, size: tuple[int, int], tmp_path: Path
) -> None:
    log = tmp_path / "job.log"
    log.write_bytes(b"reading\n\x1b]0;title\x07 of a terminal\n")
    started: list[str] = []
    async with showing(catalog, size) as stage:
        scan, match = StillJob(), StillJob("loradex hub match", log=log)
        stage.app.jobs.start("match", match, lambda: started.append("match"))
        match.status = FAILED
        stage.app.jobs.look()
        assert match.closed
        stage.app.jobs.start("scan", scan)
        screen = await to_the_jobs(stage)
        scan.status = READING
        stage.app.jobs.look()
        await stage.until(lambda: "41 %" in stage.text and "Reading headers" in stage.text)
        assert "scan 41 %" in stage.lines[0] or "scan: Reading headers 41 %" in stage.lines[0]
        assert "loradex scan" in stage.text
        if size == WIDE:
            assert "3,130 of 7,610 files" in stage.text
        await stage.press("p")
        assert "Only downloads pause" in stage.toasts
        await stage.press("j")
        assert "civitai.com cannot be reached." in stage.text
        assert "Check the network." in stage.text
        await stage.press("enter")
        dialog = stage.app.screen
        assert isinstance(dialog, JobDialog)
        await stage.until(lambda: "of a terminal" in stage.text)
        assert "neon[/].safetensors" in stage.text
        assert "cut off." in stage.text
        assert "\x1b" not in stage.text
        await stage.press("escape", "r")
        assert started == ["match"]
        await stage.press("k", "x")
        await stage.until(lambda: "stopped" in stage.text)
        assert not stage.app.jobs.names
        await stage.press("c")
        await stage.until(lambda: "Idle: nothing runs" in stage.text)
        assert screen.list.lines == []


async def test_the_drawer_lies_over_any_screen_and_its_keys_go_first(catalog: Catalog) -> None:
    async with showing(catalog, NARROW) as stage:
        await stage.press("w")
        await stage.until(lambda: "Idle" in stage.text)
        assert "dreamshaper_8" in stage.text
        await stage.press("w")
        assert not stage.app.screen.query(JobsDrawer)
        scan, probe = StillJob(status=READING), StillJob("loradex probe 1")
        stage.app.jobs.start("scan", scan)
        stage.app.jobs.start("probe", probe)
        stage.app.jobs.look()
        await stage.press("w")
        await stage.until(lambda: "Reading headers" in stage.text)
        # x draws a grid in the library, p probes; here they are about the line.
        await stage.press("x")
        assert scan.status.state == "cancelled"
        await stage.until(lambda: "stopped" in stage.text)
        await stage.press("escape")
        assert not stage.app.screen.query(JobsDrawer)
        assert stage.library.models.has_focus
        assert probe.status.state == "running"


async def test_only_what_fits_of_many_jobs_stands_above(catalog: Catalog) -> None:
    async with showing(catalog, NARROW) as stage:
        for name in ("grid", "scan", "match"):
            stage.app.jobs.start(name, StillJob(status=READING if name == "scan" else JobStatus()))
        stage.app.jobs.look()
        await stage.until(lambda: "41 % +2" in stage.lines[0])
        assert stage.lines[0].startswith(" 1 Library")
        await stage.pilot.click("TopBar", offset=(stage.lines[0].index("Grids"), 0))
        await stage.until(lambda: stage.app.screen is not stage.library)
        await stage.pilot.click("TopBar", offset=(stage.lines[0].index("+2"), 0))
        await stage.until(lambda: stage.app.screen.query(JobsDrawer))
        await stage.press("w")
        await stage.press("ctrl+x")
        assert "Stop a grid, a match and a scan?" in stage.text
        await stage.press("y")
        await stage.until(lambda: not stage.app.jobs.names)


async def test_work_is_started_from_a_menu_that_says_why_not(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def start(_home: object, kind: job_kinds.JobKind) -> StillJob:
        made.append(kind.command)
        return StillJob(kind.command)

    monkeypatch.setattr("loradex_tui.app.start_job", start)
    async with showing(catalog, NARROW, settings=Settings(offline=True)) as stage:
        await to_the_jobs(stage)
        await stage.press("n")
        await stage.until(lambda: isinstance(stage.app.screen, StartMenu))
        assert "The settings say offline." in stage.text
        await stage.press("m")
        assert "The settings say offline." in stage.toasts
        await stage.press("v")
        await stage.until(lambda: stage.app.jobs.names)
        assert made == ["loradex verify"]
        await stage.press("n")
        await stage.until(lambda: "It is running." in stage.text)
        await stage.press("escape")
        await stage.until(lambda: "loradex verify" in stage.text)


async def test_what_another_loradex_does_is_told(catalog: Catalog) -> None:
    lease = catalog.jobs.acquire("scanning", "library 1", task="scan")
    assert lease is not None
    async with showing(catalog) as stage:
        await to_the_jobs(stage)
        await stage.until(lambda: "another loradex" in stage.text)
        await stage.press("x")
        assert "stop it where it was started" in stage.toasts
        catalog.jobs.release(lease)
        await stage.until(lambda: "Idle: nothing runs" in stage.text)


async def test_leaving_can_wait_for_what_runs(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        scan = StillJob()
        stage.app.jobs.start("scan", scan)
        await stage.press("q")
        assert isinstance(stage.app.screen, QuitDialog)
        assert "Still running: a scan." in stage.text
        await stage.press("w")
        assert stage.app.is_running
        scan.status = JobStatus("done")
        stage.app.jobs.look()
        assert stage.app._exit


async def test_ctrl_c_hints_first_and_leaves_at_the_second(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        scan = StillJob()
        stage.app.jobs.start("scan", scan)
        await stage.press("ctrl+c")
        assert "Press ctrl+c again to quit. It stops what runs" in stage.toasts
        assert not stage.app._exit
        await stage.pilot.press("ctrl+c")
        assert stage.app._exit
    assert scan.closed


async def test_a_job_that_cannot_begin_can_be_begun_later(catalog: Catalog) -> None:
    fails = [True]

    def make() -> StillJob:
        if fails.pop() if fails else False:
            raise LoradexError("There is no room.", hint="Make some.")
        return StillJob()

    async with showing(catalog) as stage:
        stage.app.start_job("scan", make)
        await stage.until(lambda: "There is no room." in stage.toasts)
        stage.app.start_job("scan", make)
        await stage.until(lambda: stage.app.jobs.names == {"scan"})
        stage.app.start_job("scan", make)
        await stage.until(lambda: "A scan is running already." in stage.toasts)


async def test_a_flood_of_events_costs_one_look(catalog: Catalog) -> None:
    looked: list[float] = []

    class Flooding(StillJob):
        def poll(self) -> JobStatus:
            looked.append(time.monotonic())
            return JobStatus(stage="Reading", done=len(looked) * 9_999, total=10**9)

    async with showing(catalog) as stage:
        stage.app.jobs.start("scan", Flooding())
        for key in "jkjkjkjk":
            await stage.press(key)
        await stage.press("5")
        spent = time.monotonic() - looked[0] if looked else 0.0
        assert len(looked) <= 2 + spent / stage.app.jobs.every


def _pace(*seen: tuple[float, int], total: int | None = 1_000) -> Pace:
    pace = Pace()
    for now, done in seen:
        pace.note(JobStatus(stage="read", done=done, total=total), now)
    return pace


@pytest.mark.parametrize(
    ("pace", "rate", "left"),
    [
        (_pace(), None, None),
        (_pace((0, 0), (0.5, 100)), None, None),
        (_pace((0, 0), (2, 100)), 50.0, 18.0),
        (_pace((0, 0), (2, 100), total=None), 50.0, None),
        (_pace((0, 0), (2, 500), (3, 400)), None, None),
        (_pace((0, 0), (1, 900), (WINDOW * 2, 910), (WINDOW * 2 + 2, 930)), 1.4, 49.0),
    ],
)
def test_pace(pace: Pace, rate: float | None, left: float | None) -> None:
    assert pace.rate == (None if rate is None else pytest.approx(rate, rel=0.4))
    assert pace.seconds_left == (None if left is None else pytest.approx(left, rel=0.4))


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (lambda: left_text(None), ""),
        (lambda: left_text(14), "14 s"),
        (lambda: left_text(180), "3 min"),
        (lambda: left_text(9_000), "2.5 h"),
        (lambda: rate_text(_pace((0, 0), (4, 1)), "cells"), "4 s each"),
        (lambda: rate_text(_pace((0, 0), (1, 12_000_000)), "bytes"), "12 MB/s"),
        (lambda: shortest_text("download", JobStatus(stage="x", done=5, total=10)), "get 50 %"),
        (lambda: shortest_text("scan", JobStatus(stage="walk", done=3_120)), "scan 3,120"),
        (lambda: shortest_text("scan", JobStatus()), "scan …"),
    ],
)
def test_words(told: Callable[[], str], text: str) -> None:
    assert told() == text


async def test_what_was_cut_off_is_told_and_gone_on_with(catalog: Catalog) -> None:
    killed(catalog.home, [("scan", "loradex scan"), ("match", "loradex hub match")])
    async with showing(catalog, NARROW, toasts=True) as stage:
        await stage.until(lambda: "Cut off when loradex ended: a scan" in stage.toasts)
        assert "5 shows them" in stage.toasts
        await to_the_jobs(stage)
        assert any("scan" in line and "cut off" in line for line in stage.lines)
        while "loradex scan" not in stage.text:
            await stage.press("j")
        await stage.press("r")
        await stage.until(lambda: stage.app.jobs.names or len(stage.app.jobs.ended) == 2)
        await stage.until(lambda: not stage.app.jobs.names)
        left = [each.command for each in stage.app.jobs.ended if each.cut_off]
        assert left == ["loradex hub match"]
        await stage.press("c")
        await stage.until(lambda: not stage.app.jobs.ended)
        await stage.until(lambda: not catalog.begun.cut_off())


@pytest.mark.parametrize(("code", "left"), [(0, 0), (129, 1)])
async def test_only_a_person_who_leaves_gives_up_what_runs(
    catalog: Catalog, code: int, left: int
) -> None:
    async with showing(catalog) as stage:
        stage.app.start_job("verify", lambda: StillJob("loradex verify"))
        await stage.until(lambda: stage.app.jobs.names)
        stage.app.exit(return_code=code)
    with closing(sqlite3.connect(catalog.home.catalog)) as connection:
        found = connection.execute("SELECT count(*) FROM job WHERE kind = 'begun'").fetchone()
    assert found == (left,)
