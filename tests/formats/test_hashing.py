"""The six digests agree with the hub's to the last digit, whatever the size of the file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import threading
import zlib
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from loradex.domain.hashes import Hashes
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled, FormatError
from loradex.formats import digests, hash_crew
from loradex.formats.hashing import hash_file

from .making import safetensors, table

VECTORS = json.loads((Path(__file__).parent / "hash_vectors.json").read_text())


def rebuilt(file: dict[str, Any]) -> bytes:
    """Build one of the vector files, as its `how_to_rebuild` says."""
    header = file["header_json"].encode("ascii").ljust(file["header_length_field"])
    count, step = file["tensor_u16_count"], file["tensor_u16_step"]
    body = struct.pack(f"<{count}H", *(0x2000 + k * step % 4096 for k in range(count)))
    return struct.pack("<Q", len(header)) + header + body


def pattern(size: int, step: int = 1, first: int = 0) -> bytes:
    cycle = bytes((k * step + first) % 251 for k in range(251))
    return (cycle * (size // 251 + 1))[:size]


PATTERNS = {
    "ascii 'hello world'": b"hello world",
    "one byte under 2 MiB": pattern(2097151),
    "exactly 2 MiB": pattern(2097152),
    "3 MiB pattern": pattern(3145728, 7, 3),
}


def as_the_hub_says(hashes: Hashes) -> dict[str, str | None]:
    return {
        "SHA256": hashes.sha256, "BLAKE3": hashes.blake3, "CRC32": hashes.crc32,
        "AutoV1": hashes.autov1, "AutoV2": hashes.autov2, "AutoV3": hashes.autov3,
    }  # fmt: skip


@pytest.mark.parametrize("threaded", [False, True])
@pytest.mark.parametrize("number", range(len(VECTORS["files"])))
def test_the_hubs_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, threaded: bool
) -> None:
    monkeypatch.setattr(hash_crew, "_SHARED_FROM", 0 if threaded else 1 << 60)
    file = VECTORS["files"][number]
    path = tmp_path / file["upload_name"]
    path.write_bytes(rebuilt(file))
    assert path.stat().st_size == file["size_bytes"]
    expected = {key: value.lower() for key, value in file["hashes"].items()}
    found = as_the_hub_says(hash_file(path))
    assert {key: value for key, value in found.items() if value is not None} == expected


@pytest.mark.parametrize("number", range(len(VECTORS["hash_vectors"])))
def test_the_hubs_patterns(tmp_path: Path, number: int) -> None:
    vector = VECTORS["hash_vectors"][number]
    path = tmp_path / "x.bin"
    path.write_bytes(PATTERNS[vector["name"]])
    expected = {key: value.lower() for key, value in vector["hashes"].items()}
    found = as_the_hub_says(hash_file(path))
    assert {key: value for key, value in found.items() if value is not None} == expected


def one_by_one(content: bytes, body: int | None) -> Hashes:
    """Each digest in the plainest way there is."""
    whole = hashlib.sha256(content).hexdigest()
    legacy = hashlib.sha256(content[0x100000:0x110000]).hexdigest()[:8]
    return Hashes(
        sha256=whole,
        blake3=blake3(content).hexdigest(),
        crc32=struct.pack("<I", zlib.crc32(content)).hex(),
        autov1=legacy if len(content) >= 0x200000 else None,
        autov2=whole[:10],
        autov3=None if body is None else hashlib.sha256(content[body:]).hexdigest()[:12],
    )


def with_header_of(length: int, rows: int) -> bytes:
    """A safetensors file whose header is padded to `length` bytes."""
    raw = json.dumps(table({"w": ("F16", [rows, 1024])})).encode().ljust(length)
    return struct.pack("<Q", len(raw)) + raw + pattern(rows * 2048, 5)


@pytest.mark.parametrize("cores", [1, 2, 8])
@pytest.mark.parametrize(
    ("header", "rows"),
    [(200, 5000), (3_000_000, 5000), ((1 << 20) - 8, 5120), ((1 << 20) - 7, 4097), (9_000_000, 1)],
)
def test_large_files_in_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, header: int, rows: int, cores: int
) -> None:
    """Headers that end inside, at and after the first pieces; bodies of odd lengths."""
    monkeypatch.setattr(hash_crew, "cores", lambda: cores)
    content = with_header_of(header, rows)
    assert len(content) > 8 * 1024 * 1024
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    seen: list[int] = []
    before = threading.active_count()
    assert hash_file(path, on_bytes=seen.append) == one_by_one(content, 8 + header)
    assert sum(seen) == len(content)
    assert threading.active_count() == before


def test_autov3_is_for_safetensors_only(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    for content in (
        b"",
        b"{",
        pattern(20),
        b"PK\x03\x04" + bytes(30),
        safetensors(b"{}", 0, length=99),
    ):
        path.write_bytes(content)
        assert hash_file(path) == one_by_one(content, None)


def test_the_hash_of_no_tensors_is_no_hash(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(safetensors({"__metadata__": {"a": "b"}}))
    assert hash_file(path).autov3 is None


@pytest.mark.parametrize("size", [1000, 20_000_000])
def test_a_file_that_changes_meanwhile_has_no_hash(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(size))

    def grow(count: int) -> None:
        with path.open("ab") as file:
            file.write(b"more" if path.stat().st_size < size + 8 else b"")

    with pytest.raises(FormatError, match="changed while it was read"):
        hash_file(path, on_bytes=grow)


def test_a_file_that_shrinks_meanwhile_has_no_hash(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(20_000_000))
    with pytest.raises(FormatError, match="changed while it was read"):
        hash_file(path, on_bytes=lambda count: os.truncate(path, 1_500_000))


@pytest.mark.parametrize("size", [1000, 30_000_000])
def test_cancelling_stops_at_the_next_piece(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(size))
    token = CancelToken()
    seen: list[int] = []

    def stop(count: int) -> None:
        seen.append(count)
        token.cancel()

    before = threading.active_count()
    with pytest.raises(Cancelled):
        hash_file(path, on_bytes=stop, cancel=token)
    assert len(seen) == 1
    assert threading.active_count() == before


def test_a_failing_digest_does_not_hang_the_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(30_000_000))

    def fail(self: object, piece: memoryview, offset: int) -> None:
        raise MemoryError

    monkeypatch.setattr(digests.Digests, "_add_whole", fail)
    monkeypatch.setattr(threading, "excepthook", lambda arguments: None)
    # The thread that fails may be the calling one.
    with pytest.raises((MemoryError, RuntimeError)):
        hash_file(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is not there"):
        hash_file(tmp_path / "gone")


def _in_memory(path: Path, shift: int) -> int:
    """How many of sixteen samples of a file can be had without waiting for the disk.

    Asking for a page starts to fetch it, so every question needs another `shift`.
    """
    found = 0
    with path.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        for index in range(16):
            with contextlib.suppress(BlockingIOError):
                at = path.stat().st_size * index // 16 + shift * 16384
                found += os.preadv(file.fileno(), [bytearray(1)], at, os.RWF_NOWAIT)
    return found


@pytest.mark.skipif(not hasattr(os, "RWF_NOWAIT"), reason="cannot be observed on this system")
def test_reading_leaves_memory_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(pattern(64 << 20))
    try:
        hash_file(path)
        assert _in_memory(path, 1) == 16  # it was there before, so it stays
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if _in_memory(path, 2):
            pytest.skip("this file system does not let go of pages")
        hash_file(path)
        assert _in_memory(path, 3) < 4
    except OSError:
        pytest.skip("this file system cannot be asked")
