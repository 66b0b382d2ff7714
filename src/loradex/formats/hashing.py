"""All six digests of files, from one read each, on all cores.

SHA-256 and AutoV3 are most of the work (`loradex.formats.digests`). A large file's digests run at
the same time, and many files are read at the same time (`loradex.formats.hash_crew`).
`bench/hash.py` compares the time with that of SHA-256 alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from loradex.domain.hashes import Hashes
from loradex.domain.progress import CancelToken
from loradex.formats.hash_crew import Crew, FullRead, Outcome, ReadJob

__all__ = ["FullRead", "Outcome", "ReadJob", "hash_file", "read_files", "read_in_full"]


def hash_file(
    path: Path,
    *,
    on_bytes: Callable[[int], None] | None = None,
    cancel: CancelToken | None = None,
) -> Hashes:
    """Return the digests of a file; see `read_in_full`."""
    return read_in_full(path, on_bytes=on_bytes, cancel=cancel).hashes


def read_in_full(
    path: Path,
    *,
    on_bytes: Callable[[int], None] | None = None,
    cancel: CancelToken | None = None,
    from_disk: bool = False,
) -> FullRead:
    """Read all of a file; return its digests and its fingerprint.

    `on_bytes` gets the length of each piece that was read, in the calling thread. Raises
    FormatError when the file cannot be read or changes meanwhile, and Cancelled when asked to
    stop; no part of the work is kept then. With `from_disk` no cache answers for the disk.
    """

    def count(_index: int, nbytes: int) -> None:
        if on_bytes is not None:
            on_bytes(nbytes)

    crew = Crew(
        [ReadJob(path)], on_bytes=count, cancel=cancel or CancelToken(), from_disk=from_disk
    )
    return crew.read_first()


def read_files(
    jobs: Sequence[ReadJob],
    *,
    on_bytes: Callable[[int, int], None],
    cancel: CancelToken,
    may_start: Callable[[], bool] = lambda: True,
    from_disk: bool = False,
) -> Iterator[list[tuple[int, Outcome]]]:
    """Read all of many files at the same time, begun in this order.

    Yields the index of each with what it told, or the FormatError that says why it could not be
    read, as they are done: lists of what has come since. `on_bytes` gets an index and a number of
    bytes, in any thread. No file is begun once `may_start` says no. Cancelled, what was finished
    is yielded and the rest is left.
    """
    crew = Crew(jobs, on_bytes=on_bytes, cancel=cancel, may_start=may_start, from_disk=from_disk)
    return crew.results()
