"""Look into many files: here when they are few, in worker processes when they are many."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.domain.scanning import Found
from loradex.errors import Cancelled, LoradexError
from loradex.operations.walk import shown

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

    from loradex.domain.look import Look

BATCH = 500
CHUNK = 32
WINDOW = 4096
AHEAD = 16
"""Pieces a worker may be ahead of the catalog: it must not wait while a batch is written."""
WORTH_A_POOL = 300
"""Headers below this count are read here: starting processes costs more than it saves."""


def looks(
    root: bytes,
    todo: Sequence[Found],
    workers: int,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Iterator[Look]:
    """Look into files, here or in worker processes, and give each as it is done."""
    if not todo:
        return
    # Parsers are imported only now: a rescan that finds nothing new needs none of them.
    from loradex.operations.look import look_at  # noqa: PLC0415

    if workers > 1 and len(todo) >= WORTH_A_POOL:
        stream = _in_processes(root, todo, workers, cancel)
    else:
        stream = (look_at(root, found) for found in todo)
    for done, look in enumerate(stream, start=1):
        cancel.check()
        name = shown(look.found.raw_path)
        sink.progress(Progress("Reading headers", done, len(todo), "files", name))
        yield look


def _in_processes(
    root: bytes, todo: Sequence[Found], workers: int, cancel: CancelToken
) -> Iterator[Look]:
    from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait  # noqa: PLC0415
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    from loradex.operations.look import (  # noqa: PLC0415
        keep_memory,
        look_at_all,
        looks_in,
        prepare_worker,
    )

    keep_memory()  # what workers send comes in pieces as large as headers
    pool = ProcessPoolExecutor(workers, mp_context=_context(), initializer=prepare_worker)
    chunks = _chunks(todo)
    running: set[Future[bytes]] = set()
    try:
        while True:
            while len(running) < workers * AHEAD and (chunk := next(chunks, None)) is not None:
                running.add(pool.submit(look_at_all, root, chunk))
            if not running:
                return
            finished, running = wait(running, return_when=FIRST_COMPLETED, timeout=0.5)
            cancel.check()
            for future in finished:
                yield from looks_in(future.result())
    except BrokenProcessPool as error:
        raise LoradexError(
            "A process that reads headers was killed, for want of memory perhaps.",
            hint="What was read is kept; go on with LORADEX_WORKERS=1 loradex scan.",
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def expect_many() -> None:
    """Start what worker processes are forked from, for a `looks` of many files to come.

    It imports what they need while this process opens the catalog for writing: each takes a
    quarter of a second.
    """
    context = _context()
    if context.get_start_method() == "forkserver":
        from multiprocessing import forkserver  # noqa: PLC0415

        forkserver.ensure_running()


def _context() -> BaseContext:
    """Return the way processes are started: forked from one that has imported the parsers."""
    import multiprocessing  # noqa: PLC0415

    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "loradex.operations.look"])
    return context


def _chunks(todo: Sequence[Found]) -> Iterator[Sequence[Found]]:
    """Cut the work into pieces of files alike in size.

    The LoRAs of one trainer, base and rank have one table of tensors and nearly one size: read one
    after the other, the table is parsed once. Within a window only, so that a spinning disk need
    not go back and forth over all of the library.
    """
    for start in range(0, len(todo), WINDOW):
        window = sorted(todo[start : start + WINDOW], key=lambda found: found.size)
        for at in range(0, len(window), CHUNK):
            yield window[at : at + CHUNK]


def batches(stream: Iterator[Look]) -> Iterator[list[Look]]:
    """Group looks so that a commit is worth its price; what is left at a stop is given too."""
    batch: list[Look] = []
    since = time.monotonic()
    try:
        for look in stream:
            batch.append(look)
            if len(batch) >= BATCH or time.monotonic() - since > 1.0:
                yield batch
                batch, since = [], time.monotonic()
    except Cancelled:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
