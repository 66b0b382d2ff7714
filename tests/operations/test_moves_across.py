"""Moves to another device: copied, checked, and only then taken away."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.domain.plans import Stamp
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.moves import moving, renaming
from loradex.operations.moves.applying import carry_out
from loradex.operations.moves.copying import CopyFailed, copy_verified, stamp_of
from loradex.operations.moves.undoing import plan_undo
from loradex.paths import Home
from moves_kit import add, contents, file_ids, fill_inbox, nothing_new, planned, tree

MEMORY = Path("/dev/shm")  # noqa: S108 - a second device


@pytest.fixture
def models(tmp_path: Path) -> Iterator[Path]:
    if not MEMORY.is_dir() or MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second device to move files to")
    folder = Path(tempfile.mkdtemp(dir=MEMORY)) / "models"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder.parent)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    fill_inbox(tmp_path / "inbox")
    return tmp_path / "inbox"


@pytest.fixture
def catalog(home: Home, inbox: Path, models: Path) -> Iterator[Catalog]:
    with Catalog.open(home) as opened:
        add(opened, inbox, models)
        yield opened


MOVES = [
    ("inbox", "neon.safetensors", "models", "loras/neon.safetensors"),
    ("inbox", "sub/glow.safetensors", "models", "loras/glow.safetensors"),
]


def test_there_and_back_again(catalog: Catalog, inbox: Path, models: Path) -> None:
    before = tree(inbox, models)
    everything = contents(inbox, models)
    plan = planned(catalog, MOVES)
    report = carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())
    assert (report.models, report.files, report.problems) == (2, 5, [])
    assert contents(inbox, models) == everything
    nothing_new(catalog)
    undo = plan_undo(catalog, report.plan_id or 0)
    carry_out(catalog, undo, sink=SilentSink(), cancel=CancelToken())
    assert tree(inbox, models) == before
    nothing_new(catalog)


def test_a_disk_that_is_too_small_is_seen_beforehand(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loradex.operations.moves.planning.SPARE_BYTES", 1 << 60)
    plan = planned(catalog, MOVES)
    assert [conflict.reason for conflict in plan.conflicts] == [
        "There is not enough room on the disk it should go to."
    ] * 2


def test_a_disk_that_fills_up_keeps_the_model_whole(
    catalog: Catalog, inbox: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(inbox, models)
    plan = planned(catalog, MOVES)
    real = moving.copy_verified

    def filling(source: bytes, copy: bytes, stamp: Stamp, **how: object) -> None:
        if copy.startswith(os.fsencode(models)) and not source.endswith(b"neon.safetensors"):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, copy, stamp, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(moving, "copy_verified", filling)
    report = carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())
    assert report.models == 0
    assert "full" in report.problems[0].message
    assert tree(inbox, models) == before
    assert not (models / "loras").exists()
    nothing_new(catalog)


def test_bytes_that_are_not_the_hashed_ones_stay(
    catalog: Catalog, inbox: Path, models: Path
) -> None:
    """A disk that has lost bits must not hand them on as the person's file."""
    path = inbox / "sub" / "glow.safetensors"
    info = path.stat()
    with path.open("r+b") as file:
        file.seek(-3, os.SEEK_END)
        file.write(b"bit")
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    report = carry_out(
        catalog, planned(catalog, MOVES[1:]), sink=SilentSink(), cancel=CancelToken()
    )
    assert "not the ones that were hashed" in report.problems[0].message
    assert path.exists()
    assert not (models / "loras").exists()


def test_a_stop_in_the_middle_of_a_copy_leaves_nothing_of_it(
    catalog: Catalog, inbox: Path, models: Path
) -> None:
    before = tree(inbox, models)
    cancel = CancelToken()

    class StopsAtTheCopy(SilentSink):
        def progress(self, event: object) -> None:
            if getattr(event, "stage", "") == "Copying":
                cancel.cancel()

    report = carry_out(catalog, planned(catalog, MOVES), sink=StopsAtTheCopy(), cancel=cancel)
    assert report.stopped
    assert tree(inbox, models) == before
    assert not (models / "loras").exists()
    assert set(file_ids(catalog, "models")) == set()


def test_a_copy_checks_what_it_read_and_wrote(tmp_path: Path) -> None:
    source, copy = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"bytes")
    stamp = stamp_of(source.stat())

    def run(stamp: Stamp, sha256: str | None) -> None:
        copy_verified(
            os.fsencode(source),
            os.fsencode(copy),
            stamp,
            sha256=sha256,
            on_bytes=lambda _count: None,
            cancel=CancelToken(),
        )

    with pytest.raises(CopyFailed):
        run(stamp, "0" * 64)
    with pytest.raises(CopyFailed):
        run(Stamp(stamp.size, stamp.mtime_ns, stamp.device, stamp.inode + 1), None)
    assert not copy.exists()
    run(stamp, None)
    assert stamp_of(copy.stat()).mtime_ns == stamp.mtime_ns
    with pytest.raises(FileExistsError):
        run(stamp, None)
    assert copy.read_bytes() == b"bytes"


@pytest.mark.parametrize("without", [(), ("noreplace",), ("noreplace", "link")])
@pytest.mark.parametrize("folder", [False, True])
def test_a_rename_never_replaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: tuple[str, ...], folder: bool
) -> None:
    if "noreplace" in without:
        monkeypatch.setattr(renaming, "_rename_noreplace", lambda _source, _target: False)
    if "link" in without:
        monkeypatch.setattr(renaming, "_link_and_unlink", lambda _source, _target: False)
    source, taken, free = tmp_path / "source", tmp_path / "taken", tmp_path / "free"
    for path in (source, taken):
        if folder:
            path.mkdir()
            (path / "inside").write_text(path.name)
        else:
            path.write_text(path.name)
    with pytest.raises(FileExistsError):
        renaming.rename_new(os.fsencode(source), os.fsencode(taken))
    assert (taken / "inside" if folder else taken).read_text() == "taken"
    renaming.rename_new(os.fsencode(source), os.fsencode(free))
    assert (free / "inside" if folder else free).read_text() == "source"
    assert not source.exists()
