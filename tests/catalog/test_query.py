"""The query language: what finds what, and what a wrong query says."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator

import pytest

from catalog_kit import add_library, look
from loradex.catalog.catalog import Catalog
from loradex.catalog.query import compile_query
from loradex.errors import QueryError
from loradex.paths import Home

DAY = 86_400


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with Catalog.open(Home(tmp_path_factory.mktemp("home"))) as catalog:
        library = add_library(catalog)
        catalog.looks.record(
            library,
            [
                look("loras/neon_knight_v3.safetensors", 1, words=("neonkn", "glow city"), rank=16),
                look("loras/cyberpunk-alley.safetensors", 2, base="sd1", size=5_000_000_000),
                look("loras/pony_style.safetensors", 3, derivative="pony"),
                look("ckpt/Ärger 100%_x.safetensors", 4, kind="checkpoint", base="flux1"),
                look("vae/odd.safetensors", 5, kind="vae", base=None),
            ],
            "1",
        )
        catalog.person.add_tags([1, 2], ["Style", "sci fi"])
        catalog.person.add_tags([3], ["style"])
        catalog.person.remove_tags([3], ["STYLE"])
        catalog.person.set_rating([1], 5)
        catalog.person.set_rating([2], 2)
        catalog.person.set_note(4, "schön, best at guidance 3")
        catalog.person.set_favourite([3], True)
        yield catalog


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("neon", [1]),
        ("NEON knight", [1]),
        ("kni", [1]),
        ("punk", [2]),  # the middle of a word in a name
        ("glow", [1]),
        ('"glow city"', [1]),
        ('"city glow"', []),
        ("arger", [4]),  # without its diacritics
        ("schon", [4]),
        ("100%_x", [4]),
        ("name:%", [4]),
        ("name:_x", [4]),
        ("kind:lora", [1, 2, 3]),
        ("kind:lora,vae", [1, 2, 3, 5]),
        ("kind:ckpt", [4]),
        ("base:sdxl", [1, 3]),
        ("base:pony", [3]),
        ("base:sdxl -base:pony", [1]),
        ("base:unknown", [5]),
        ("base:", [5]),
        ("tag:style", [1, 2]),
        ('tag:"sci fi"', [1, 2]),
        ("tag:", [3, 4, 5]),
        ("-tag:style kind:lora", [3]),
        ("trigger:neonkn", [1]),
        ("note:guidance", [4]),
        ("rating:4..", [1]),
        ("rating:..3", [2]),
        ("rating:2..5", [1, 2]),
        ("rating:>2", [1]),
        ("rating:", [3, 4, 5]),
        ("-rating:5", [2, 3, 4, 5]),
        ("size:>2GB", [2]),
        ("size:<2kB", [1, 3, 4, 5]),
        ("rank:16", [1]),
        ("added:<1d", [1, 2, 3, 4, 5]),
        ("added:>1d", []),
        ("added:2020-01-01..", [1, 2, 3, 4, 5]),
        ("is:favourite", [3]),
        ("is:untagged", [3, 4, 5]),
        ("is:noted", [4]),
        ("path:ckpt/", [4]),
        ("path:ÄRGER", [4]),
        ("path:t/", [4]),
        ("name:A\u0308rger", [4]),  # decomposed
        ("neon , punk", [1, 2]),
        ("kind:vae , base:flux1 kind:checkpoint", [4, 5]),
        ("-neon -punk kind:lora", [3]),
        ("'; DROP TABLE content; --", []),
        ('tag:""', [3, 4, 5]),
        ("++", []),
        ("\udcff", []),  # a byte that is no Unicode, as a shell hands it on
    ],
)
def test_finds(catalog: Catalog, query: str, ids: list[int]) -> None:
    assert sorted(catalog.ids(query)) == ids
    assert catalog.search(query, limit=2).total == len(ids)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("", 4),
        ("sort:size-", 2),
        ("sort:rating-", 1),
        ("sort:rating", 2),
        ("kind:lora sort:name-", 3),
    ],
)
def test_order(catalog: Catalog, query: str, first: int) -> None:
    ids = catalog.ids(query)
    if query == "":
        names = [row.name.lower().replace("ä", "a") for row in catalog.rows(ids)]
        assert names == sorted(names)
    else:
        assert ids[0] == first


@pytest.mark.parametrize(
    ("query", "marked", "words"),
    [
        ("kind:lra", "lra", "Did you mean lora?"),
        ("kind:nope", "nope", "Known: "),
        ("is:nope", "nope", "Known: broken, dora"),
        ("sort:nope", "nope", "Known: name, added"),
        ("added:<30x", "<30x", "-2w.. or <30d."),
        ("neon bse:sdxl", "bse:sdxl", "Did you mean base:?"),
        ("base:sdlx", "sdlx", "Did you mean sdxl?"),
        ("rating:many", "many", "not a number"),
        ("size:>2XB", ">2XB", "not a size"),
        ("added:soon", "soon", "not a date"),
        (f"added:<{'9' * 400}d", f"<{'9' * 400}d", "not a date"),
        (f"added:{'9' * 400}d..", f"{'9' * 400}d..", "not a date"),
        ("rating:nan", "nan", "not a number"),
        ("rating:1..inf", "1..inf", "not a number"),
        ("-sort:name", "-sort:name", "cannot be negated"),
        ("neon sort:", "sort:", "needs a value"),
        ('sort:""', 'sort:""', "needs a value"),
        ("rating:..", "..", "not a number"),
        ("is:happy", "happy", "no state"),
        ('neon "open', '"open', "never closed"),
        ("sort:colour", "colour", "no order"),
        (", a", ",", "before"),
        ("a ,", ",", "after"),
        ("size:", "size:", "needs a value"),
    ],
)
def test_wrong_query_says_where_and_what(
    catalog: Catalog, query: str, marked: str, words: str
) -> None:
    with pytest.raises(QueryError) as caught:
        catalog.search(query)
    error = caught.value
    assert query[error.position : error.position + error.length] == marked
    assert words in str(error)


def test_a_query_is_bounded(catalog: Catalog) -> None:
    with pytest.raises(QueryError, match="longer"):
        catalog.search("x" * 3000)
    with pytest.raises(QueryError, match="more than"):
        catalog.search("a " * 200)


def test_facets_count_what_the_query_finds(catalog: Catalog) -> None:
    facets = catalog.facets("kind:lora")
    assert facets["kind"] == [("lora", 3)]
    assert dict(facets["base"]) == {"sdxl": 2, "sd1": 1, "pony": 1}
    assert dict(facets["tag"]) == {"Style": 2, "sci fi": 2}


def test_pages_are_stable(catalog: Catalog) -> None:
    everything = catalog.ids("")
    paged = [
        row.id for start in (0, 2, 4) for row in catalog.search("", limit=2, offset=start).rows
    ]
    assert paged == everything
    assert catalog.search("", limit=2, offset=50).total == 5


def test_relative_dates_count_from_now() -> None:
    now = time.time()
    compiled = compile_query("added:-2d..", now)
    assert compiled.params == (pytest.approx(now - 2 * DAY),)


DAYS = ["2025-12-31 23:59", "2026-01-01 00:00", "2026-01-31 00:00", "2026-01-31 23:59",
        "2026-02-01 00:00"]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-01-31", DAYS[2:4]),
        ("=2026-01-31", DAYS[2:4]),
        ("20260131", DAYS[2:4]),
        ("2026-01-01..2026-01-31", DAYS[1:4]),
        ("2026-01-31..", DAYS[2:]),
        ("..2026-01-31", DAYS[:4]),
        (">2026-01-31", DAYS[4:]),
        (">=2026-01-31", DAYS[2:]),
        ("<2026-01-31", DAYS[:2]),
        ("<=2026-01-31", DAYS[:4]),
        (">2026-01-31T00:00", DAYS[3:]),
        ("<=2026-01-31T00:00", DAYS[:3]),
        ("2026-01-31T23:30-01:00..", []),
        ("..2026-01-31T00:30+01:00", DAYS[:2]),
        ("2026-01-31T00:00Z..2026-01-31", DAYS[2:4]),
    ],
)
def test_a_day_is_the_whole_day_and_an_offset_counts(value: str, found: list[str]) -> None:
    compiled = compile_query(f"added:{value}")
    rows = sqlite3.connect(":memory:").execute(
        "WITH content(added_at, day) AS (SELECT unixepoch(value), value FROM json_each(?))"
        f" SELECT day FROM content WHERE {compiled.where} ORDER BY day",
        (json.dumps(DAYS), *compiled.params),
    )
    assert [row[0] for row in rows] == found
