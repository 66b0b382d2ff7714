"""How long all six digests take beside SHA-256 alone: one large file, and many files.

    python bench/hash.py [--mib 512] [--files 24] [--runs 5] [--folder /tmp] [--cold]

Every candidate is measured in every round, one after the other, so that what else the machine does
falls on all of them. Printed are the medians of wall and CPU time and of their ratios to
`hashlib` in the same round. The files are random bytes under a real safetensors header, and are
removed afterwards. With `--cold` their pages are dropped before each measurement.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from loradex.domain.progress import CancelToken
from loradex.formats.digests import crc32
from loradex.formats.hash_crew import cores
from loradex.formats.hashing import FullRead, ReadJob, hash_file, read_files

MIB = 1024 * 1024

Candidate = tuple[str, Callable[[Sequence[Path]], object]]


def write_dense(path: Path, mib: int, seed: int = 1) -> None:
    shape = [mib * MIB // 4096, 2048]
    entry = {"dtype": "F16", "shape": shape, "data_offsets": [0, mib * MIB]}
    header = json.dumps({"weight": entry}).encode()
    header += b" " * (-len(header) % 8)
    block = random.Random(seed).randbytes(16 * MIB)  # noqa: S311
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for turn in range(0, mib * MIB, len(block)):
            cut = turn // 4096 % len(block)
            file.write((block[cut:] + block[:cut])[: mib * MIB - turn])
        file.flush()
        os.fsync(file.fileno())


def hashlib_alone(paths: Sequence[Path]) -> None:
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256").hexdigest()


def six_of_one(paths: Sequence[Path]) -> None:
    for path in paths:
        hash_file(path)


def six_of_many(paths: Sequence[Path]) -> None:
    jobs = [ReadJob(path) for path in paths]
    results = read_files(jobs, on_bytes=lambda _index, _count: None, cancel=CancelToken())
    done = [outcome for batch in results for _, outcome in batch]
    if len(done) != len(jobs) or not all(isinstance(outcome, FullRead) for outcome in done):
        raise SystemExit("not every file was hashed")


def tool(*command: str) -> list[Candidate]:
    """Return another program as a candidate, nothing where it is not installed."""
    if shutil.which(command[0]) is None:
        return []

    def call(paths: Sequence[Path]) -> None:
        subprocess.run([*command, *map(str, paths)], check=True, stdout=subprocess.DEVNULL)

    return [(" ".join(command), call)]


def cpu_seconds() -> float:
    return sum(
        use.ru_utime + use.ru_stime
        for use in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def measure(
    title: str, candidates: Sequence[Candidate], paths: Sequence[Path], runs: int, cold: bool
) -> None:
    size = sum(path.stat().st_size for path in paths)
    walls: dict[str, list[float]] = {name: [] for name, _ in candidates}
    cpus: dict[str, list[float]] = {name: [] for name, _ in candidates}
    for turn in range(runs + 1):
        for name, work in candidates:
            if cold:
                forget(paths)
            used, began = cpu_seconds(), time.perf_counter()
            work(paths)
            if turn:  # the first round warms the caches
                walls[name].append(time.perf_counter() - began)
                cpus[name].append(cpu_seconds() - used)
    base = candidates[0][0]
    print(f"\n{title}: {size / MIB:,.0f} MiB, medians of {runs} rounds")
    print(
        f"{'':30} {'wall s':>8} {'x base':>7} {'best':>6} {'CPU s':>7} {'x base':>7} {'GiB/s':>6}"
    )
    for name, _ in candidates:
        wall, cpu = statistics.median(walls[name]), statistics.median(cpus[name])
        ratios = [mine / theirs for mine, theirs in zip(walls[name], walls[base], strict=True)]
        cpu_ratios = [mine / theirs for mine, theirs in zip(cpus[name], cpus[base], strict=True)]
        print(
            f"{name:30} {wall:8.3f} {statistics.median(ratios):7.2f}"
            f" {min(walls[name]) / min(walls[base]):6.2f} {cpu:7.3f}"
            f" {statistics.median(cpu_ratios):7.2f} {size / wall / 2**30:6.2f}"
        )


def forget(paths: Sequence[Path]) -> None:
    for path in paths:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=512, help="size of the large file")
    parser.add_argument("--files", type=int, default=24, help="how many of 4 to 60 MiB")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    print(f"{cores()} cores, crc32 of {crc32.__module__}")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        large = Path(folder, "dense.safetensors")
        write_dense(large, options.mib)
        others = [
            *tool("openssl", "dgst", "-sha256"),
            *tool("sha256sum"),
            *tool("b3sum"),
        ]
        base: Candidate = ("hashlib sha256, one thread", hashlib_alone)
        measure(
            "One large file",
            [base, *others, ("loradex, six digests", six_of_one)],
            [large],
            options.runs,
            options.cold,
        )
        many = [Path(folder, f"{number}.safetensors") for number in range(options.files)]
        for number, path in enumerate(many):
            write_dense(path, 4 + number * 56 // max(options.files - 1, 1), seed=number)
        measure(
            f"{options.files} files",
            [base, *others, ("loradex, six digests", six_of_many)],
            many,
            options.runs,
            options.cold,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory of this process {peak:.0f} MiB")


if __name__ == "__main__":
    main()
