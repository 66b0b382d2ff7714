"""The hash pass: read every file once in full, so that it is known for what it is everywhere."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.hashes import Hashes
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.scanning import ToHash
from loradex.domain.text import display_text
from loradex.errors import FormatError
from loradex.formats.fingerprint import quick_fingerprint
from loradex.formats.hashing import hash_file


@dataclass(slots=True)
class HashReport:
    """What a hash pass did."""

    files: int = 0
    nbytes: int = 0
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0


def hash_pass(
    catalog: Catalog,
    *,
    sink: ProgressSink,
    cancel: CancelToken,
    content_id: int | None = None,
) -> HashReport:
    """Hash every present file that was never read in full, LoRAs and small files first.

    Only the places of one content when `content_id` is given.

    Each file is committed by itself: interrupted, the next pass goes on with the next file. A
    file that fails is listed and left for the next pass.
    """
    started = time.monotonic()
    todo = catalog.files.to_hash(content_id)
    total = sum(file.size for file in todo)
    report = HashReport()
    known: dict[tuple[int, int, int, int], Hashes] = {}
    done = 0
    for file in todo:
        path = Path(os.fsdecode(file.path))
        name = display_text(path.name)
        before = done

        def count(nbytes: int, name: str = name) -> None:
            nonlocal done
            done += nbytes
            sink.progress(Progress("Hashing", done, total, "bytes", name))

        try:
            cancel.check()
            # A link to a file that was just read has the same bytes, and its digests.
            identity = (file.device, file.inode, file.size, file.mtime_ns)
            if identity not in known:
                known[identity] = _hash_unchanged(catalog, file, path, count, cancel)
            catalog.looks.record_hashes(file, known[identity])
        except FormatError as error:
            problem = Problem(str(path), f"It {error.what}", error.hint)
            report.problems.append(problem)
            sink.problem(problem)
            done = before + file.size
            continue
        report.files += 1
        report.nbytes += file.size
        done = before + file.size
        sink.progress(Progress("Hashing", done, total, "bytes", name))
    report.seconds = time.monotonic() - started
    return report


def _hash_unchanged(
    catalog: Catalog,
    file: ToHash,
    path: Path,
    on_bytes: Callable[[int], None],
    cancel: CancelToken,
) -> Hashes:
    """Hash a file that must still be the one the scan saw; raise `FormatError` when it is not.

    `hash_file` holds that the bytes did not change while they were read. That they are the
    scan's is checked afterwards, by its fingerprint: what a person wrote about the old content
    must not move to new bytes, not even to some of the same size and time.
    """
    hashes = hash_file(path, on_bytes=on_bytes, cancel=cancel)
    if quick_fingerprint(path) != file.fingerprint:
        catalog.files.look_again(file.file_id)
        raise FormatError(
            str(path),
            "has changed since it was scanned.",
            hint="The next scan takes it as it is then.",
        )
    return hashes
