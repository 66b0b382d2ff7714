"""How long a call takes from a cold shell, in CPU time, beside bare Python in the same run.

Usage: python bench/startup.py [--models N] [--runs N]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.evidence import Evidence, Source
from loradex.domain.library import Layout
from loradex.domain.scanning import Found, Look
from loradex.paths import Home


def fill(home: Home, count: int) -> None:
    """Make a catalog of `count` LoRAs."""
    with Catalog.open(home) as catalog:
        catalog.files.add_library("main", b"/models", Layout.PLAIN, device=1)
        for start in range(0, count, 1000):
            looks = [
                Look(
                    Found(f"loras/model_{n:06}.safetensors".encode(), 1000 + n, n, 1, n),
                    fingerprint=f"{n:032x}",
                    facts=(
                        Evidence("kind", "lora", Source.TENSORS),
                        Evidence("base", "sdxl" if n % 2 else "sd1", Source.TENSORS),
                    ),
                    trigger_words=(f"word{n % 97}",),
                )
                for n in range(start, min(start + 1000, count))
            ]
            catalog.looks.record(1, looks, "1")


def cpu_seconds(command: list[str], environment: dict[str, str]) -> float:
    """Run a command and return the CPU time of the process and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        fill(home, options.models)
        environment = {**os.environ, "LORADEX_HOME": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        loradex = str(Path(sys.executable).parent / "loradex")
        cases = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "loradex --help": [loradex, "--help"],
            "loradex list --limit 100": [loradex, "list", "--limit", "100"],
            "loradex list kind:lora word5": [loradex, "list", "kind:lora", "word5"],
            "loradex show 7": [loradex, "show", "7"],
        }
        times: dict[str, list[float]] = {name: [] for name in cases}
        for run in range(options.runs + 1):
            for name, command in cases.items():
                seconds = cpu_seconds(command, environment)
                if run:  # the first round warms the caches
                    times[name].append(seconds)
    base = statistics.median(times["python -c pass"])
    print(f"{options.models:,} models, {options.runs} runs, CPU seconds: median (least to most)")
    for name, seen in times.items():
        median = statistics.median(seen)
        print(
            f"{name:<30} {median:.3f} ({min(seen):.3f} to {max(seen):.3f})  × {median / base:.1f}"
        )


if __name__ == "__main__":
    main()
