"""Scans of real folders: what is new, moved, gone, back, broken or still growing."""

from __future__ import annotations

import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from files_kit import lora, write_safetensors
from loradex.catalog.catalog import Catalog
from loradex.domain.identity import Identity
from loradex.domain.progress import CancelToken, Progress, SilentSink
from loradex.domain.scanning import KnownFile
from loradex.errors import Cancelled, FormatError, LibraryError
from loradex.formats.hashing import ReadJob, read_files
from loradex.formats.headers import read_open
from loradex.formats.model_file import ModelFile
from loradex.operations import annotate
from loradex.operations.hash_pass import HashReport, hash_pass
from loradex.operations.libraries import add_library, remove_library
from loradex.operations.library_scan import SCANNING
from loradex.operations.look import look_at, look_at_all, looks_in
from loradex.operations.scan import scan
from loradex.operations.scan_report import ScanReport
from loradex.operations.walk import walk
from loradex.paths import Home
from progress_kit import Recorder


@pytest.fixture
def models(tmp_path: Path, catalog: Catalog) -> Path:
    root = tmp_path / "models"
    lora(root / "loras" / "neon.safetensors", seed=1)
    lora(root / "loras" / "sd15.safetensors", text_width=768, seed=2)
    add_library(catalog, root, name="main")
    return root


def scanned(catalog: Catalog, **options: bool) -> ScanReport:
    return scan(
        catalog,
        catalog.files.libraries(),
        workers=1,
        sink=SilentSink(),
        cancel=CancelToken(),
        **options,
    )


def hashed(catalog: Catalog) -> HashReport:
    return hash_pass(catalog, sink=SilentSink(), cancel=CancelToken())


def test_a_first_scan_identifies(catalog: Catalog, models: Path) -> None:
    report = scanned(catalog)
    assert (report.seen, report.new, report.problems) == (2, 2, [])
    rows = {row.file_name: (row.kind, row.base) for row in catalog.search("").rows}
    assert rows == {"neon.safetensors": ("lora", "sdxl"), "sd15.safetensors": ("lora", "sd1")}


def test_a_second_scan_opens_no_file(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(catalog)
    opened: list[str] = []
    real = os.open

    def watched(path: os.PathLike[str] | str, *rest: int, **more: int | None) -> int:
        opened.append(os.fspath(path))
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", watched)
    monkeypatch.setattr("loradex.operations.look.look_at", pytest.fail)
    report = scanned(catalog)
    assert (report.unchanged, report.new, report.changed) == (2, 0, 0)
    assert [path for path in opened if "models" in path] == []


def test_better_rules_look_again_and_leave_a_persons_words_alone(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loradex.operations.library_scan.RULES_VERSION", "older")
    monkeypatch.setattr("loradex.operations.look.identify", lambda *_, **__: Identity())
    scanned(catalog)
    id_ = catalog.resolve("neon")
    annotate.tag(catalog, [id_], add=["mine"])
    assert catalog.rows([id_])[0].kind == "unknown"
    monkeypatch.undo()
    report = scanned(catalog)
    assert (report.again, report.changed, report.new) == (2, 0, 0)
    row = catalog.rows([id_])[0]
    assert (row.kind, row.base, row.tags) == ("lora", "sdxl", ("mine",))
    assert scanned(catalog).again == 0
    assert scanned(catalog, everything=True).again == 2


def test_a_rename_keeps_everything_and_reads_no_header(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(catalog)
    hashed(catalog)
    id_ = catalog.resolve("neon")
    annotate.tag(catalog, [id_], add=["mine"])
    (models / "sorted").mkdir()
    (models / "loras" / "neon.safetensors").rename(models / "sorted" / "bright.safetensors")
    monkeypatch.setattr("loradex.operations.look.look_at", pytest.fail)
    report = scanned(catalog)
    assert (report.moved, report.new, report.missing) == (1, 0, 0)
    (row,) = catalog.search("tag:mine").rows
    assert (row.id, row.file_name, row.state) == (id_, "bright.safetensors", "present")
    assert catalog.files.to_hash() == []


def test_gone_is_missing_and_is_recognised_anywhere_when_it_comes_back(
    catalog: Catalog, models: Path, tmp_path: Path
) -> None:
    scanned(catalog)
    id_ = catalog.resolve("neon")
    annotate.note(catalog, id_, "mine")
    shutil.copy(models / "loras" / "neon.safetensors", tmp_path / "away")
    (models / "loras" / "neon.safetensors").unlink()
    assert scanned(catalog).missing == 1
    assert catalog.rows([id_])[0].state == "missing"
    shutil.copy(tmp_path / "away", models / "elsewhere.safetensors")
    scanned(catalog)
    details = catalog.details(id_)
    assert (details.row.state, details.row.file_name, details.note) == (
        "present",
        "elsewhere.safetensors",
        "mine",
    )


def test_a_copy_is_a_copy(catalog: Catalog, models: Path) -> None:
    shutil.copy(models / "loras" / "neon.safetensors", models / "again.safetensors")
    scanned(catalog)
    hashed(catalog)
    (row,) = catalog.search("is:duplicate").rows
    assert row.copies == 2
    assert catalog.search("").total == 2


def test_the_same_header_with_other_weights_is_another_model(
    catalog: Catalog, models: Path
) -> None:
    lora(models / "epoch2.safetensors", seed=77)
    scanned(catalog)
    assert catalog.search("").total == 3


def test_a_root_that_is_not_there_is_offline(catalog: Catalog, models: Path) -> None:
    scanned(catalog)
    models.rename(models.parent / "unplugged")
    report = scanned(catalog)
    assert report.offline == ["main"]
    assert {row.state for row in catalog.search("").rows} == {"offline"}
    (models.parent / "unplugged").rename(models)
    report = scanned(catalog)
    assert (report.back, report.new) == (2, 0)
    assert {row.state for row in catalog.search("").rows} == {"present"}
    assert catalog.files.libraries()[0].online


def test_many_gone_at_once_are_not_believed(catalog: Catalog, models: Path) -> None:
    for number in range(30):
        lora(models / f"{number}.safetensors", seed=100 + number)
    scanned(catalog)
    for number in range(15):
        (models / f"{number}.safetensors").unlink()
    report = scanned(catalog)
    assert (report.missing, report.held_back) == (0, ["main"])
    assert "--accept-missing" in (report.problems[0].hint or "")
    assert catalog.search("is:missing").total == 0
    assert scanned(catalog, accept_missing=True).missing == 15


def test_one_bad_file_among_many_is_listed_and_the_rest_is_done(
    catalog: Catalog, models: Path
) -> None:
    (models / "page.safetensors").write_text("<!DOCTYPE html><html>login</html>")
    (models / "cut.safetensors").write_bytes((models / "loras/neon.safetensors").read_bytes()[:300])
    (models / "empty.safetensors").write_bytes(b"")
    (models / "dangling.safetensors").symlink_to(models / "nowhere")
    (models / "fetching.safetensors.part").write_bytes(b"x" * 100)
    (models / "neon.civitai.info").write_text("{}")
    report = scanned(catalog)
    told = {Path(problem.item).name: problem.message for problem in report.problems}
    assert set(told) == {
        "page.safetensors",
        "cut.safetensors",
        "empty.safetensors",
        "dangling.safetensors",
    }
    assert "HTML" in told["page.safetensors"]
    assert report.downloads == 1
    assert catalog.search("is:present").total == 2
    assert catalog.search("is:unreadable").total == 3
    assert scanned(catalog).unchanged == 5


def test_a_file_that_may_not_be_read(catalog: Catalog, models: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (models / "loras" / "neon.safetensors").chmod(0)
    report = scanned(catalog)
    assert len(report.problems) == 1
    assert catalog.search("is:present").total == 1


def test_a_growing_file_waits(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lora(models / "slow.safetensors", seed=9)

    def grow(opened: ModelFile) -> object:
        header = read_open(opened)
        if opened.path.name == "slow.safetensors":
            with path.open("ab") as file:
                file.write(b"more")
        return header

    monkeypatch.setattr("loradex.operations.look.read_open", grow)
    report = scanned(catalog)
    assert report.growing == 1
    monkeypatch.undo()
    lora(path, seed=9)
    report = scanned(catalog)
    assert (report.changed, report.problems) == (1, [])
    assert catalog.resolve("slow")


def test_names_that_no_terminal_should_obey_or_decode(catalog: Catalog, models: Path) -> None:
    raw = os.fsencode(models) + b"/loras/caf\xe9\x1b[2J.safetensors"
    shutil.copy(models / "loras" / "sd15.safetensors", raw)
    report = scanned(catalog)
    assert report.problems == []
    hashed(catalog)
    assert catalog.files.to_hash() == []
    row = catalog.rows([catalog.resolve("sd15")])[0]
    assert row.copies == 2


def test_links_in_circles_end(catalog: Catalog, models: Path) -> None:
    (models / "loras" / "round").symlink_to(models)
    assert scanned(catalog).seen == 2


def test_ignored_and_hidden_folders(catalog: Catalog, tmp_path: Path) -> None:
    root = tmp_path / "other"
    lora(root / "keep.safetensors")
    lora(root / "skip" / "a.safetensors")
    lora(root / ".cache" / "b.safetensors")
    add_library(catalog, root, ignore=("skip*",))
    assert scanned(catalog).seen == 1


def test_a_diffusers_folder_is_one_model(catalog: Catalog, models: Path) -> None:
    folder = models / "checkpoints" / "pipe"
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text(
        '{"_class_name": "StableDiffusionXLPipeline",'
        ' "unet": ["diffusers", "UNet2DConditionModel"]}'
    )
    lora(folder / "unet" / "diffusion_pytorch_model.safetensors")
    scanned(catalog)
    hashed(catalog)
    row = catalog.rows([catalog.resolve("pipe")])[0]
    assert (row.kind, row.base, row.file_name) == ("checkpoint", "sdxl", "pipe")
    assert catalog.files.to_hash() == []


def test_hashing_goes_on_after_a_stop(catalog: Catalog, models: Path) -> None:
    scanned(catalog)
    cancel = CancelToken()

    class StopAfterOne(SilentSink):
        def progress(self, event: Progress) -> None:
            cancel.cancel()

    with pytest.raises(Cancelled):
        hash_pass(catalog, sink=StopAfterOne(), cancel=cancel)
    left = len(catalog.files.to_hash())
    assert 0 < left <= 2
    assert hashed(catalog).files == left
    assert catalog.files.to_hash() == []


def test_a_file_that_vanishes_before_hashing_is_told(catalog: Catalog, models: Path) -> None:
    scanned(catalog)
    (models / "loras" / "neon.safetensors").unlink()
    sink = Recorder()
    report = hash_pass(catalog, sink=sink, cancel=CancelToken())
    assert report.files == 1
    assert [Path(problem.item).name for problem in sink.problems] == ["neon.safetensors"]


def test_a_large_scan_in_worker_processes(catalog: Catalog, models: Path) -> None:
    for number in range(320):
        lora(models / "many" / f"{number}.safetensors", seed=number, rank=1)
    sink = Recorder()
    report = scan(catalog, catalog.files.libraries(), workers=2, sink=sink, cancel=CancelToken())
    assert (report.new, report.problems) == (322, [])
    assert catalog.search("kind:lora base:sdxl").total == 321
    assert sink.events[-1].done == sink.events[-1].total == 322


def test_worker_processes_tell_what_a_look_here_tells(models: Path) -> None:
    pipe = models / os.fsdecode(b"caf\xe9 pipe")
    broken = pipe / "unet" / "diffusion_pytorch_model.safetensors"
    lora(models / "loras" / "words.safetensors", metadata={"ss_output_name": "Caf\u00e9 \u4e00"})
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no model")
    (pipe / "model_index.json").write_text(
        '{"_class_name": "FluxPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}'
    )
    root = os.fsencode(models)
    found = walk(root, (), CancelToken()).found
    looks = looks_in(look_at_all(root, found))
    assert looks == [look_at(root, one) for one in found]
    assert any("caf\\udce9" in (look.problem or "") for look in looks)


def test_two_scans_at_once_know_each_file_once(home: Home, models: Path) -> None:
    for number in range(350):
        lora(models / "many" / f"{number}.safetensors", seed=number, rank=1)
    command = [sys.executable, "-m", "loradex", "scan", "--hash", "never"]
    environment = {**os.environ, "LORADEX_HOME": str(home.root), "LORADEX_WORKERS": "1"}
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    told = [one.communicate(timeout=120) for one in running]
    assert [one.returncode for one in running] == [0, 0], told
    with Catalog.open(home) as catalog:
        rows = catalog.search("is:present").rows
        assert (len(rows), {row.copies for row in rows}) == (352, {1})
        assert scanned(catalog).new == 0


def test_libraries_may_not_overlap(catalog: Catalog, models: Path, tmp_path: Path) -> None:
    for folder in (models, models / "loras", tmp_path):
        with pytest.raises(LibraryError):
            add_library(catalog, folder)
    with pytest.raises(LibraryError, match="is a file"):
        add_library(catalog, models / "loras" / "neon.safetensors")


def test_a_library_forgotten_and_added_again(catalog: Catalog, models: Path) -> None:
    scanned(catalog)
    annotate.rate(catalog, [catalog.resolve("neon")], 5)
    remove_library(catalog, "main")
    assert catalog.search("is:missing").total == 2
    add_library(catalog, models)
    scanned(catalog)
    (row,) = catalog.search("rating:5").rows
    assert (row.state, row.file_name) == ("present", "neon.safetensors")


def test_new_bytes_never_inherit_what_was_written_about_the_old(
    catalog: Catalog, models: Path
) -> None:
    """The file is replaced between the scan and the hash pass."""
    scanned(catalog)
    id_ = catalog.resolve("neon")
    annotate.note(catalog, id_, "about the old bytes")
    before = (models / "loras" / "neon.safetensors").read_bytes()
    shutil.copy(models / "loras" / "sd15.safetensors", models / "loras" / "neon.safetensors")
    sink = Recorder()
    report = hash_pass(catalog, sink=sink, cancel=CancelToken())
    assert [problem.message for problem in sink.problems] == [
        "It has changed since it was scanned."
    ]
    assert report.files == 1
    scanned(catalog)
    hashed(catalog)
    assert catalog.rows([id_])[0].state == "missing"
    assert catalog.details(catalog.resolve("sd15")).note == ""
    (models / "loras" / "neon.safetensors").write_bytes(before)
    scanned(catalog)
    hashed(catalog)
    details = catalog.details(id_)
    assert (details.row.state, details.note) == ("present", "about the old bytes")


def test_bytes_replaced_under_the_same_size_and_time_are_noticed(
    catalog: Catalog, models: Path
) -> None:
    path = models / "loras" / "neon.safetensors"
    scanned(catalog)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    with path.open("r+b") as file:
        file.write(data)
    os.utime(path, ns=times)
    assert scanned(catalog).unchanged == 2
    assert len(hashed(catalog).problems) == 1
    assert scanned(catalog).changed == 1
    assert hashed(catalog).problems == []


def test_one_file_takes_the_place_of_another(catalog: Catalog, models: Path) -> None:
    """`mv b c; mv a b`: the usual way to swap in a new version."""
    a, b = models / "loras" / "neon.safetensors", models / "loras" / "sd15.safetensors"
    scanned(catalog)
    b.rename(models / "loras" / "old.safetensors")
    a.rename(b)
    report = scanned(catalog)
    assert (report.moved, report.changed, report.new, report.missing) == (1, 1, 0, 0)
    assert {row.file_name: row.base for row in catalog.search("is:present").rows} == {
        "old.safetensors": "sd1",
        "sd15.safetensors": "sdxl",
    }
    assert scanned(catalog).unchanged == 2


def test_an_inode_used_again_is_no_move(catalog: Catalog, models: Path) -> None:
    path = models / "loras" / "neon.safetensors"
    scanned(catalog)
    annotate.note(catalog, catalog.resolve("neon"), "mine")
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=times)
    path.rename(models / "loras" / "fresh.safetensors")
    report = scanned(catalog)
    assert (report.moved, report.new, report.missing) == (0, 1, 1)
    assert catalog.details(catalog.resolve("fresh")).note == ""


def test_what_could_not_be_opened_is_tried_again(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(opened: ModelFile) -> None:
        error = FormatError(str(opened.path), "may not be read.")
        raise error from PermissionError(13, "Permission denied")

    monkeypatch.setattr("loradex.operations.look.read_open", refuse)
    assert len(scanned(catalog).problems) == 2
    assert catalog.search("").total == 0
    monkeypatch.undo()
    assert scanned(catalog).problems == []
    assert catalog.search("is:present").total == 2


def test_a_root_that_goes_away_in_the_middle(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(catalog)
    lora(models / "new.safetensors", seed=5)

    def vanish(_opened: ModelFile) -> None:
        models.rename(models.parent / "unplugged")
        raise FormatError("x", "cannot be read: I/O error.") from OSError(5, "I/O error")

    monkeypatch.setattr("loradex.operations.look.read_open", vanish)
    report = scanned(catalog)
    assert (report.offline, report.missing, report.problems) == (["main"], 0, [])
    assert {row.state for row in catalog.search("").rows} == {"offline"}
    monkeypatch.undo()
    (models.parent / "unplugged").rename(models)
    assert scanned(catalog).new == 1
    assert catalog.search("is:present").total == 3


def test_broken_files_stay_broken_over_a_time_away(catalog: Catalog, models: Path) -> None:
    (models / "page.safetensors").write_text("<html>")
    (models / "dangling.safetensors").symlink_to(models / "nowhere")
    assert len(scanned(catalog).problems) == 2
    assert scanned(catalog).problems == []  # told once
    assert len(catalog.files.problems()) == 2
    models.rename(models.parent / "unplugged")
    scanned(catalog)
    assert catalog.files.problems() == []
    (models.parent / "unplugged").rename(models)
    scanned(catalog)
    assert len(catalog.files.problems()) == 2
    assert catalog.search("is:unreadable").total == 1
    assert len(catalog.files.to_hash()) == 2


def test_a_file_that_comes_back_during_the_scan_is_not_missing(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(catalog)
    path = models / "loras" / "neon.safetensors"
    kept = path.read_bytes()
    path.unlink()
    lora(models / "new.safetensors", seed=5)

    def restore(opened: ModelFile) -> object:
        path.write_bytes(kept)
        return read_open(opened)

    monkeypatch.setattr("loradex.operations.look.read_open", restore)
    assert scanned(catalog).missing == 0


def test_links_are_no_copies_and_are_read_once(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = models / "loras" / "neon.safetensors"
    (models / "hard.safetensors").hardlink_to(real)
    (models / "soft.safetensors").symlink_to(real)
    (models / "a_linked_folder").symlink_to(models / "loras")
    scanned(catalog)
    read: list[Path] = []

    def watched(jobs: Sequence[ReadJob], **options: object) -> object:
        read.extend(job.path for job in jobs)
        return read_files(jobs, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("loradex.operations.hash_pass.read_files", watched)
    hashed(catalog)
    assert len(read) == 2
    row = catalog.rows([catalog.resolve(str(real))])[0]
    assert row.copies == 1
    assert catalog.search("is:duplicate").total == 0
    assert catalog.files.to_hash() == []


def test_a_model_without_a_place_keeps_its_name(catalog: Catalog, models: Path) -> None:
    scanned(catalog)
    id_ = catalog.resolve("neon")
    annotate.note(catalog, id_, "mine")
    lora(models / "loras" / "neon.safetensors", seed=99)
    scanned(catalog)
    row = catalog.rows([id_])[0]
    assert (row.name, row.file_name, row.state) == ("neon", "neon.safetensors", "missing")


def test_states_of_a_slow_download_leave_nothing_behind(catalog: Catalog, models: Path) -> None:
    whole = lora(models / "slow.safetensors", seed=8).read_bytes()
    for size in (200, 400, 800, len(whole)):
        (models / "slow.safetensors").write_bytes(whole[:size])
        scanned(catalog)
    assert catalog.search("").total == 3
    assert catalog.search("is:missing").total == 0


def test_a_stop_keeps_what_was_looked_at(catalog: Catalog, models: Path) -> None:
    for number in range(10):
        lora(models / f"{number}.safetensors", seed=100 + number)
    cancel = CancelToken()

    class StopAtFive(SilentSink):
        def progress(self, event: Progress) -> None:
            if event.stage == "Reading headers" and event.done == 5:
                cancel.cancel()

    with pytest.raises(Cancelled):
        scan(catalog, catalog.files.libraries(), workers=1, sink=StopAtFive(), cancel=cancel)
    kept = catalog.search("").total
    assert 0 < kept < 12
    assert scanned(catalog).new == 12 - kept


def test_workers_end_with_their_parent(home: Home, models: Path) -> None:
    for number in range(2000):
        lora(models / "many" / f"{number}.safetensors", seed=number, rank=1)
    process = subprocess.Popen(
        [sys.executable, "-m", "loradex", "scan", "--hash", "later"],
        env={**os.environ, "LORADEX_HOME": str(home.root), "LORADEX_WORKERS": "2"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    workers: set[int] = set()
    while len(workers) < 2 and time.monotonic() < deadline and process.poll() is None:
        workers = _processes_of(home) - {process.pid}
        time.sleep(0.02)
    process.kill()
    process.wait(60)
    while (left := _processes_of(home)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == set()


def _processes_of(home: Home) -> set[int]:
    """Return the processes that were started with this home."""
    mark = f"LORADEX_HOME={home.root}".encode()
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                if mark in (entry / "environ").read_bytes():
                    found.add(int(entry.name))
            except OSError:
                continue
    return found


def test_what_goes_to_another_library_has_moved(
    catalog: Catalog, models: Path, tmp_path: Path
) -> None:
    scanned(catalog)
    hashed(catalog)
    id_ = catalog.resolve("neon")
    annotate.note(catalog, id_, "mine")
    other = tmp_path / "another drive"
    other.mkdir()
    add_library(catalog, other)
    (models / "loras" / "neon.safetensors").rename(other / "neon.safetensors")
    report = scanned(catalog)
    assert (report.moved, report.new, report.missing) == (1, 0, 0)
    assert catalog.rows([id_])[0].path == str(other / "neon.safetensors")
    assert catalog.files.to_hash() == []  # it is the file that was read


def test_a_copy_whose_original_is_deleted_has_moved(catalog: Catalog, models: Path) -> None:
    scanned(catalog)
    original = models / "loras" / "neon.safetensors"
    shutil.copy(original, models / "copy.safetensors")
    original.unlink()
    report = scanned(catalog)
    assert (report.moved, report.new, report.missing) == (1, 0, 0)
    assert [row.file_name for row in catalog.search("base:sdxl").rows] == ["copy.safetensors"]


def test_a_deleted_copy_has_not_moved(catalog: Catalog, models: Path) -> None:
    shutil.copy(models / "loras" / "neon.safetensors", models / "copy.safetensors")
    scanned(catalog)
    (models / "copy.safetensors").unlink()
    report = scanned(catalog)
    assert (report.moved, report.missing) == (0, 1)
    assert catalog.rows([catalog.resolve("neon")])[0].state == "present"


def test_a_whole_library_that_moved_is_not_held_back(catalog: Catalog, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for number in range(20):
        lora(old / f"{number}.safetensors", seed=number)
    lora(old / "stays.safetensors", seed=99)
    new.mkdir()
    add_library(catalog, old)
    add_library(catalog, new)
    scanned(catalog)
    for number in range(20):
        (old / f"{number}.safetensors").rename(new / f"{number}.safetensors")
    report = scanned(catalog)
    assert (report.moved, report.missing, report.held_back) == (20, 0, [])


def test_many_new_headers_are_read_by_one_process(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loradex.operations.library_scan.WORTH_A_POOL", 1)
    library = catalog.files.libraries()[0]
    lease = catalog.jobs.acquire(SCANNING, f"library {library.id}", task="scan")
    assert lease is not None
    report = scanned(catalog)
    assert len(report.elsewhere) == 1
    assert f"process {os.getpid()}" in report.elsewhere[0]
    assert catalog.search("").total == 0
    catalog.jobs.release(lease)
    assert scanned(catalog).elsewhere == []
    assert catalog.search("").total == 2


def test_shards_are_one_model_named_without_their_numbers(catalog: Catalog, models: Path) -> None:
    folder = models / "unet" / "my video model"
    folder.mkdir(parents=True)
    for number in (1, 2, 3):
        name = f"diffusion_pytorch_model-{number:05}-of-00003.safetensors"
        write_safetensors(folder / name, {f"blocks.{number}.weight": (4, 4)}, seed=number)
    report = scanned(catalog)
    assert report.new == 3  # the two of every test, and this one
    (row,) = catalog.search("path:unet").rows
    assert row.name == "my video model"
    (folder / "diffusion_pytorch_model-00001-of-00003.safetensors").unlink()
    assert scanned(catalog).new == 2  # without the first each stands for itself


def sharded(root: Path, of: int = 3) -> list[Path]:
    """Write an SDXL LoRA in shards, each with the three tensors of one layer."""
    layers = ("attn2_to_k", "attn2_to_v", "attn1_to_k")[:of]
    paths = []
    for number, layer in enumerate(layers, start=1):
        name = f"lora_unet_input_blocks_4_1_transformer_blocks_0_{layer}"
        width = 640 if "attn1" in layer else 2048
        tensors = {"lora_down.weight": (4, width), "lora_up.weight": (640, 4), "alpha": ()}
        path = root / "sharded" / f"big-{number:05}-of-{of:05}.safetensors"
        own = {f"{name}.{key}": shape for key, shape in tensors.items()}
        paths.append(write_safetensors(path, own, seed=100 + number))
    return paths


def tensors(catalog: Catalog, content_id: int) -> int:
    with closing(sqlite3.connect(catalog.home.catalog)) as connection:
        (count,) = connection.execute(
            "SELECT tensor_count FROM content_header WHERE content_id = ?", (content_id,)
        ).fetchone()
    return int(count)


def broken(catalog: Catalog) -> dict[str, str]:
    return {Path(path).name: problem for path, problem in catalog.files.problems()}


def test_a_shard_that_is_missing_is_told_and_noticed_when_it_comes(
    catalog: Catalog, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = sharded(models)
    second.rename(tmp_path / "second")
    third.rename(tmp_path / "third")
    (problem,) = scanned(catalog).problems
    assert problem.message == "Shards 2 and 3 of 3 are missing."
    id_ = catalog.search("path:sharded").rows[0].id
    assert (catalog.rows([id_])[0].kind, catalog.search("is:broken").total) == ("lora", 1)
    report = scanned(catalog)  # told once, and nothing is read while nothing has come
    assert (report.again, report.problems) == (0, [])
    (tmp_path / "third").rename(third)
    report = scanned(catalog)
    assert (report.again, broken(catalog)) == (1, {first.name: "Shard 2 of 3 is missing."})
    (tmp_path / "second").rename(second)
    assert scanned(catalog).again == 1
    assert (broken(catalog), catalog.rows([id_])[0].state) == ({}, "present")
    monkeypatch.setattr("loradex.operations.look.look_at", pytest.fail)
    assert scanned(catalog).again == 0


def test_a_shard_that_goes_away_is_noticed_and_nothing_is_forgotten(
    catalog: Catalog, models: Path, tmp_path: Path
) -> None:
    paths = sharded(models)
    scanned(catalog)
    hashed(catalog)
    id_ = catalog.search("path:sharded").rows[0].id
    before = catalog.rows([id_])[0]
    count = tensors(catalog, id_)
    paths[2].rename(tmp_path / "third")
    assert scanned(catalog).again == 1
    assert broken(catalog) == {paths[0].name: "Shard 3 of 3 is missing."}
    row = catalog.rows([id_])[0]
    assert (row.kind, row.sha256) == (before.kind, before.sha256)
    assert tensors(catalog, id_) == count == 9
    (tmp_path / "third").rename(paths[2])
    scanned(catalog)
    assert (broken(catalog), catalog.files.to_hash()) == ({}, [])


def test_a_broken_shard_is_looked_at_until_it_is_good(catalog: Catalog, models: Path) -> None:
    first, second = sharded(models, of=2)
    good = second.read_bytes()
    second.write_bytes(good[:-10])
    scanned(catalog)
    assert broken(catalog) == {first.name: "Shard 2 of 2 is broken."}
    at = catalog.files.libraries()[0].scanned_at
    scanned(catalog)
    assert catalog.files.libraries()[0].scanned_at == at  # nothing new, nothing is written
    second.write_bytes(good)
    scanned(catalog)
    assert broken(catalog) == {}


def test_what_all_shards_tell_counts_when_they_are_together(
    catalog: Catalog, models: Path, tmp_path: Path
) -> None:
    first, second = sharded(models, of=2)
    write_safetensors(first, {"a.weight": (4, 4)})
    second.rename(tmp_path / "second")
    scanned(catalog)
    id_ = catalog.search("path:sharded").rows[0].id
    assert catalog.rows([id_])[0].base is None
    (tmp_path / "second").rename(second)
    scanned(catalog)
    assert (catalog.rows([id_])[0].base, tensors(catalog, id_)) == ("sdxl", 4)


def test_a_first_shard_that_moves_without_the_others(catalog: Catalog, models: Path) -> None:
    first, *_ = sharded(models)
    scanned(catalog)
    first.rename(models / first.name)
    assert scanned(catalog).moved == 1
    assert set(broken(catalog).values()) == {
        "Shards 2 and 3 of 3 are missing.",
        "Shard 1 of 3 is missing.",
    }


def test_a_dangerous_shard_makes_its_model_dangerous(catalog: Catalog, models: Path) -> None:
    names = [models / f"p-0000{number}-of-00002.bin" for number in (1, 2)]
    names[0].write_bytes(pickle.dumps({}, protocol=2))
    names[1].write_bytes(b"\x80\x02cos\nsystem\nX\7\0\0\0touch x\x85R.")
    scanned(catalog)
    (row,) = catalog.search("path:p-00001").rows
    assert row.safety == "dangerous"


def test_a_catalog_with_older_fingerprints_keeps_its_contents(
    catalog: Catalog, models: Path
) -> None:
    scanned(catalog)
    id_ = catalog.resolve("neon")
    annotate.note(catalog, id_, "mine")
    with closing(sqlite3.connect(catalog.home.catalog)) as connection, connection:
        connection.execute(
            "UPDATE content SET fingerprint = substr(fingerprint, 3), identified_by = '1'"
        )
    report = scanned(catalog)
    assert (report.again, report.new_contents) == (2, 0)
    assert catalog.details(id_).note == "mine"
    assert catalog.search("").total == 2


def refuse_to_open(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def refuse(opened: ModelFile) -> object:
        if opened.path.name != name:
            return read_open(opened)
        error = FormatError(str(opened.path), "may not be read.")
        raise error from PermissionError(13, "Permission denied")

    monkeypatch.setattr("loradex.operations.look.read_open", refuse)


def test_other_bytes_behind_a_closed_door_are_met_when_it_opens(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(catalog)
    id_ = catalog.resolve("neon")
    annotate.note(catalog, id_, "of the old bytes")
    lora(models / "loras" / "neon.safetensors", seed=77)
    refuse_to_open(monkeypatch, "neon.safetensors")
    assert len(scanned(catalog).problems) == 1
    assert len(scanned(catalog).problems) == 1  # it is tried again each time
    monkeypatch.undo()
    scanned(catalog)
    assert catalog.rows([id_])[0].state == "missing"
    assert catalog.details(catalog.resolve(str(models / "loras/neon.safetensors"))).note == ""


def test_the_same_bytes_behind_a_closed_door_are_not_read_in_full_again(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(catalog)
    hashed(catalog)
    refuse_to_open(monkeypatch, "neon.safetensors")
    scanned(catalog, everything=True)
    monkeypatch.undo()
    assert scanned(catalog).again == 1
    assert catalog.search("is:present").total == 2
    assert catalog.files.to_hash() == []


def test_a_link_whose_target_was_away_is_not_read_in_full_again(
    catalog: Catalog, models: Path, tmp_path: Path
) -> None:
    lora(tmp_path / "drive" / "far.safetensors", seed=5)
    (models / "far.safetensors").symlink_to(tmp_path / "drive" / "far.safetensors")
    scanned(catalog)
    hashed(catalog)
    (tmp_path / "drive").rename(tmp_path / "unplugged")
    assert len(scanned(catalog).problems) == 1
    (tmp_path / "unplugged").rename(tmp_path / "drive")
    scanned(catalog)
    assert catalog.rows([catalog.resolve("far")])[0].state == "present"
    assert catalog.files.to_hash() == []


def test_two_contents_of_one_fingerprint_stay_apart(catalog: Catalog, models: Path) -> None:
    """They differ between the samples: only a full read tells, and better rules must not forget."""
    x, y = models / "x.safetensors", models / "y.safetensors"
    write_safetensors(x, {"w": (1000, 1000)}, seed=3)
    data = bytearray(x.read_bytes())
    data[20_000] ^= 1
    y.write_bytes(data)
    scanned(catalog)
    hashed(catalog)
    annotate.note(catalog, catalog.resolve(str(x)), "note of x")
    with closing(sqlite3.connect(catalog.home.catalog)) as connection, connection:
        connection.execute("UPDATE content SET identified_by = '1'")
    for _ in range(2):
        scanned(catalog)
        assert catalog.files.to_hash() == []
        assert catalog.details(catalog.resolve(str(y))).note == ""
    assert scanned(catalog).again == 0


def test_an_older_fingerprint_follows_a_rename_and_a_copy(catalog: Catalog, models: Path) -> None:
    a, b = models / "loras" / "neon.safetensors", models / "loras" / "sd15.safetensors"
    scanned(catalog)
    ids = [catalog.resolve("neon"), catalog.resolve("sd15")]
    annotate.note(catalog, ids[0], "note A")
    annotate.note(catalog, ids[1], "note B")
    with closing(sqlite3.connect(catalog.home.catalog)) as connection, connection:
        connection.execute(
            "UPDATE content SET fingerprint = substr(fingerprint, 3), identified_by = '1'"
        )
    a.rename(models / "loras" / "other.safetensors")
    shutil.copy(b, models / "a copy.safetensors")
    scanned(catalog)
    scanned(catalog)
    assert [catalog.rows([id_])[0].state for id_ in ids] == ["present", "present"]
    assert catalog.rows(ids)[1].copies == 2
    assert catalog.search("").total == 2


def test_what_is_left_out_by_now_is_no_place_any_more(catalog: Catalog, models: Path) -> None:
    pipe = models / "pipe"
    lora(pipe / "unet" / "part.safetensors", seed=7)
    lora(models / "folder.safetensors", seed=8)
    scanned(catalog)
    hashed(catalog)
    assert catalog.search("is:present").total == 4
    (pipe / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    (models / "folder.safetensors").unlink()
    (models / "folder.safetensors").mkdir()
    scanned(catalog)
    present = {row.file_name for row in catalog.search("is:present").rows}
    assert "part.safetensors" not in present
    assert "folder.safetensors" not in present
    assert scanned(catalog).new == 0


def test_a_twin_on_another_disk_is_read(catalog: Catalog, models: Path) -> None:
    """Fresh disks give equal numbers: inode, size and time prove nothing between two of them."""
    scanned(catalog)
    hashed(catalog)
    twin = models / "twin.safetensors"
    shutil.copy2(models / "loras" / "neon.safetensors", twin)
    info = twin.stat()
    with closing(sqlite3.connect(catalog.home.catalog)) as connection, connection:
        connection.execute(
            "UPDATE file SET inode = ?, device = device + 1 WHERE path LIKE '%neon%'",
            (info.st_ino,),
        )
    scanned(catalog)
    assert [file.path.rpartition(b"/")[2] for file in catalog.files.to_hash()] == [
        b"twin.safetensors"
    ]


def test_a_stub_with_a_file_of_its_own_is_no_library(catalog: Catalog, models: Path) -> None:
    """The drive is away, and what lies in its mount point is not the library."""
    scanned(catalog)
    with closing(sqlite3.connect(catalog.home.catalog)) as connection, connection:
        connection.execute("UPDATE library SET device = device + 1")
    shutil.rmtree(models / "loras")
    (models / ".keep").touch()
    report = scanned(catalog)
    assert (report.offline, report.missing) == (["main"], 0)


def test_a_marked_file_keeps_its_mark_when_it_moves(catalog: Catalog, models: Path) -> None:
    scanned(catalog)
    hashed(catalog)
    with closing(sqlite3.connect(catalog.home.catalog)) as connection, connection:
        connection.execute(
            "UPDATE file SET state = 'unreadable', problem = 'It has rotted.'"
            " WHERE path LIKE '%neon%'"
        )
    (models / "loras").rename(models / "elsewhere")
    assert scanned(catalog).moved == 2
    assert [path for path, _ in catalog.files.problems()] == [
        str(models / "elsewhere" / "neon.safetensors")
    ]


def test_any_change_inside_a_diffusers_folder_is_noticed(catalog: Catalog, models: Path) -> None:
    folder = models / "pipe"
    weights = lora(folder / "unet" / "w.safetensors", seed=1)
    (folder / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    (folder / "unet" / "dead").symlink_to("nowhere")
    scanned(catalog)
    assert scanned(catalog).changed == 0
    annotate.note(catalog, catalog.resolve("pipe"), "of the old weights")
    other = lora(models / "other.safetensors", seed=2)
    os.utime(other, (1_000_000_000, 1_000_000_000))
    other.replace(weights)  # as large, and older
    assert scanned(catalog).changed == 1
    present = catalog.resolve(str(folder))
    assert catalog.details(present).note == ""


def test_another_disk_is_believed_when_a_person_says_so(catalog: Catalog, models: Path) -> None:
    scanned(catalog)
    with closing(sqlite3.connect(catalog.home.catalog)) as connection, connection:
        connection.execute("UPDATE library SET device = device + 1")
    shutil.rmtree(models / "loras")
    lora(models / "other.safetensors", seed=6)
    assert scanned(catalog).offline == ["main"]
    report = scanned(catalog, accept_missing=True)
    assert (report.offline, report.new, report.missing) == ([], 1, 2)
    assert scanned(catalog).offline == []


def test_what_stays_closed_is_not_written_again(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_to_open(monkeypatch, "neon.safetensors")
    scanned(catalog)
    before = catalog.files.libraries()[0].scanned_at
    assert len(scanned(catalog).problems) == 1
    assert catalog.files.libraries()[0].scanned_at == before


def test_a_new_glob_lets_go_of_many_files_at_once(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What becomes of each is decided once: by pairs a large library would take minutes."""
    number = 300
    for count in range(number):
        (models / f"{count}.safetensors").write_bytes(b"no model")
    scanned(catalog)
    with closing(sqlite3.connect(catalog.home.catalog)) as connection, connection:
        connection.execute("UPDATE library SET ignore = '[\"*.safetensors\"]'")
    compared = 0
    real = KnownFile.__eq__

    def counted(self: KnownFile, other: object) -> bool:
        nonlocal compared
        compared += 1
        return real(self, other)

    monkeypatch.setattr(KnownFile, "__eq__", counted)
    report = scanned(catalog)
    assert (report.seen, report.missing) == (0, 0)
    assert catalog.search("is:present").total == 0
    assert compared <= number
