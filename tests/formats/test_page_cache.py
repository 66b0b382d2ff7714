"""A bulk pass leaves memory as it was: what was there stays, what it brought goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path

import pytest

from loradex.formats import page_cache
from loradex.formats.hashing import read_in_full
from loradex.formats.page_cache import ReadBehind, _runs

MIB = 1 << 20
PAGE = os.sysconf("SC_PAGESIZE")


def resident(path: Path) -> list[tuple[int, int]]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return page_cache._resident(descriptor, path.stat().st_size) or []
    finally:
        os.close(descriptor)


def in_memory(path: Path) -> int:
    return sum(stop - start for start, stop in resident(path))


def cool(path: Path) -> None:
    """Let nothing of a file be in memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def in_the_end(test: Callable[..., None]) -> Callable[..., None]:
    """Try three times: on a machine with other work the kernel now and then keeps pages, or
    takes some, for reasons of its own.
    """

    @wraps(test)
    def tried(cold: Path, **others: object) -> None:
        for tries_left in (2, 1, 0):
            try:
                test(cold, **others)
                return
            except AssertionError:
                if not tries_left:
                    raise
                cool(cold)

    return tried


@pytest.fixture
def cold(tmp_path: Path) -> Iterator[Path]:
    """A file of 48 MiB of which nothing is in memory."""
    path = tmp_path / "x.bin"
    path.write_bytes(os.urandom(MIB) * 48)
    cool(path)
    if in_memory(path):
        pytest.skip("this file system does not let go of pages")
    yield path


@pytest.mark.parametrize("from_disk", [False, True])
@in_the_end
def test_what_the_pass_brought_in_goes(cold: Path, from_disk: bool) -> None:
    read_in_full(cold, from_disk=from_disk)
    assert in_memory(cold) < 4 * MIB


@pytest.mark.parametrize("from_disk", [False, True])
@in_the_end
def test_what_was_there_stays_to_the_page(cold: Path, from_disk: bool) -> None:
    with cold.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        os.pread(file.fileno(), 16 * MIB, 20 * MIB)
    before = resident(cold)
    assert 15 * MIB < in_memory(cold) < 24 * MIB
    read_in_full(cold, from_disk=from_disk)
    after = resident(cold)
    for start, stop in before:
        assert any(low <= start and stop <= high for low, high in after)
    assert in_memory(cold) < 28 * MIB


@in_the_end
def test_a_pass_that_stops_leaves_no_readahead_behind(cold: Path) -> None:
    descriptor = os.open(cold, os.O_RDONLY)
    behind = ReadBehind(descriptor, cold.stat().st_size)
    for turn in range(8):
        os.pread(descriptor, MIB, turn * MIB)
        behind.passed((turn + 1) * MIB)
    behind.finish(8 * MIB)
    os.close(descriptor)
    assert in_memory(cold) < 4 * MIB


@in_the_end
def test_who_may_not_ask_decides_for_the_whole_file(
    cold: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(os, "RWF_NOWAIT"):
        pytest.skip("cannot be asked on this system")
    monkeypatch.setattr(page_cache, "_may_ask", lambda descriptor: False)
    read_in_full(cold)
    assert in_memory(cold) < 8 * MIB
    cold.read_bytes()
    read_in_full(cold)
    assert in_memory(cold) > 47 * MIB


@pytest.mark.parametrize(
    ("answer", "ranges"),
    [
        (b"", []),
        (b"\0\0", []),
        (b"\1\1", [(0, 2)]),
        (b"\0\1\1\0\1", [(1, 3), (4, 5)]),
        (b"\xff\xfe\x03", [(0, 1), (2, 3)]),
    ],
)
def test_only_the_lowest_bit_counts(answer: bytes, ranges: list[tuple[int, int]]) -> None:
    assert list(_runs(answer, 7)) == [(7 + a * PAGE, 7 + b * PAGE) for a, b in ranges]
