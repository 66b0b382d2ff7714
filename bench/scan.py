"""First and unchanged scans of a library, beside `find` and a plain loop of header reads.

Usage: python bench/scan.py LIBRARY [--runs N]

LIBRARY is any folder of models. All rows are of one run, caches warm; CPU times include workers.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def plain_loop(library: Path) -> int:
    """Read every header the way a simple manager does: open, json.load, next."""
    count = 0
    for folder, _, names in os.walk(library):
        for name in names:
            if not name.endswith(".safetensors"):
                continue
            try:
                with Path(folder, name).open("rb") as file:
                    (length,) = struct.unpack("<Q", file.read(8))
                    json.loads(file.read(min(length, 100_000_000)))
            except (OSError, ValueError, struct.error, MemoryError):
                continue
            count += 1
    return count


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall seconds and CPU seconds of this process and its children."""

    def cpu() -> float:
        return sum(
            usage.ru_utime + usage.ru_stime
            for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        )

    before, started = cpu(), time.perf_counter()
    work()
    return time.perf_counter() - started, cpu() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    loradex = str(Path(sys.executable).parent / "loradex")
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(*command: str, home: str = "") -> Callable[[], object]:
        env = {**environment, "LORADEX_HOME": home}
        return lambda: subprocess.run(
            command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )

    rows: dict[str, list[tuple[float, float]]] = {}
    for _ in range(options.runs):
        home = tempfile.mkdtemp()
        run(loradex, "library", "add", str(options.library), home=home)()
        find = ["find", str(options.library), "-type", "f", "-printf", "%p %s %T@\n"]
        for name, work in (
            ("find -printf", run(*find)),
            ("plain loop of json.loads", lambda: plain_loop(options.library)),
            ("first scan, no hashes", run(loradex, "scan", "--hash", "later", home=home)),
            ("unchanged scan", run(loradex, "scan", "--hash", "later", home=home)),
        ):
            rows.setdefault(name, []).append(timed(work))
        shutil.rmtree(home)
    base = statistics.median(wall for wall, _ in rows["find -printf"])
    loop = statistics.median(wall for wall, _ in rows["plain loop of json.loads"])
    print(f"{options.library}, {options.runs} runs: median wall (least to most), median CPU")
    for name, seen in rows.items():
        walls = [wall for wall, _ in seen]
        wall, cpu = statistics.median(walls), statistics.median(cpu for _, cpu in seen)
        print(
            f"{name:<26} {wall:7.3f} s ({min(walls):.3f} to {max(walls):.3f})  CPU {cpu:7.3f} s"
            f"  × find {wall / base:7.1f}  × loop {wall / loop:5.2f}"
        )


if __name__ == "__main__":
    main()
