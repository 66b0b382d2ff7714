"""Watching real folders: what is told, and what the catalog knows then."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.arrivals import ArrivalRule
from loradex.domain.library import FileState
from loradex.domain.progress import CancelToken, Problem, Progress, SilentSink
from loradex.operations import watch as watch_module
from loradex.operations.libraries import add_library, find_library, remove_library
from loradex.operations.moves.applying import carry_out
from loradex.operations.moves.undoing import plan_undo
from loradex.operations.watch import WatchOptions, watch
from loradex.operations.watching.events import EventKind, WatchEvent
from loradex.operations.watching.eyes import CannotWatch
from loradex.paths import Home
from loradex.plugin_manager import load_plugins
from moves_kit import add, file_ids, planned, rescan

LONGEST = 60.0


class Watching:
    """A watch in a thread, and what it told."""

    def __init__(
        self,
        home: Home,
        *,
        hashing: str = "now",
        poll: float | None = None,
        newcomers: bool = False,
    ) -> None:
        self.events: list[WatchEvent] = []
        self.problems: list[Problem] = []
        self.scanned: set[str] = set()
        self.cancel = CancelToken()
        self.error: BaseException | None = None
        self._home = home
        self._options = WatchOptions(1, hashing, poll, quiet=0.6, newcomers=newcomers)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with Catalog.open(self._home) as catalog:
                watch(
                    catalog,
                    catalog.files.libraries(),
                    self._options,
                    tell=self.events.append,
                    scanned=lambda libraries, _report: self.scanned.add(libraries[0].name),
                    plugins=lambda: load_plugins(self._home, ()),
                    sink=self,
                    cancel=self.cancel,
                )
        except BaseException as error:  # noqa: BLE001 - shown by the test
            self.error = error

    def progress(self, _event: Progress) -> None:
        """Nobody looks."""

    def problem(self, event: Problem) -> None:
        self.problems.append(event)

    def told(self, kind: EventKind, part: str = "") -> list[WatchEvent]:
        return [each for each in self.events if each.kind is kind and part in each.path]

    def wait(self, kind: EventKind, part: str = "", times: int = 1) -> WatchEvent:
        until(lambda: len(self.told(kind, part)) >= times or self.error is not None, self)
        assert self.error is None, self.error
        return self.told(kind, part)[times - 1]

    def end(self) -> None:
        self.cancel.cancel()
        self._thread.join(LONGEST)
        assert not self._thread.is_alive()


def until(condition: Callable[[], bool], about: object = None) -> None:
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end, getattr(about, "events", about)
        time.sleep(0.05)


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "inbox", tmp_path / "models"


@pytest.fixture
def catalog(home: Home, roots: tuple[Path, Path]) -> Iterator[Catalog]:
    inbox, models = roots
    lora(inbox / "first.safetensors", seed=1)
    (models / "loras").mkdir(parents=True)
    lora(models / "loras" / "old.safetensors", seed=2)
    with Catalog.open(home) as opened:
        add(opened, inbox, models)
        yield opened


@pytest.fixture
def watching(
    home: Home, catalog: Catalog, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Watching]:
    monkeypatch.setattr(watch_module, "ROOTS_SECONDS", 0.3)
    monkeypatch.setattr("loradex.operations.watching.eyes._LOOK_SECONDS", 0.2)
    monkeypatch.setattr("loradex.operations.watching.noticing.GATHER_SECONDS", 0.5)
    asked = getattr(request, "param", None)
    started = Watching(
        home, poll=asked if isinstance(asked, float) else None, newcomers=asked == "newcomers"
    )
    until(lambda: len(started.scanned) == 2 or started.error is not None)
    yield started
    started.end()
    assert started.error is None


@pytest.mark.parametrize("watching", [None, 1.0], indirect=True, ids=["told", "polling"])
def test_a_file_that_comes_is_indexed_and_hashed(
    catalog: Catalog, watching: Watching, roots: tuple[Path, Path]
) -> None:
    lora(roots[0] / "new.safetensors", seed=3, text_width=768)
    event = watching.wait(EventKind.INDEXED, "new.safetensors")
    assert event.model is not None
    assert (event.model.kind, event.model.base, event.library) == ("lora", "sd1", "inbox")
    until(lambda: not catalog.files.to_hash())


def test_a_file_that_is_being_written_is_left_alone_until_it_is_whole(
    catalog: Catalog, watching: Watching, roots: tuple[Path, Path], tmp_path: Path
) -> None:
    data = lora(tmp_path / "source.safetensors", seed=4).read_bytes()
    target = roots[0] / "slow.safetensors"
    seen: list[dict[str, int]] = []
    with target.open("wb", buffering=0) as file:
        for part in range(6):
            file.write(data[part * 4000 : (part + 1) * 4000])
            time.sleep(0.4)
            rescan_happened = roots[0] / f"other{part}.safetensors"
            lora(rescan_happened, seed=20 + part)
            seen.append(file_ids(catalog, "inbox"))
        file.write(data[24000:])
    watching.wait(EventKind.INDEXED, "slow.safetensors")
    assert not any("slow.safetensors" in each for each in seen)
    watching.wait(EventKind.INDEXED, "other5.safetensors")
    assert len(watching.told(EventKind.INDEXED, "slow.safetensors")) == 1


@pytest.mark.parametrize("suffix", [".part", ".crdownload"])
def test_a_download_counts_when_it_gets_its_name(
    catalog: Catalog, watching: Watching, roots: tuple[Path, Path], tmp_path: Path, suffix: str
) -> None:
    part = roots[0] / f"file.safetensors{suffix}"
    part.write_bytes(lora(tmp_path / "source.safetensors", seed=5).read_bytes())
    lora(roots[0] / "marker.safetensors", seed=6)
    watching.wait(EventKind.INDEXED, "marker")
    assert "file.safetensors" not in file_ids(catalog, "inbox")
    part.rename(roots[0] / "file.safetensors")
    watching.wait(EventKind.INDEXED, "file.safetensors")


def test_a_control_file_holds_a_download_back(
    catalog: Catalog, watching: Watching, roots: tuple[Path, Path]
) -> None:
    control = roots[0] / "file.safetensors.aria2"
    control.write_bytes(b"")
    lora(roots[0] / "file.safetensors", seed=5)
    lora(roots[0] / "marker.safetensors", seed=6)
    watching.wait(EventKind.INDEXED, "marker")
    assert "file.safetensors" not in file_ids(catalog, "inbox")
    control.unlink()
    watching.wait(EventKind.INDEXED, "file.safetensors")


def test_renames_are_moves_and_a_file_that_goes_is_gone(
    catalog: Catalog, watching: Watching, roots: tuple[Path, Path]
) -> None:
    ids = file_ids(catalog, "inbox")
    (roots[0] / "first.safetensors").rename(roots[0] / "second.safetensors")
    event = watching.wait(EventKind.MOVED, "second.safetensors")
    assert event.detail == str(roots[0] / "first.safetensors")
    (roots[0] / "deep" / "er").mkdir(parents=True)
    (roots[0] / "second.safetensors").rename(roots[0] / "deep" / "er" / "third.safetensors")
    watching.wait(EventKind.MOVED, "third.safetensors")
    (roots[0] / "deep").rename(roots[0] / "shallow")
    watching.wait(EventKind.MOVED, "shallow/er/third.safetensors")
    assert list(file_ids(catalog, "inbox").values()) == list(ids.values())
    assert not catalog.files.to_hash()
    (roots[0] / "shallow" / "er" / "third.safetensors").unlink()
    watching.wait(EventKind.GONE, "third.safetensors")


def test_a_folder_that_comes_with_files_in_it(
    catalog: Catalog, watching: Watching, roots: tuple[Path, Path], tmp_path: Path
) -> None:
    lora(tmp_path / "pack" / "deep" / "a.safetensors", seed=7)
    lora(tmp_path / "pack" / "b.safetensors", seed=8)
    (tmp_path / "pack").rename(roots[0] / "pack")
    watching.wait(EventKind.INDEXED, "pack/deep/a.safetensors")
    watching.wait(EventKind.INDEXED, "pack/b.safetensors")


def test_a_known_file_that_is_written_anew(
    catalog: Catalog, watching: Watching, roots: tuple[Path, Path]
) -> None:
    lora(roots[0] / "first.safetensors", seed=99)
    watching.wait(EventKind.CHANGED, "first.safetensors")
    assert watching.told(EventKind.GONE) == []


def test_a_broken_file_and_an_odd_name_end_nothing(
    catalog: Catalog,
    watching: Watching,
    roots: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("loradex.operations.watching.settling.GIVE_UP_SECONDS", 1.0)
    monkeypatch.setattr("loradex.operations.watching.settling._ASK_AGAIN_SECONDS", 0.3)
    (roots[0] / "broken.safetensors").write_bytes(b"\xff" * 64)
    watching.wait(EventKind.INDEXED, "broken.safetensors")
    odd = os.fsencode(roots[0]) + b"/odd\xff.safetensors"
    os.link(lora(roots[0] / "plain.safetensors", seed=11), odd)
    watching.wait(EventKind.INDEXED, os.fsdecode(b"odd\xff.safetensors"))


def test_a_model_in_several_files_is_told_when_all_are_there(
    watching: Watching, roots: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loradex.operations.watching.settling._ASK_AGAIN_SECONDS", 0.3)
    first, second = (f"big-0000{number}-of-00002.safetensors" for number in (1, 2))
    lora(roots[0] / first, seed=21)
    lora(roots[0] / "other.safetensors", seed=22)
    watching.wait(EventKind.INDEXED, "other")
    lora(roots[0] / second, seed=23)
    assert watching.wait(EventKind.INDEXED, first).detail == ""
    (roots[0] / second).unlink()
    assert watching.wait(EventKind.CHANGED, first).detail == "Shard 2 of 2 is missing."
    lora(roots[0] / second, seed=23)
    assert watching.wait(EventKind.CHANGED, first, times=2).detail == ""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html><body>Log in, please.</body></html>", "HTML page"),
        (b'{"error": "no such version"}', "JSON text"),
    ],
)
def test_what_never_becomes_a_model_is_told_at_once_and_once(
    catalog: Catalog,
    watching: Watching,
    roots: tuple[Path, Path],
    content: bytes,
    words: str,
) -> None:
    """The minute that an incomplete file is given would be longer than this test waits."""
    (roots[0] / "page.safetensors").write_bytes(content)
    event = watching.wait(EventKind.INDEXED, "page.safetensors")
    assert words in event.detail
    assert watching.problems == []
    assert [words in problem for _, problem in catalog.files.problems()] == [True]


def test_what_an_undo_elsewhere_brings_back_is_moved(
    catalog: Catalog, watching: Watching, roots: tuple[Path, Path]
) -> None:
    moved = planned(catalog, [("inbox", "first.safetensors", "models", "loras/first.safetensors")])
    plan = carry_out(catalog, moved, sink=SilentSink(), cancel=CancelToken())
    there, here = roots[1] / "loras" / "first.safetensors", roots[0] / "first.safetensors"
    assert watching.wait(EventKind.MOVED, str(there)).detail == str(here)
    assert plan.plan_id is not None
    back = plan_undo(catalog, plan.plan_id)
    carry_out(catalog, back, sink=SilentSink(), cancel=CancelToken())
    assert watching.wait(EventKind.MOVED, str(here)).detail == str(there)
    assert watching.told(EventKind.INDEXED) == []


def test_a_folder_that_goes_away_and_comes_back(
    catalog: Catalog, watching: Watching, roots: tuple[Path, Path]
) -> None:
    away = roots[0].with_name("away")
    roots[0].rename(away)
    watching.wait(EventKind.OFFLINE)
    (file,) = catalog.files.known_files(find_library(catalog, "inbox").id).values()
    assert file.state == FileState.OFFLINE
    lora(away / "meanwhile.safetensors", seed=12)
    away.rename(roots[0])
    watching.wait(EventKind.ONLINE)
    watching.wait(EventKind.INDEXED, "meanwhile.safetensors")
    lora(roots[0] / "after.safetensors", seed=13)
    watching.wait(EventKind.INDEXED, "after.safetensors")


def test_a_busy_catalog_is_waited_for(
    home: Home,
    catalog: Catalog,
    watching: Watching,
    roots: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("loradex.catalog.engine.BUSY_TIMEOUT_MS", 200)
    monkeypatch.setattr(watch_module, "_RETRY_SECONDS", 0.2)
    other = sqlite3.connect(home.catalog, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    lora(roots[0] / "new.safetensors", seed=14)
    until(lambda: bool(watching.told(EventKind.TROUBLE)), watching)
    other.execute("ROLLBACK")
    other.close()
    watching.wait(EventKind.INDEXED, "new.safetensors")


def test_the_clock_may_jump(catalog: Catalog, watching: Watching, roots: tuple[Path, Path]) -> None:
    for seed, when in enumerate((0, 4_102_444_800), start=15):
        path = lora(roots[0] / f"time{seed}.safetensors", seed=seed)
        os.utime(path, (when, when))
        watching.wait(EventKind.INDEXED, path.name)


def test_a_library_that_is_removed_is_watched_no_longer(
    catalog: Catalog, watching: Watching, roots: tuple[Path, Path]
) -> None:
    remove_library(catalog, "inbox")
    lora(roots[0] / "unseen.safetensors", seed=17)
    lora(roots[1] / "seen.safetensors", seed=18)
    watching.wait(EventKind.INDEXED, "seen.safetensors")
    assert watching.told(EventKind.INDEXED, "unseen") == []


@pytest.mark.parametrize("watching", ["newcomers"], indirect=True)
def test_a_library_that_is_added_meanwhile_is_watched(
    catalog: Catalog, watching: Watching, tmp_path: Path
) -> None:
    lora(tmp_path / "later" / "there.safetensors", seed=30)
    add_library(catalog, tmp_path / "later", name="later")
    watching.wait(EventKind.WATCHING, "later")
    until(lambda: "later" in watching.scanned)
    lora(tmp_path / "later" / "new.safetensors", seed=31)
    watching.wait(EventKind.INDEXED, "later/new.safetensors")


def test_arrivals_are_tagged_and_placed_and_old_files_are_not(
    home: Home, catalog: Catalog, watching: Watching, roots: tuple[Path, Path]
) -> None:
    inbox, models = (find_library(catalog, name) for name in ("inbox", "models"))
    rule = ArrivalRule(("fresh",), False, models.id, "{base}")
    catalog.arrivals.set_rule(inbox.id, rule)
    lora(roots[0] / "neon.safetensors", seed=19)
    (roots[0] / "neon.png").write_bytes(b"picture")
    event = watching.wait(EventKind.PLACED)
    assert event.path == str(roots[1] / "loras" / "SDXL" / "neon.safetensors")
    assert (roots[1] / "loras" / "SDXL" / "neon.png").exists()
    assert (roots[0] / "first.safetensors").exists()
    assert [row.tags for row in catalog.rows(catalog.ids("neon"))] == [("fresh",)]
    report = rescan(catalog)
    assert (report.new, report.moved, report.missing) == (0, 0, 0)
    assert watching.told(EventKind.GONE) == []
    assert len(watching.told(EventKind.INDEXED, "neon")) == 1


def test_what_the_system_does_not_watch_is_looked_through(
    home: Home, catalog: Catalog, roots: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = watch_module.Eyes

    def limited(folders: list[str], cancel: CancelToken, poll: float | None) -> object:
        if poll is None:
            raise CannotWatch("The system watches as many folders as it may.")
        return real(folders, cancel, 1.0)

    monkeypatch.setattr(watch_module, "Eyes", limited)
    watching = Watching(home)
    try:
        assert "as many folders" in watching.wait(EventKind.POLLING).detail
        until(lambda: len(watching.scanned) == 2)
        lora(roots[0] / "new.safetensors", seed=3)
        watching.wait(EventKind.INDEXED, "new.safetensors")
    finally:
        watching.end()
