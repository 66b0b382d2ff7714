"""The report of duplicates over a made catalog, beside one SQL GROUP BY and a pairwise comparison.

Usage: python bench/duplicates.py [--contents N] [--runs N]

The files are there, as holes, so that asking the disk costs what it costs. All rows are of one
run, caches warm. Comparing names pair by pair is measured on a part and told for what it is.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.evidence import Evidence, Source
from loradex.domain.header import FileFormat
from loradex.domain.identity import Identity
from loradex.domain.library import Layout
from loradex.domain.scanning import Found, Look
from loradex.operations.duplicates import find_duplicates
from loradex.paths import Home

PAIRWISE = 3_000
CAPTIONS = json.dumps({"10_x": {f"caption number {n}": n for n in range(1, 120)}})
"""Some 3 kB, as a trainer writes them."""

PRECISIONS = (
    ("F16", "_fp16", 3_200_000_000), ("F32", "", 6_400_000_000),
    ("F8_E4M3", "_fp8_e4m3fn", 1_600_000_000),
)  # fmt: skip

Made = tuple[str, str, int, str, FileFormat, dict[str, str]]
"""Path, kind, bytes, dtype, format, metadata."""


def models(count: int) -> Iterator[Made]:
    """Yield models: of a hundred, ten are one training, six one model, four one embedding each."""
    form = FileFormat.SAFETENSORS
    for n in range(count):
        hundred, part = divmod(n, 100)
        if part < 10:
            training = {
                "ss_session_id": str(hundred), "ss_training_started_at": f"17{hundred:08}.5",
                "ss_output_name": f"style {hundred}", "ss_epoch": str(part + 1),
                "ss_tag_frequency": CAPTIONS,
            }  # fmt: skip
            name = f"loras/style {hundred}-{part + 1:06}.safetensors"
            yield name, "lora", 151_000_000, "F16", form, training
        elif part < 16:
            run, place = hundred * 2 + (part - 10) // 3, part % 3
            dtype, word, size = PRECISIONS[place]
            yield f"checkpoints/dream {run}{word}.safetensors", "checkpoint", size, dtype, form, {}
        elif part < 20:
            suffix, form_ = (("pt", FileFormat.PICKLE), ("safetensors", form))[part % 2]
            name = f"embeddings/bad hands {n // 2}.{suffix}"
            yield name, "embedding", 30_000, "F32", form_, {}
        else:
            metadata = {"ss_session_id": f"9{n}", "ss_tag_frequency": CAPTIONS}
            size = 100_000_000 + (n - n % 2)
            name = f"loras/{n % 211}/Some neon thing no {n} v{n % 5}.safetensors"
            yield name, "lora", size, "F16", form, metadata


def fill(home: Home, root: Path, count: int) -> None:
    """Make a catalog and its files; each twentieth model lies twice, each fiftieth has a link."""
    looks: list[Look] = []
    for number, made in enumerate(models(count)):
        place = root / made[0]
        make(place, made[2])
        looks.append(look(root, place, number, made))
        if number % 20 == 7:
            copy = root / f"copies/{number}/{place.name}"
            make(copy, made[2])
            looks.append(look(root, copy, number, made))
        if number % 50 == 9:
            link = root / f"linked/{number}-{place.name}"
            link.parent.mkdir(exist_ok=True)
            os.link(place, link)
            looks.append(look(root, link, number, made))
    with Catalog.open(home) as catalog:
        catalog.files.add_library("main", os.fsencode(root), Layout.PLAIN, device=1)
        for start in range(0, len(looks), 2000):
            catalog.looks.record(1, looks[start : start + 2000], "1")
    mark_as_hashed(home)


def make(place: Path, size: int) -> None:
    """Make a file of holes."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("wb") as file:
        file.truncate(size)


def look(root: Path, place: Path, number: int, made: Made) -> Look:
    """Return what a scan would have seen."""
    _, kind, size, dtype, form, metadata = made
    info = place.stat()
    return Look(
        Found(
            os.fsencode(place.relative_to(root)), size, info.st_mtime_ns, info.st_dev, info.st_ino
        ),
        fingerprint=f"{number:032x}",
        format=form,
        identity=Identity(dtype=dtype, rank=16 if kind == "lora" else None),
        facts=(Evidence("kind", kind, Source.TENSORS), Evidence("base", "sdxl", Source.TENSORS)),
        metadata=metadata,
        tensor_count=2166,
        header_bytes=3_000,
    )


def mark_as_hashed(home: Home) -> None:
    """Give every content digests of its own; of some, the one before has the tensors, too."""
    with sqlite3.connect(home.catalog) as database:
        ids = [row[0] for row in database.execute("SELECT id FROM content ORDER BY id")]
        rows = []
        for id_ in ids:
            mine, twin = digest(id_), digest(id_ - (id_ % 100 == 50))
            rows.append((mine, mine[:10], twin[:12], id_))
        database.executemany(
            "UPDATE content SET sha256 = ?, autov2 = ?, autov3 = ? WHERE id = ?", rows
        )
        database.execute("UPDATE file SET hashed_at = 1")
    database.close()


def digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def sql_group(home: Home) -> int:
    """Return how many contents lie in several places: the least that any report has to ask."""
    database = sqlite3.connect(home.catalog)
    rows = database.execute(
        "SELECT content_id, count(*), sum(size) FROM file WHERE state = 'present'"
        " GROUP BY content_id HAVING count(*) > 1"
    ).fetchall()
    database.close()
    return len(rows)


def pairwise(home: Home, most: int) -> int:
    """Compare names pair by pair, by their common beginning, as a simple tool does."""
    database = sqlite3.connect(home.catalog)
    names = [row[0] for row in database.execute("SELECT file_name FROM content LIMIT ?", (most,))]
    database.close()
    near = 0
    for place, name in enumerate(names):
        for other in names[place + 1 :]:
            near += name == other or (name[:-8] == other[:-8] and name[:3] == other[:3])
    return near


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall seconds, and CPU seconds of this process and its children."""

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
    parser.add_argument("--contents", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, root = Home(Path(folder, "home")), Path(folder, "models")
        home.root.mkdir()
        root.mkdir()
        fill(home, root, options.contents)
        with Catalog.open(home) as catalog:
            report = find_duplicates(catalog)
        command = [str(Path(sys.executable).parent / "loradex"), "duplicates"]
        environment = {**os.environ, "LORADEX_HOME": str(home.root)}

        def operation() -> None:
            with Catalog.open(home) as catalog:
                find_duplicates(catalog)

        def call() -> None:
            subprocess.run(command, env=environment, check=True, capture_output=True)

        cases: dict[str, Callable[[], object]] = {
            "one SQL GROUP BY, same bytes only": lambda: sql_group(home),
            "find_duplicates": operation,
            "loradex duplicates, to the end": call,
            f"names pair by pair, {PAIRWISE:,} only": lambda: pairwise(home, PAIRWISE),
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
        for _ in range(options.runs):
            for name, work in cases.items():
                times[name].append(timed(work))
    print(f"{options.contents:,} contents, {options.runs} runs: median seconds (least to most)")
    for name, seen in times.items():
        walls, cpus = zip(*seen, strict=True)
        print(
            f"{name:<36} {statistics.median(walls):6.3f} ({min(walls):.3f} to {max(walls):.3f})"
            f"  CPU {statistics.median(cpus):6.3f} ({min(cpus):.3f} to {max(cpus):.3f})"
        )
    part = statistics.median(cpu for _, cpu in times[next(reversed(times))])
    whole = part * (options.contents / PAIRWISE) ** 2
    print(f"pair by pair over all would take some {whole:,.0f} s (the square of their number)")
    print("groups: " + ", ".join(f"{t.alike.value} {t.groups:,}" for t in report.totals))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"memory of the command at most {memory:.0f} MiB")


if __name__ == "__main__":
    main()
