"""Import the recipes of thousands of pictures, which are read and never written."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from loradex.catalog.catalog import Catalog
from loradex.domain.picture_recipes import SeenPicture
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.text import display_text
from loradex.errors import LoradexError
from loradex.operations.recipes.finding import PictureFile, find_pictures
from loradex.operations.recipes.reading import see_all

_CHUNK = 50
_BATCH = 500
_WORTH_A_POOL = 2_500
"""Pictures below which starting other processes takes longer than they save."""
_AHEAD = 3
_SETTLE_EVERY = 10_000
"""Pictures after which models are looked for and uses counted, so that a long import shows."""
_STAGE = "Reading pictures"


@dataclass(slots=True)
class ImportReport:
    """What became of the pictures."""

    found: int = 0
    unchanged: int = 0
    """Read before, and not changed since."""
    recipes: int = 0
    """Pictures that tell how they were made."""
    own: int = 0
    """Of these, cells of our own grids."""
    silent: int = 0
    """Pictures that tell nothing."""
    tools: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0


def import_recipes(
    catalog: Catalog,
    places: Sequence[bytes],
    *,
    workers: int = 1,
    again: bool = False,
    dry_run: bool = False,
    sink: ProgressSink,
    cancel: CancelToken,
) -> ImportReport:
    """Read the pictures at and below these absolute paths, and keep their recipes.

    Pictures whose size and time are those of the last time are not opened, unless `again`. What
    was read is kept when the work is stopped, with `Cancelled`. `workers` is how many processes
    may read. With `dry_run` nothing is kept.
    """
    started = time.monotonic()
    report = ImportReport()
    found = find_pictures(places, sink=sink, cancel=cancel)
    report.found = len(found.files)
    for path, reason in found.problems:
        _problem(report, sink, Problem(path, reason))
    known = {} if again else catalog.recipes.known()
    todo = [file for file in found.files if known.get(file.raw_path) != (file.size, file.mtime_ns)]
    report.unchanged = len(found.files) - len(todo)
    keeper = _Nothing() if dry_run else _Keeper(catalog)
    done = 0
    try:
        for count, seen in _seen(todo, workers, cancel):
            done += count
            for picture in seen:
                _count(picture, report, sink)
            sink.progress(Progress(_STAGE, done, len(todo), "pictures", _shown(seen[-1])))
            keeper.take(seen)
    finally:
        keeper.finish()
    report.seconds = time.monotonic() - started
    return report


class _Nothing:
    """Keeps nothing, for a dry run."""

    def take(self, seen: Sequence[SeenPicture]) -> None:
        """Pass them over."""

    def finish(self) -> None:
        """There is nothing to do."""


class _Keeper(_Nothing):
    """Writes what was read in batches; what is left when the work stops is written as well."""

    def __init__(self, catalog: Catalog) -> None:
        self._recipes = catalog.recipes
        self._batch: list[SeenPicture] = []
        self._unsettled = 0
        self._recipes.settle_if_needed()

    def take(self, seen: Sequence[SeenPicture]) -> None:
        """Keep pictures, some of them a little later."""
        self._batch += seen
        if len(self._batch) >= _BATCH:
            self._write()
        if self._unsettled >= _SETTLE_EVERY:
            self._settle()

    def finish(self) -> None:
        """Write what is left, and tie it to the models."""
        self._write()
        self._settle()

    def _write(self) -> None:
        self._recipes.record(self._batch)
        self._unsettled += len(self._batch)
        self._batch = []

    def _settle(self) -> None:
        self._recipes.settle_if_needed()
        self._unsettled = 0


def _seen(
    todo: Sequence[PictureFile], workers: int, cancel: CancelToken
) -> Iterator[tuple[int, list[SeenPicture]]]:
    """Read pictures in portions, here or in other processes; give how many and what they tell."""
    portions = [todo[start : start + _CHUNK] for start in range(0, len(todo), _CHUNK)]
    if workers > 1 and len(todo) >= _WORTH_A_POOL:
        yield from _in_processes(portions, workers, cancel)
        return
    for portion in portions:
        cancel.check()
        yield len(portion), see_all(portion)


def _in_processes(
    portions: Sequence[Sequence[PictureFile]], workers: int, cancel: CancelToken
) -> Iterator[tuple[int, list[SeenPicture]]]:
    import multiprocessing  # noqa: PLC0415 - slow to import
    from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait  # noqa: PLC0415
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    from loradex.operations.look import prepare_worker  # noqa: PLC0415

    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context(method), initializer=prepare_worker
    )
    waiting = iter(portions)
    running: dict[Future[list[SeenPicture]], int] = {}
    try:
        while True:
            while len(running) < workers * _AHEAD and (portion := next(waiting, None)) is not None:
                running[pool.submit(see_all, portion)] = len(portion)
            if not running:
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED, timeout=0.5)
            cancel.check()
            for future in finished:
                yield running.pop(future), future.result()
    except BrokenProcessPool as error:
        raise LoradexError(
            "A process that reads pictures was killed, for want of memory perhaps.",
            hint="What was read is kept; go on with LORADEX_WORKERS=1 loradex recipe import.",
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _count(picture: SeenPicture, report: ImportReport, sink: ProgressSink) -> None:
    told = picture.generation
    if picture.problem is not None:
        _problem(report, sink, Problem(_shown(picture), _sentence(picture.problem)))
    if told is None:
        report.silent += 1
        return
    report.recipes += 1
    report.own += told.own
    report.tools[told.tool] += 1


def _problem(report: ImportReport, sink: ProgressSink, problem: Problem) -> None:
    report.problems.append(problem)
    sink.problem(problem)


def _sentence(problem: str) -> str:
    """Return a problem as a sentence of its own: it may lack its subject."""
    return problem if problem[:1].isupper() else f"It {problem}"


def _shown(picture: SeenPicture) -> str:
    return display_text(os.fsdecode(picture.raw_path))
