"""The terminal UI in a real terminal, beside Textual's own lists with the same rows, in one run.

Usage: python bench/tui.py [--models N] [--rounds N] [--keys N] [--keep FOLDER] [--only loradex]
       [--half idle|busy]

Every program runs in a pseudo-terminal of 140 columns and 45 rows that answers nothing. Seconds
are wall time from the key that is written until the bytes have come, and been drawn here, that show
its effect: the cursor on another line with its text, another page to its last row, the letter in
the field, the other result with its count. No row of the list may wait for its text then.
Keys are held at 30 a second. Bytes count all that was written meanwhile. Caches are warm; each
round runs every program once, and figures are of all rounds. `busy` is the same while a first
scan of 20,000 LoRAs runs (in loradex as its own job, beside the others as a process) and a file is
downloaded and digested at 40 MiB/s by another process; both give way as loradex's jobs do. The made
models' own folder is not there, and the catalog knows that beforehand: the scan reads, and changes
no other row. `at rest` is a key that is not held: all the bytes until nothing more comes, loradex's
details of the model with them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from catalog_stock import fill
from tui_drive.load import fetching, grow_tree, scanning
from tui_drive.measuring import Figures, measure, middle, worst
from tui_drive.session import Session
from tui_drive.subjects import Subject, loradex, plain

from loradex.catalog.catalog import Catalog
from loradex.paths import Home

TREE = 20_000
Row = tuple[str, Callable[[Figures], float], str, float | None]
"""Title, value, unit, and the goal that loradex has set itself."""


def _p(which: Callable[[Sequence[float]], float], name: str) -> Callable[[Figures], float]:
    def value(figures: Figures) -> float:
        values = getattr(figures, name)
        return which(values) * 1000 if values else float("nan")

    return value


def rows(busy: bool) -> list[Row]:
    """Return the lines of the table."""
    goal = 60.0 if busy else 30.0
    keys: list[Row] = [
        ("held j, key to screen, p50", _p(middle, "held"), "ms", None),
        ("held j, key to screen, p95", _p(worst, "held"), "ms", goal),
        ("PgDn, key to screen, p50", _p(middle, "pages"), "ms", None),
        ("PgDn, key to screen, p95", _p(worst, "pages"), "ms", goal),
        ("typing in search, p50", _p(middle, "typed"), "ms", None),
        ("typing in search, p95", _p(worst, "typed"), "ms", goal),
        ("refill after a filter, p50", _p(middle, "refill"), "ms", None if busy else 60.0),
        ("refill after a filter, p95", _p(worst, "refill"), "ms", None),
        ("held j, CPU a key", _p(middle, "held_cpu"), "ms", None),
    ]
    if busy:
        return keys
    return [
        ("start to the first rows", _p(middle, "start"), "ms", 1000.0),
        ("  of it Python and imports", _p(middle, "imports"), "ms", None),
        *keys,
        ("held j, bytes a key", lambda f: middle(f.held_bytes), "B", 2000.0),
        ("j at rest, bytes a key", lambda f: middle(f.rest_bytes), "B", None),
        ("bytes of the start", lambda f: middle(f.start_bytes) / 1000, "kB", None),
        ("memory at most", lambda f: max(f.memory), "MB", 150.0),
    ]


def print_table(title: str, found: dict[str, Figures], lines: list[Row]) -> None:
    """Print a line a figure, and how the others compare with the first."""
    print(f"\n{title}; load {os.getloadavg()[0]:.1f}")
    first, *others = found
    print(f"{'':<30}{first:>12}{'goal':>9}" + "".join(f"{name:>13}{'×':>7}" for name in others))
    for name, value, unit, goal in lines:
        ours = value(found[first])
        text = f"{name:<30}{ours:>9,.0f} {unit:<2}{f'{goal:,.0f}' if goal else '':>9}"
        for other in others:
            theirs = value(found[other])
            known = theirs == theirs  # noqa: PLR0124 - not a number is unlike itself
            text += f"{theirs:>10,.0f} {unit:<2}{theirs / ours:>7.1f}" if known else f"{'':>20}"
        print(text)


@contextlib.contextmanager
def own_home(stock: Path, tree: Path | None) -> Iterator[Path]:
    """Give a copy of the catalog of which `tree`, if any, is an unscanned library."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(stock / "catalog.db", Path(folder, "catalog.db"))
        if tree is not None:
            with Catalog.open(Home(Path(folder))) as catalog:
                for library in catalog.files.libraries():
                    catalog.files.set_offline(library.id)
            command = [sys.executable, "-m", "loradex", "--home", folder, "library", "add"]
            subprocess.run([*command, str(tree), "--as-is"], check=True, stdout=subprocess.DEVNULL)
        yield Path(folder)


def environment(home: Path) -> dict[str, str]:
    """Return what a terminal with all colours gives a program."""
    values = {
        **os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LORADEX_HOME": str(home),
        "LORADEX_IMAGES": "half", "TEXTUAL_ANIMATIONS": "none",
    }  # fmt: skip
    for name in ("PYTHONDONTWRITEBYTECODE", "NO_COLOR", "TMUX"):
        values.pop(name, None)
    return values


def run_once(subject: Subject, stock: Path, tree: Path | None, figures: Figures, keys: int) -> None:
    """Measure one program on a catalog of its own; with `tree`, busy."""
    with own_home(stock, tree) as home, contextlib.ExitStack() as beside:

        def busy(session: Session) -> None:
            beside.enter_context(fetching(home))
            if subject.search:
                session.write(b"R")
                session.until(lambda screen: "scan" in screen.lines[0])
            else:
                beside.enter_context(scanning(home))
            session.read_for(2.0)

        measure(subject, environment(home), figures, keys, busy if tree else None)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--keys", type=int, default=120, help="keys that are held in a round")
    parser.add_argument("--keep", type=Path, help="make the catalog here, or use the one there")
    parser.add_argument("--only", default="", help="only the programs with this in their names")
    parser.add_argument("--half", choices=("idle", "busy", "both"), default="both")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stock = options.keep or Path(folder, "stock")
        if not (stock / "catalog.db").exists():
            stock.mkdir(parents=True, exist_ok=True)
            fill(Home(stock), options.models)
        catalog = stock / "catalog.db"
        subjects = [
            each
            for each in (
                loradex(),
                plain("datatable", "DataTable", catalog),
                plain("optionlist", "OptionList", catalog),
            )
            if options.only.casefold() in each.name.casefold()
        ]
        tree = Path(folder, "tree")
        if options.half != "idle":
            grow_tree(tree, TREE)
        for title, library in (("idle", None), ("busy", tree)):
            if options.half not in (title, "both"):
                continue
            found = {subject.name: Figures() for subject in subjects}
            for _ in range(options.rounds):
                for subject in subjects:
                    run_once(subject, stock, library, found[subject.name], options.keys)
            print_table(f"{options.models:,} models, {title}", found, rows(library is not None))


if __name__ == "__main__":
    main()
