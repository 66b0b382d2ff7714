"""How long all six digests of a dense file take, beside SHA-256 alone, in one run.

    python bench/hash.py [--mib 512] [--runs 5] [--folder /tmp] [--cold]

Prints each run and the ratio of the medians. The file is random bytes under a real safetensors
header, and is removed afterwards. With `--cold` its pages are dropped before each measurement.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from loradex.formats.hashing import hash_file

MIB = 1024 * 1024


def write_dense(path: Path, mib: int) -> None:
    shape = [mib * MIB // 4096, 2048]
    entry = {"dtype": "F16", "shape": shape, "data_offsets": [0, mib * MIB]}
    header = json.dumps({"weight": entry}).encode()
    header += b" " * (-len(header) % 8)
    block = random.Random(1).randbytes(16 * MIB)  # noqa: S311
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for turn in range(0, mib * MIB, len(block)):
            cut = turn // 4096 % len(block)
            file.write((block[cut:] + block[:cut])[: mib * MIB - turn])
        file.flush()
        os.fsync(file.fileno())


def sha256_alone(path: Path) -> None:
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256").hexdigest()


def seconds(work: Callable[[Path], object], path: Path, *, cold: bool) -> float:
    if cold:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    began = time.perf_counter()
    work(path)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=512)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder, "dense.safetensors")
        write_dense(path, options.mib)
        base: list[float] = []
        ours: list[float] = []
        for run in range(options.runs + 1):
            alone = seconds(sha256_alone, path, cold=options.cold)
            six = seconds(hash_file, path, cold=options.cold)
            if run:  # the first run warms the caches
                base.append(alone)
                ours.append(six)
                print(f"sha256 {alone:.3f} s   all six {six:.3f} s   ratio {six / alone:.2f}")
        rate = options.mib / 1024 / statistics.median(ours)
        ratio = statistics.median(ours) / statistics.median(base)
        cores = len(os.sched_getaffinity(0))
        print(
            f"{options.mib} MiB, {cores} cores: six digests {ratio:.2f} x sha256, {rate:.2f} GiB/s"
        )


if __name__ == "__main__":
    main()
