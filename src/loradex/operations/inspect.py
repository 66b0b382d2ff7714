"""Identify and hash files without a catalog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from loradex.domain.hashes import Hashes
from loradex.domain.header import Header
from loradex.domain.identity import Identity
from loradex.domain.progress import CancelToken
from loradex.errors import FormatError
from loradex.formats.hashing import Outcome, ReadJob, read_files
from loradex.formats.headers import read_header
from loradex.formats.training import describe
from loradex.identify import identify


def identify_file(path: Path) -> tuple[Header, Identity]:
    """Return a file's header and what it is; raise `FormatError` when it cannot be read."""
    header = read_header(path)
    return header, identify(header, file_name=path.name)


def hash_each(
    paths: Sequence[Path], *, cancel: CancelToken
) -> Iterator[tuple[Hashes, str | None] | FormatError]:
    """Yield each file's digests and the tensor digest its own header claims, in this order.

    Any file has digests; a FormatError stands for one that cannot be read. Several files are read
    at once. Raises Cancelled when asked to stop.
    """
    jobs = [ReadJob(path, _device(path)) for path in paths]
    done: dict[int, Outcome] = {}
    place = 0
    for batch in read_files(jobs, on_bytes=lambda _index, _count: None, cancel=cancel):
        done.update(batch)
        while place in done:
            outcome = done.pop(place)
            yield (
                outcome
                if isinstance(outcome, FormatError)
                else _with_claim(paths[place], outcome.hashes)
            )
            place += 1
    cancel.check()


def _device(path: Path) -> int:
    try:
        return path.stat().st_dev
    except OSError:
        return 0  # reading it says what is wrong


def _with_claim(path: Path, hashes: Hashes) -> tuple[Hashes, str | None]:
    try:
        return hashes, describe(read_header(path).metadata).claimed_tensor_hash
    except FormatError:
        return hashes, None
