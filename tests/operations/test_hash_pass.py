"""The hash pass: each file once, by one process, whatever cuts it off."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from files_kit import lora, write_safetensors
from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken, Progress, SilentSink
from loradex.errors import Cancelled
from loradex.formats.hashing import read_in_full
from loradex.operations.hash_pass import HashReport, hash_pass
from loradex.operations.lease import READING, leased
from loradex.operations.libraries import add_library
from loradex.operations.scan import scan
from loradex.paths import Home
from progress_kit import Recorder

LARGE = 24 << 20

STOPS_IN_LARGE = """
import sys, time
from pathlib import Path
from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.hash_pass import hash_pass
from loradex.paths import Home

class Stops(SilentSink):
    def progress(self, event):
        if event.done > 1 << 20:
            print("there", flush=True)
            time.sleep(60)

with Catalog.open(Home(Path(sys.argv[1]))) as catalog:
    hash_pass(catalog, sink=Stops(), cancel=CancelToken())
"""


@pytest.fixture
def models(tmp_path: Path, catalog: Catalog) -> Path:
    root = tmp_path / "models"
    for number in range(3):
        lora(root / f"{number}.safetensors", seed=number)
    add_library(catalog, root, name="main")
    return root


def large(path: Path, seed: int = 0) -> Path:
    return write_safetensors(path, {"model.weight": (LARGE // 2,)}, seed=seed)


def scanned(catalog: Catalog) -> None:
    scan(
        catalog,
        catalog.files.libraries(),
        workers=1,
        sink=SilentSink(),
        cancel=CancelToken(),
        accept_missing=True,
    )


def hashed(catalog: Catalog, sink: Recorder | None = None) -> HashReport:
    return hash_pass(catalog, sink=sink or SilentSink(), cancel=CancelToken())


def sha256_of(catalog: Catalog) -> dict[str, str | None]:
    return {row.file_name: row.sha256 for row in catalog.search("").rows}


def test_progress_counts_every_byte_once(catalog: Catalog, models: Path) -> None:
    large(models / "large.safetensors")
    scanned(catalog)
    sink = Recorder()
    report = hashed(catalog, sink)
    sizes = [path.stat().st_size for path in models.iterdir()]
    assert (report.files, report.nbytes, report.problems) == (4, sum(sizes), [])
    done = [event.done for event in sink.events]
    assert done == sorted(done)
    assert sink.events[-1].done == sink.events[-1].total == sum(sizes)
    assert {event.unit for event in sink.events} == {"bytes"}
    for path in models.iterdir():
        assert sha256_of(catalog)[path.name] == read_in_full(path).hashes.sha256


def test_files_that_cannot_be_read_count_as_done(catalog: Catalog, models: Path) -> None:
    scanned(catalog)
    (models / "1.safetensors").unlink()
    sink = Recorder()
    report = hashed(catalog, sink)
    assert (report.files, len(report.problems)) == (2, 1)
    assert sink.events[-1].done == sink.events[-1].total
    assert hashed(catalog).files == 0  # tried again, and told again
    assert len(hashed(catalog).problems) == 1


def test_a_stop_in_the_middle_of_a_file_keeps_no_part_of_it(catalog: Catalog, models: Path) -> None:
    large(models / "large.safetensors")
    scanned(catalog)
    cancel = CancelToken()

    class StopInLarge(SilentSink):
        def progress(self, event: Progress) -> None:
            if 1 << 20 < event.done < LARGE:
                cancel.cancel()

    with pytest.raises(Cancelled):
        hash_pass(catalog, sink=StopInLarge(), cancel=cancel)
    assert sha256_of(catalog)["large.safetensors"] is None
    assert catalog.jobs.holder(READING) is None
    hashed(catalog)
    assert catalog.files.to_hash() == []


def test_a_link_found_later_is_not_read(
    catalog: Catalog, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(catalog)
    hashed(catalog)
    second = tmp_path / "second"
    second.mkdir()
    (second / "hard.safetensors").hardlink_to(models / "1.safetensors")
    (models / "soft.safetensors").symlink_to(models / "2.safetensors")
    add_library(catalog, second, name="second")
    scanned(catalog)
    monkeypatch.setattr("loradex.formats.hash_crew.Crew._read", pytest.fail)
    report = hashed(catalog)
    assert (report.nbytes, report.problems) == (0, [])
    assert catalog.files.to_hash() == []


def test_what_became_empty_has_no_hash(catalog: Catalog, models: Path) -> None:
    scanned(catalog)
    (models / "1.safetensors").write_bytes(b"")
    assert len(hashed(catalog).problems) == 1
    assert sha256_of(catalog)["1.safetensors"] is None


def test_who_finds_it_taken_says_so_and_its_files_are_hashed_by_the_other(
    catalog: Catalog, models: Path, home: Home
) -> None:
    scanned(catalog)
    refused: list[HashReport] = []

    class IndexMore(SilentSink):
        def progress(self, event: Progress) -> None:
            if not refused:
                refused.append(HashReport())
                with Catalog.open(home) as another:
                    lora(models / "new.safetensors", seed=9)
                    scanned(another)
                    refused[0] = hashed(another)

    report = hash_pass(catalog, sink=IndexMore(), cancel=CancelToken())
    assert refused[0].files == 0
    assert refused[0].elsewhere == (
        f"Another loradex (process {os.getpid()}) is hashing; it hashes these files as well."
    )
    assert (report.files, report.elsewhere) == (4, None)
    assert catalog.files.to_hash() == []


def test_what_is_indexed_at_the_very_end_is_hashed_as_well(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process indexes, and finds the job taken, between the last look and the release."""
    scanned(catalog)
    release = catalog.jobs.release
    late = [lora(models.parent / "late.safetensors", seed=7)]

    def index_first(lease: object, **how: object) -> None:
        if late:
            late.pop().rename(models / "late.safetensors")
            scanned(catalog)
        release(lease, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(catalog.jobs, "release", index_first)
    assert hashed(catalog).files == 4


def test_one_content_is_hashed_for_who_waits_for_it(catalog: Catalog, models: Path) -> None:
    scanned(catalog)
    assert catalog.jobs.acquire(READING, task="hash")
    id_ = catalog.resolve("1")
    report = hash_pass(catalog, sink=SilentSink(), cancel=CancelToken(), content_id=id_)
    assert (report.files, report.elsewhere) == (1, None)


def test_who_lost_a_lease_is_told(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(catalog)
    monkeypatch.setattr("loradex.operations.lease.RENEW_EVERY", 0.01)
    lost: list[bool] = []
    lease = catalog.jobs.acquire(READING)
    assert lease is not None
    with leased(catalog.jobs, lease, lost=lambda: lost.append(True)):
        catalog.jobs.release(lease)
        deadline = time.monotonic() + 30
        while not lost and time.monotonic() < deadline:
            time.sleep(0.01)
    assert lost == [True]


def test_killed_in_the_middle_the_next_pass_goes_on_at_once(
    catalog: Catalog, models: Path, home: Home
) -> None:
    for number in range(3):
        large(models / f"large{number}.safetensors", seed=number)
    scanned(catalog)
    process = subprocess.Popen(
        [sys.executable, "-c", STOPS_IN_LARGE, str(home.root)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"there\n"
    assert catalog.jobs.holder(READING) is not None
    assert hashed(catalog).elsewhere is not None
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    process.stdout.close()
    before = sha256_of(catalog)
    assert None in before.values()
    report = hashed(catalog)
    assert (report.elsewhere, report.problems) == (None, [])
    assert report.files == sum(digest is None for digest in before.values())
    for path in models.iterdir():
        assert sha256_of(catalog)[path.name] == read_in_full(path).hashes.sha256


def test_a_folder_under_two_names_is_read_once(
    catalog: Catalog, models: Path, tmp_path: Path
) -> None:
    (models / "again").mkdir()
    for path in list(models.glob("*.safetensors")):
        (models / "again" / path.name).hardlink_to(path)
    shutil.copy(models / "1.safetensors", models / "copy.safetensors")
    scanned(catalog)
    report = hashed(catalog)
    sizes = sum(path.stat().st_size for path in models.glob("*.safetensors"))
    assert (report.files, report.nbytes) == (7, sizes)
