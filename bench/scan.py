"""First and unchanged scans of a library, beside `find` and a plain loop of header reads.

Usage: python bench/scan.py LIBRARY [--runs N]

LIBRARY is any folder of models. All rows are of one run and the command line's start is part of
each scan. Every header is read once before, so that caches are warm. CPU and memory are those of
all processes a command starts, seen every 20 ms: a process's last moments are missed. Looking at
all processes so often takes a fifth of a core, so the times are of runs that nobody watches, and
CPU and memory are of one more round that is not timed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """What one run took: wall and CPU seconds, and the largest process in MB; 0 if not watched."""

    wall: float
    cpu: float
    memory: float


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


def here(work: Callable[[], object]) -> Cost:
    """Measure work in this process."""
    cpu, started = time.process_time(), time.perf_counter()
    work()
    return Cost(time.perf_counter() - started, time.process_time() - cpu, 0.0)


def command(*words: str, home: str = "", watched: bool = False) -> Cost:
    """Measure a command; watched, with every process it starts: they share a session."""
    environment = {**os.environ, "LORADEX_HOME": home}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    child = subprocess.Popen(
        words,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    if not watched:
        child.wait()
        return Cost(time.perf_counter() - started, 0.0, 0.0)
    seen: dict[int, tuple[float, float]] = {}
    # The child stays a zombie, and readable, until it is waited for.
    while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        watch(child.pid, seen)
        time.sleep(0.02 if time.perf_counter() - started > 1 else 0.002)
    wall = time.perf_counter() - started
    watch(child.pid, seen)
    child.wait()
    return Cost(
        wall, sum(cpu for cpu, _ in seen.values()), max(kb for _, kb in seen.values()) / 1024
    )


def watch(session: int, seen: dict[int, tuple[float, float]]) -> None:
    """Note CPU seconds and peak memory (kB) of every process of a session."""
    for entry in os.listdir("/proc"):
        if not entry.isdecimal():
            continue
        try:
            fields = Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) != session:
                continue
            status = Path("/proc", entry, "status").read_text()
        except (OSError, ValueError, IndexError):
            continue
        peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "x 0 kB")
        cpu = (int(fields[11]) + int(fields[12])) / TICK
        pid, (_, before) = int(entry), seen.get(int(entry), (0.0, 0.0))
        seen[pid] = (cpu, max(float(peak.split()[1]), before))


def one_run(folder: str, loradex: str, *, watched: bool) -> Iterator[tuple[str, Cost]]:
    """Measure each row once, one after the other."""
    scan = (loradex, "scan", "--hash", "never")
    find = ("find", folder, "-type", "f", "-printf", "%p %s %T@\n")
    for _ in range(UNCHANGED):
        yield "find -printf", command(*find, watched=watched)
    if not watched:
        yield "plain loop of json.loads", here(lambda: plain_loop(Path(folder)))
    with tempfile.TemporaryDirectory() as home:
        command(loradex, "library", "add", folder, "--as-is", home=home)
        yield "first scan", command(*scan, home=home, watched=watched)
        for _ in range(UNCHANGED):
            yield "unchanged scan", command(*scan, home=home, watched=watched)


UNCHANGED = 5
"""Unchanged scans a round: they are short, and their times vary."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    loradex = str(Path(sys.executable).parent / "loradex")
    folder = str(options.library)
    count = plain_loop(options.library)  # warms the caches, too

    rows: dict[str, list[Cost]] = {}
    for _ in range(options.runs):
        for name, cost in one_run(folder, loradex, watched=False):
            rows.setdefault(name, []).append(cost)
    seen = {"plain loop of json.loads": rows["plain loop of json.loads"][0]}
    seen |= dict(one_run(folder, loradex, watched=True))
    base = statistics.median(cost.wall for cost in rows["find -printf"])
    loop = statistics.median(cost.wall for cost in rows["plain loop of json.loads"])
    print(f"{folder}: {count:,} safetensors, {options.runs} runs, {os.cpu_count()} cores")
    print(f"{'':<26}{'wall (least to most)':>26}{'CPU':>9}{'memory':>9}{'× find':>9}{'× loop':>9}")
    for name, costs in rows.items():
        walls = [cost.wall for cost in costs]
        wall = statistics.median(walls)
        span = f"{wall:.3f} s ({min(walls):.3f} to {max(walls):.3f})"
        print(
            f"{name:<26}{span:>26}{seen[name].cpu:>7.2f} s{seen[name].memory:>6.0f} MB"
            f"{wall / base:>9.1f}{wall / loop:>9.3f}"
        )


if __name__ == "__main__":
    main()
