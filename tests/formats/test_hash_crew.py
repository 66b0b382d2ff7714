"""Many files at once: each told as if it were alone, whatever the number of threads and disks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from loradex.domain.progress import CancelToken
from loradex.errors import FormatError
from loradex.formats import hash_crew
from loradex.formats.digests import Digests
from loradex.formats.fingerprint import quick_fingerprint
from loradex.formats.hash_crew import FullRead, ReadJob
from loradex.formats.hashing import hash_file, read_files, read_in_full
from loradex.formats.page_source import PageSource

from .making import safetensors

SIZES = (0, 1, 9, 70_000, 1 << 20, (1 << 20) + 1, 9 << 20, 12_345_678)


def files(folder: Path) -> list[Path]:
    paths = []
    for number, size in enumerate(SIZES):
        path = folder / f"{number}.bin"
        path.write_bytes(bytes((number + k) % 251 for k in range(997)) * (size // 997 + 1))
        with path.open("r+b") as file:
            file.truncate(size)
        paths.append(path)
    model = folder / "model.safetensors"
    model.write_bytes(safetensors({"w": {"dtype": "U8", "shape": [10 << 20], "data_offsets": [
        0, 10 << 20]}}, 10 << 20))  # fmt: skip
    return [*paths, model]


def read_all(paths: list[Path], **options: object) -> dict[int, object]:
    counted: dict[int, int] = {}
    lock = threading.Lock()

    def count(index: int, nbytes: int) -> None:
        with lock:
            counted[index] = counted.get(index, 0) + nbytes

    jobs = [ReadJob(path, number % 3) for number, path in enumerate(paths)]
    told = dict(
        entry
        for batch in read_files(jobs, on_bytes=count, cancel=CancelToken(), **options)  # type: ignore[arg-type]
        for entry in batch
    )
    for index, outcome in told.items():
        if isinstance(outcome, FullRead):
            assert counted.get(index, 0) == outcome.size
    return told


@pytest.mark.parametrize("cores", [1, 2, 5, 40])
@pytest.mark.parametrize("from_disk", [False, True])
def test_many_files_are_told_as_each_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, from_disk: bool
) -> None:
    paths = files(tmp_path)
    alone = [read_in_full(path) for path in paths]
    monkeypatch.setattr(hash_crew, "cores", lambda: cores)
    before = threading.active_count()
    assert read_all(paths, from_disk=from_disk) == dict(enumerate(alone))
    assert threading.active_count() == before
    for path, read in zip(paths, alone, strict=True):
        assert read.fingerprint == quick_fingerprint(path)
        assert (read.size, read.mtime_ns) == (path.stat().st_size, path.stat().st_mtime_ns)


def test_one_bad_file_among_many(tmp_path: Path) -> None:
    paths = files(tmp_path)
    paths.insert(2, tmp_path / "gone")
    told = read_all(paths)
    assert isinstance(told[2], FormatError)
    assert sum(isinstance(outcome, FullRead) for outcome in told.values()) == len(paths) - 1


def test_a_stop_in_the_middle_keeps_what_was_finished(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x" * 100)
    large.write_bytes(bytes(20 << 20))
    cancel = CancelToken()
    pieces: list[int] = []

    def stop(index: int, nbytes: int) -> None:
        if index == 1:
            pieces.append(nbytes)
            cancel.cancel()

    told = [
        entry
        for batch in read_files([ReadJob(small), ReadJob(large)], on_bytes=stop, cancel=cancel)
        for entry in batch
    ]
    assert [index for index, _ in told] == [0]
    assert len(pieces) == 1


def test_no_file_is_begun_once_told_so(tmp_path: Path) -> None:
    paths = files(tmp_path)
    assert read_all(paths, may_start=lambda: False) == {}
    answers = iter([True, True, *[False] * 99])
    assert 1 <= len(read_all(paths, may_start=lambda: next(answers))) <= 2


def test_who_has_enough_leaves_no_thread_behind(tmp_path: Path) -> None:
    before = threading.active_count()
    jobs = [ReadJob(path) for path in files(tmp_path)]
    results = read_files(jobs, on_bytes=lambda _index, _count: None, cancel=CancelToken())
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_a_bug_is_raised_and_hangs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object, piece: memoryview, offset: int) -> None:
        raise MemoryError

    monkeypatch.setattr(Digests, "_add_others", fail)
    with pytest.raises(MemoryError):
        read_all(files(tmp_path))


class Watch:
    """Counts how many files of a disk are being read at once, at a given speed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, share: float) -> None:
        self.most = 0
        self._open: set[int] = set()
        real = PageSource.read

        def read(source: PageSource, buffer: memoryview) -> tuple[int, int]:
            self._open.add(id(source))
            self.most = max(self.most, len(self._open))
            count, offset = real(source, buffer)
            if not count:
                self._open.discard(id(source))
            return count, offset

        def note(disk: hash_crew._Disk, reading: float, lasted: float) -> None:
            disk.reading += share
            disk.lasted += 1

        monkeypatch.setattr(PageSource, "read", read)
        monkeypatch.setattr(hash_crew._Disk, "note", note)
        monkeypatch.setattr(hash_crew, "cores", lambda: 4)


@pytest.mark.parametrize(("share", "most"), [(0.95, 1), (0.2, 4)])
def test_a_disk_that_cannot_keep_up_is_read_in_one_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, most: int
) -> None:
    paths = []
    for number in range(8):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(bytes(9 << 20))
    watch = Watch(monkeypatch, share)
    jobs = [ReadJob(path) for path in paths]
    for _ in read_files(jobs, on_bytes=lambda _index, _count: None, cancel=CancelToken()):
        pass
    assert watch.most == 1 if most == 1 else watch.most > 1


def test_the_faster_crc_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    isal = pytest.importorskip("isal.isal_zlib")
    path = tmp_path / "x"
    path.write_bytes(bytes(range(256)) * 9000)
    here = hash_file(path)
    monkeypatch.setattr("loradex.formats.digests.crc32", isal.crc32)
    assert hash_file(path) == here
