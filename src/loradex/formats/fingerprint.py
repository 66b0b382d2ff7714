"""Quick fingerprints: tell contents apart by reading at most a header and 64 KiB of each.

A fingerprint is `2-` and the first 32 hex digits of the BLAKE3 of, in this order:

1. the size of the file as u64 little-endian;
2. the head: a safetensors file's length field and header, 64 KiB of any other file;
3. of what follows, all if that is at most 64 KiB, else 8 blocks of 8 KiB, the first at its
   start, the last at its end, the others evenly between (offsets rounded down).

Two files with one fingerprint are almost surely equal, but only full digests prove it. Any edit
of a header, and any retraining, changes it; a flipped bit between the samples does not. On a
spinning disk each block is a move of the head, so there are few.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from blake3 import blake3

from loradex.domain.header import FileFormat, Header
from loradex.domain.scanning import FINGERPRINT_SCHEME
from loradex.formats.model_file import ModelFile, is_folder, refused, unreadable
from loradex.formats.sniffing import safetensors_body_offset

_HEAD = 64 * 1024
_BLOCK = 8 * 1024
_SAMPLES = 8
_DIGITS = 32
_MOST_FILES = 10_000


def quick_fingerprint(path: Path) -> str:
    """Return the fingerprint of a file, or of a diffusers folder.

    A folder's fingerprint is that of the sorted list of its files, one line each: relative name,
    size and fingerprint, tab-separated. Raises FormatError.
    """
    if is_folder(path):
        return _folder_fingerprint(path)
    with ModelFile(path) as file:
        return fingerprint_of(file)


def fingerprint_of(file: ModelFile, header: Header | None = None) -> str:
    """Return an open file's fingerprint; `header`, if it was read, saves looking for its end."""
    digest = blake3(file.size.to_bytes(8, "little"))
    if header is not None and header.format is FileFormat.SAFETENSORS:
        body: int | None = header.tensor_offset
    else:
        body = safetensors_body_offset(file)
    for offset, count in _ranges(file.size, body):
        digest.update(file.read_at(offset, count))
    return FINGERPRINT_SCHEME + digest.hexdigest()[:_DIGITS]


class RunningFingerprint:
    """The fingerprint of a file whose bytes pass by in order, for who reads all of them anyway.

    `body` is where a safetensors file's tensors begin, None for other files.
    """

    def __init__(self, size: int, body: int | None) -> None:
        self._digest = blake3(size.to_bytes(8, "little"))
        self._ranges = list(_ranges(size, body))
        self._next = 0

    def add(self, piece: memoryview, offset: int) -> None:
        """Take the bytes from `offset` on; pieces follow each other without a gap."""
        end = offset + len(piece)
        while self._next < len(self._ranges):
            start, count = self._ranges[self._next]
            if start >= end:
                return
            self._digest.update(piece[max(start - offset, 0) : start + count - offset])
            if start + count > end:
                return
            self._next += 1

    def hexdigest(self) -> str:
        """Return the fingerprint, once all bytes have passed."""
        return FINGERPRINT_SCHEME + self._digest.hexdigest()[:_DIGITS]


def _ranges(size: int, body: int | None) -> Iterator[tuple[int, int]]:
    """Yield offset and length of the head and of the samples, in the order of the file."""
    head = min(_HEAD, size) if body is None else body
    yield 0, head
    yield from _samples(head, size)


def _samples(start: int, end: int) -> Iterator[tuple[int, int]]:
    if end - start <= _SAMPLES * _BLOCK:
        yield start, end - start
        return
    last = end - _BLOCK - start
    for index in range(_SAMPLES):
        yield start + last * index // (_SAMPLES - 1), _BLOCK


def _folder_fingerprint(folder: Path) -> str:
    digest = blake3()
    names = sorted(_files_below(folder))
    for name in names:
        with ModelFile(folder / os.fsdecode(name)) as file:
            line = b"%b\t%d\t%b\n" % (name, file.size, fingerprint_of(file).encode())
        digest.update(line)
    return FINGERPRINT_SCHEME + digest.hexdigest()[:_DIGITS]


def _files_below(folder: Path) -> list[bytes]:
    """Return the relative names of the regular files; links to folders are not followed."""

    def failed(error: OSError) -> None:
        raise unreadable(folder, error) from error

    found: list[bytes] = []
    for place, folders, names in os.walk(folder, onerror=failed):
        # What a downloader keeps for itself (`.cache`, `.git`) is no part of the model.
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            if path.is_file() and not name.startswith("."):
                found.append(os.fsencode(path.relative_to(folder)))
        if len(found) > _MOST_FILES:
            raise refused(folder, f"holds more than {_MOST_FILES:,} files, no single model.")
    return found
