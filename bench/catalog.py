"""Searches over a made catalog: a page with its count, then facets, beside SQL without indexes.

Usage: python bench/catalog.py [--contents N] [--rounds N] [--keep FOLDER] [--only TEXT]

All rows are of one run, caches warm. Queries take turns, and what words and other terms found is
forgotten before each. `known` is the same page, count and facets with the terms kept, but not the
answer: as for who adds a word to those that stand there, or takes one away. `screen` is what the
terminal UI asks with new terms: all ids, a page of rows and facets; `wall` is that by the clock.
Other times are CPU milliseconds of the process: median and 95th percentile. The plain search reads
every row of `content` with LIKE and counts tags from the JSON of each row.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from catalog_stock import fill

from loradex.catalog.catalog import Catalog
from loradex.domain.finding import FieldType
from loradex.operations import collections, custom_fields
from loradex.paths import Home

PAGE = 100

_TAGGED = "EXISTS (SELECT 1 FROM json_each(tags) WHERE value = '{}')"
_ANY = "(name LIKE '%{0}%' OR path LIKE '%{0}%' OR words LIKE '%{0}%' OR tags LIKE '%{0}%')"

CASES: Sequence[tuple[str, str]] = (
    ("", "1"),
    ("kind:lora", "kind = 'lora'"),
    ("kind:lora base:sdxl", "kind = 'lora' AND base = 'sdxl'"),
    ("base:pony", "derivative = 'pony'"),
    ("tag:anime", _TAGGED.format("anime")),
    ("-tag:character", f"NOT {_TAGGED.format('character')}"),
    ("tag:", "tags = '[]'"),
    ("neon", _ANY.format("neon")),
    ("neon knight", f"{_ANY.format('neon')} AND {_ANY.format('knight')}"),
    ("kalo", _ANY.format("kalo")),
    ("ne", _ANY.format("ne")),
    ("name:igh", "name LIKE '%igh%'"),
    ("path:lora/sdxl", "path LIKE '%lora/sdxl%'"),
    ("path:gothic", "path LIKE '%gothic%'"),
    ("folder:gothic", "path LIKE '%/gothic/%'"),
    ("note:guidance", "id IN (SELECT content_id FROM annotation WHERE note LIKE '%guidance%')"),
    ("neon , anime kind:vae", f"{_ANY.format('neon')} OR {_ANY.format('anime')} AND kind = 'vae'"),
    (
        "(neon , knight) -city kind:lora",
        f"({_ANY.format('neon')} OR {_ANY.format('knight')}) AND NOT {_ANY.format('city')}"
        " AND kind = 'lora'",
    ),
    ("size:>500MB", "size > 500000000"),
    ("size:1GB..8GB kind:checkpoint", "size BETWEEN 1e9 AND 8e9 AND kind = 'checkpoint'"),
    ("kind:lora sort:size-", "kind = 'lora'"),
    ("sort:added-", "1"),
    ("added:<30d", "added_at > unixepoch() - 2592000"),
    ("hash:ab12", "sha256 LIKE 'ab12%' OR blake3 LIKE 'ab12%' OR crc32 LIKE 'ab12%'"),
    ("name::^neon.*v3", "name LIKE 'neon%v3%'"),
    ("creator:neonkni", "1"),
    ("downloads:>1000", "1"),
    ("rating:4..", "rating >= 4"),
    ("level:..pg13", "content_level < 4"),
    ("collection:picked", "id % 50 = 1"),
    ("collection:saved", f"rating >= 4 AND {_ANY.format('neon')}"),
    ("shot:3..7", "id IN (SELECT content_id FROM custom_value WHERE number_value BETWEEN 3 AND 7)"),
    ("stage:draft sort:shot-", "id IN (SELECT content_id FROM custom_value)"),
    ("uses:0 untested:", "1"),
)
"""A query, and the condition that a plain search would use for it; `1` where it could not tell."""


def add_own(catalog: Catalog) -> None:
    """Add what a person adds: collections and custom fields."""
    ids = catalog.ids("")
    collections.pick(catalog, "picked", sorted(ids)[::50])
    collections.save_query(catalog, "saved", "neon rating:4..")
    custom_fields.add_field(catalog, "shot", FieldType.NUMBER)
    custom_fields.add_field(catalog, "stage", FieldType.CHOICE, ("idea", "draft", "done"))
    fields = {field.name: field for field in catalog.fields.all()}
    for shot in range(10):
        catalog.fields.set(fields["shot"], ids[shot::20], shot)
    catalog.fields.set(fields["stage"], ids[::7], "draft")


def plain(database: sqlite3.Connection, where: str) -> Callable[[], None]:
    """Return a search as it is without indexes: a page, its count, and facets."""

    def search() -> None:
        source = f"FROM content NOT INDEXED WHERE {where}"
        database.execute(f"SELECT * {source} ORDER BY name LIMIT {PAGE}").fetchall()
        database.execute(f"SELECT count(*) {source}").fetchall()
        database.execute(f"SELECT kind, count(*) {source} GROUP BY 1").fetchall()
        database.execute(f"SELECT base, count(*) {source} GROUP BY 1").fetchall()
        database.execute(
            f"SELECT tag.value, count(*) FROM (SELECT tags {source}) AS found,"
            " json_each(found.tags) AS tag GROUP BY 1"
        ).fetchall()

    return search


def cpu(work: Callable[[], object]) -> float:
    """Return CPU milliseconds of this process."""
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1000


def worst(times: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]


def measure(home: Home, rounds: int, only: str) -> None:
    """Run the table of queries and print it."""
    cases = [case for case in CASES if only in case[0]]
    seen: dict[str, dict[str, list[float]]] = {
        query: {name: [] for name in ("page", "facets", "known", "deep", "screen", "wall", "plain")}
        for query, _ in cases
    }
    totals: dict[str, int] = {}
    with Catalog(home) as catalog, closing(sqlite3.connect(home.catalog)) as database:
        first = cpu(lambda: catalog.facets(""))
        for turn in range(rounds + 1):
            for query, where in cases:
                _forget(catalog, terms=True)
                took = {
                    "page": cpu(lambda: catalog.search(query, limit=PAGE)),  # noqa: B023
                    "facets": cpu(lambda: catalog.facets(query)),  # noqa: B023
                }
                totals[query] = catalog.count(query)
                _forget(catalog, terms=False)
                took["known"] = cpu(lambda: _both(catalog, query))  # noqa: B023
                half = totals[query] // 2
                took["deep"] = cpu(lambda: catalog.search(query, limit=PAGE, offset=half))  # noqa: B023
                _forget(catalog, terms=True)
                began = time.perf_counter()
                took["screen"] = cpu(lambda: _screen(catalog, query))  # noqa: B023
                took["wall"] = (time.perf_counter() - began) * 1000
                if turn < 2:
                    took["plain"] = cpu(plain(database, where))
                if turn:  # the first one warms
                    for name, took_ms in took.items():
                        seen[query][name].append(took_ms)
    print_table(seen, totals)
    print(f"the first facets after somebody wrote: {first:.0f} ms more, once")


def _both(catalog: Catalog, query: str) -> None:
    catalog.search(query, limit=PAGE)
    catalog.facets(query)


def _screen(catalog: Catalog, query: str) -> None:
    catalog.rows(catalog.ids(query)[:PAGE])
    catalog.count("")
    catalog.facets(query)


def _forget(catalog: Catalog, *, terms: bool) -> None:
    """Forget what queries found, and with `terms` what each of their terms did."""
    finder = catalog._reader._finder
    if finder is not None and finder._kept is not None:
        finder._kept.answers.clear()
        if terms:
            finder._kept.sets.clear()


def print_table(seen: dict[str, dict[str, list[float]]], totals: dict[str, int]) -> None:
    """Print medians and 95th percentiles."""
    head = (
        "query",
        "finds",
        "page+count",
        "p95",
        "facets",
        "p95",
        "both p95",
        "known",
        "deep",
        "plain",
        "x",
    )
    print(f"{head[0]:<34}{head[1]:>8}" + "".join(f"{title:>11}" for title in head[2:]))
    whole: list[float] = []
    together: dict[str, list[float]] = {"known": [], "screen": [], "wall": []}
    for query, times in seen.items():
        both = [a + b for a, b in zip(times["page"], times["facets"], strict=True)]
        whole += both
        for name in together:
            together[name] += times[name]
        base = statistics.median(times["plain"])
        numbers = (
            statistics.median(times["page"]), worst(times["page"]),
            statistics.median(times["facets"]), worst(times["facets"]),
            worst(both), statistics.median(times["known"]), statistics.median(times["deep"]), base,
            base / max(statistics.median(both), 0.01),
        )  # fmt: skip
        print(
            f"{query or '(all)':<34}{totals[query]:>8,}" + "".join(f"{n:>11.1f}" for n in numbers)
        )
    print(f"page, count and facets together, over all: {_spread(whole)}")
    for name, gathered in together.items():
        print(f"{name}: {_spread(gathered)}")


def _spread(times: Sequence[float]) -> str:
    return f"median {statistics.median(times):.1f} ms, p95 {worst(times):.1f} ms"


def cold(home: Home, *arguments: str) -> None:
    """Print what `loradex list` takes as a program of its own."""
    command = [str(Path(sys.executable).parent / "loradex"), "--home", str(home.root), "list"]
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*command, *arguments], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    shown = " ".join(("loradex list", *arguments))
    print(
        f"{shown}: {statistics.median(times):.3f} s of CPU ({min(times):.3f} to {max(times):.3f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contents", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="make the catalog here, or use the one there")
    parser.add_argument("--only", default="", help="queries with this text in them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(options.keep or Path(folder))
        if not home.catalog.exists():
            home.root.mkdir(parents=True, exist_ok=True)
            made = cpu(lambda: fill(home, options.contents)) / 1000
            with Catalog(home) as catalog:
                add_own(catalog)
            size = home.catalog.stat().st_size / 1e6
            print(f"made in {made:.0f} s of CPU: {size:.0f} MB")
        measure(home, options.rounds, options.only)
        for arguments in (("-l", "100"), ("kind:lora", "neon", "-l", "100"), ("--facets", "neon")):
            cold(home, *arguments)


if __name__ == "__main__":
    main()
