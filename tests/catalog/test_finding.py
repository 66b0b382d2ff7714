"""What a person adds to find by, and that both ways to answer a query agree."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from catalog_kit import add_library, hashes, look, model, version
from loradex.catalog import coded, facets, finder, matches, snapshot
from loradex.catalog.catalog import Catalog
from loradex.catalog.folding import folded
from loradex.catalog.query import compile_query, patterns
from loradex.domain.finding import FieldType
from loradex.errors import QueryError, UsageError
from loradex.operations import collections, custom_fields
from loradex.operations.matching import found
from loradex.paths import Home

WORDS = ["neon", "knight", "café", "Ålesund", "style(2)", "x", "100%"]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with Catalog.open(Home(tmp_path_factory.mktemp("home"))) as catalog:
        library = add_library(catalog)
        catalog.looks.record(
            library,
            [
                look("loras/neon/knight_v3.safetensors", 1, words=("neonkn",), rank=16),
                look("loras/neon/Ålesund café.safetensors", 2, base="sd1", size=5_000_000_000),
                look("loras/style(2)/zebra.safetensors", 3, derivative="pony", rank=64),
                look("ckpt/100%_x.ckpt", 4, kind="checkpoint", base="flux1"),
                look("vae/odd.safetensors", 5, kind="vae", base=None),
                look("vae/copy/odd.safetensors", 5, kind="vae", base=None),
            ],
            "1",
        )
        catalog.looks.record_hashes([(catalog.files.to_hash()[0], hashes("a"))])
        catalog.hub.record_models("civitai", [model()])
        catalog.hub.record_versions("civitai", [version()])
        catalog.hub.record_matches("civitai", [found(1, version(), model(), "sha256")])
        catalog.person.add_tags([2, 3], ["Style", "line art"])
        catalog.person.set_rating([1, 3], 5)
        catalog.person.set_note(4, "keep")
        collections.pick(catalog, "Kept", [3, 1])
        collections.save_query(catalog, "best", "rating:5")
        collections.save_query(catalog, "best kept", "collection:best collection:kept -rank:16")
        custom_fields.add_field(catalog, "shot", FieldType.NUMBER)
        custom_fields.add_field(catalog, "stage", FieldType.CHOICE, ("Idea", "done"))
        custom_fields.add_field(catalog, "bought", FieldType.DATE)
        custom_fields.add_field(catalog, "own", FieldType.FLAG)
        custom_fields.add_field(catalog, "from-whom", FieldType.TEXT)
        for ids, pairs in (
            ([1], {"shot": "4", "stage": "idea", "bought": "2026-01-31", "own": "yes"}),
            ([2], {"shot": "-0.5", "stage": "done", "from-whom": "Åsa, a friend"}),
        ):
            fields = {field.name: field for field in catalog.fields.all()}
            custom_fields.set_values(catalog, ids, [(fields[k], v) for k, v in pairs.items()])
        yield catalog


ALL = [1, 2, 3, 4, 5]
CASES: list[tuple[str, list[int]]] = [
    ("cafe", [2]), ("alesund", [2]), ("name:fé", [2]), ("A knight", [1]), ("ne*t", [1]),
    ("name:*v3", []), ("name:neon*", [1]), ("knight in", []), ('"a knight"', [1]),
    ("description:knight", [1]), ("model:neon", [1]), ('version:"v2"', [1]), ("creator:mak", [1]),
    ('creator:"mak"', []), ("creator:", [2, 3, 4, 5]), ("published:2026-01", [1]),
    ("published:..2025", []), ("hub:civitai", [1]), ("matched:sha256", [1]),
    ("unmatched:", [2, 3, 4, 5]), ("downloads:>5", []), ("hash:aaa", [1]), ("hash:", [2, 3, 4, 5]),
    ("folder:neon", [1, 2]), ("folder:loras", [1, 2, 3]), ("folder:lora", []),
    ("folder:copy", [5]), ("path:neon/kni", [1]), ("path:n/k", [1]), ("path:eon/", [1, 2]),
    ("path:neon/*.safe", [1, 2]), ("path:/models/vae", [5]), ("file:.ckpt", [4]),
    ("ext:ckpt", [4]), ("ext:.safetensors", [1, 2, 3, 5]), ("library:main", ALL), ("library:", []),
    ("changed:..1970", ALL), ("seen:today", ALL), ("copies:>1", [5]), ("state:present", ALL),
    ("tag:line_art", [2, 3]), ("tag:lin*", [2, 3]), ("tag:", [4, 5]), ("level:pg", [1]),
    ("level:..r", [1]), ("nsfw:no", [1]), ("level:", [2, 3, 4, 5]), ("favourite:no", ALL),
    ("untested:", ALL), ("uses:0", ALL), ("uses:>0", []), ("used:", ALL), ("strength:", ALL),
    ("verdict:", ALL), ("id:3", [3]), ("rank:16..64", [1, 3]), ("collection:kept", [1, 3]),
    ("collection:KEPT", [1, 3]), ("collection:best", [1, 3]), ('collection:"best kept"', [3]),
    ("-collection:best", [2, 4, 5]), ("collection:", [2, 4, 5]), ("shot:4", [1]),
    ("shot:..0", [2]), ("shot:", [3, 4, 5]), ("stage:idea,done", [1, 2]), ("bought:2026", [1]),
    ("bought:..2025", []), ("own:yes", [1]), ("own:no", [2, 3, 4, 5]), ("from-whom:asa", [2]),
    ('from-whom:"asa"', []), ('from-whom:"åsa, a friend"', [2]), ("(cafe , knight) rating:5", [1]),
    ("-(cafe , knight) kind:lora", [3]), ("NOT kind:lora", [4, 5]), ("^kind:lora", [4, 5]),
    ("cafe OR odd", [2, 5]), ("kind:lora AND rank:16", [1]), ("style(2)", [3]),
    ("((kind:vae))", [5]), ("(kind:lora path:style(2))", [3]),
    ("NOT (kind:lora OR kind:vae)", [4]), ("name::^neon", [1]), ("name::k.ight", [1]),
    ("tag::^line", [2, 3]), ("path::vae/.*odd", [5]), ("name::(zeb|od)", [3, 5]),
    ("-name::e", [4, 5]), ("name::^eon", []), ("stage::^i", [1]), ("note::ke+p", [4]),
    ("size:>1GB limit:1", [2]),
    ("sort:id limit:2", [1, 2]), ("limit:0", []), ("rating:5 sort:shot,name-", [1, 3]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "ids"), CASES)
def test_finds(catalog: Catalog, query: str, ids: list[int]) -> None:
    assert sorted(catalog.ids(query)) == ids
    assert catalog.count(query) == len(ids)


@pytest.mark.parametrize("few", [0, 1_000])
@pytest.mark.parametrize(("query", "ids"), CASES)
def test_sets_and_sql_agree(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, query: str, ids: list[int], few: int
) -> None:
    """With none taken for few, everything goes through sets; facets too."""
    monkeypatch.setattr(finder, "FEW", few)
    catalog._reader.close()
    assert sorted(catalog.ids(query)) == ids
    counted = catalog.facets(query)
    assert sum(count for _, count in counted["kind"]) == len(ids)
    assert dict(counted["tag"]).get("style", 0) == len({1, 2, 3} & set(ids))


AGAIN = [
    "size:>1GB", "size:5GB", "size:<5GB", "-size:5GB", "size:1KB..5GB size:..6GB", "size:5GB,1GB",
    "size:1TB", "added:<30d", "added:..2020", "-added:today", "added:2020..2021,today",
    "(size:>1GB , kind:vae) -base:sd1", "kind:lora,vae size:<1GB", "base:", "-(kind:lora , base:)",
    "-(-kind:lora , rank:16)", "is:unknown", "is:broken", "rank:16..", "kind:vae is:unknown",
    "algorithm:", "variant:x*", "name:odd size:>1KB", "id:3 kind:lora", "folder:neon",
    "path:loras", "path:/models/", "folder:copy , folder:loras", "folder:lora*", "path:%", "cafe",
    "loras", "neo", "style", "odd", "name:^neon", "knig", "model", "description:knig", "zebra",
    "-loras", "tag:style , neon", "limit:3",
]  # fmt: skip


WAYS: list[dict[tuple[ModuleType, str], int]] = [
    {(facets, "MANY"): 0},
    {(snapshot, "_SORTED"): 0},
    {(facets, "MANY"): 1_000, (snapshot, "_SORTED"): 1_000},
    {(facets, "MANY"): 1_000, (facets, "_WITH_BITS"): 0, (matches, "_MOST"): 1},
    {(coded, "VALUES"): 0},
]
"""Limits between one way to work and another, moved so that each is taken."""


@pytest.mark.parametrize("limits", WAYS)
def test_what_is_kept_answers_like_a_look_at_every_row(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, limits: dict[tuple[ModuleType, str], int]
) -> None:
    """The third time, columns, folders and tags are no longer asked of SQL."""
    monkeypatch.setattr(finder, "FEW", 0)
    for (module, name), limit in limits.items():
        monkeypatch.setattr(module, name, limit)
    catalog._reader.close()
    for _ in range(3):
        for query in AGAIN:
            asked = compile_query(query, lore=catalog._reader.lore())
            rows = catalog._reader.rows_of(
                f"SELECT id FROM content WHERE {asked.where} ORDER BY {asked.order}", asked.params
            )
            assert catalog.ids(query) == [row[0] for row in rows], query
            ids = {row[0] for row in rows}
            counted = catalog.facets(query)
            assert dict(counted["tag"]).get("style", 0) == len({1, 2, 3} & ids), query
            assert sum(count for _, count in counted["kind"]) == len(ids), query


def test_an_id_that_is_no_contents_is_in_no_set(catalog: Catalog) -> None:
    with catalog._reader.connection() as connection:
        known = snapshot.Snapshot(connection)
    assert known.ids_of(known.set_of([2, 10**6], [0, 5])) == [2, 5]


@pytest.mark.parametrize(
    ("query", "marked", "words"),
    [
        ("(neon", "(", "never closed"),
        ("neon ) x", ")", "no parenthesis"),
        ("( )", "( )", "nothing between"),
        ("a (b , )", ",", "after it"),
        ("NOT", "NOT", "after it"),
        ("a OR", "OR", "after it"),
        ("-(a sort:name)", "sort:name", "outside"),
        ("nam:x", "nam:x", "Did you mean name:?"),
        ("shto:4", "shto:4", "Did you mean shot:?"),
        ("shot:many", "many", "not a number"),
        ("stage:don", "don", "Did you mean done?"),
        ("bought:soon", "soon", "not a date"),
        ("own:perhaps", "perhaps", "neither yes nor no"),
        ("collection:bst", "bst", "Did you mean best?"),
        ("library:mian", "mian", "Did you mean main?"),
        ("hash:xyz", "xyz", "0 to 9"),
        ("level:..k", "..k", "not a level"),
        ("untested:yes", "yes", "stands alone"),
        ("licence:free", "free", "Known: commercial"),
        ("limit:many", "many", "limit:50"),
        ("sort:shto", "shto", "Did you mean sort:shot?"),
        ("name::(a+)+", "+", "cannot be repeated"),
        ("name::a[", "[", "wrong"),
        ("name::a.*b.*c.*d", "*", "too many ways"),
        ("name::(?=a)", "(", "only (?:"),
        ("size::1", "size::1", "takes no pattern"),
        ("name::", "name::", "needs a value"),
        ("(" * 30 + "a" + ")" * 30, "(", "more than 20"),
        ("id:x", "x", "no number"),
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


@pytest.mark.parametrize(
    "pattern",
    ["(a*)*b", "(a|a)*b", "a?" * 60 + "a" * 60, "a{0,50}" * 20, "(a|b)" * 50, "(.*){3}x", r"(a)\1"],
)
def test_patterns_that_could_hang_are_refused(pattern: str) -> None:
    with pytest.raises(patterns.PatternError):
        patterns.check(pattern)


@pytest.mark.parametrize(
    "pattern", ["^a.*b.*c.*d$", ".*.*x", "(foo|bar|baz)", "v[0-9]{1,3}$", r"\bneon\b", "x{2}", "a{"]
)
def test_usual_patterns_are_allowed(pattern: str) -> None:
    patterns.check(pattern)
    started = time.thread_time()
    patterns.Matcher()(pattern, "ab" * 128)
    assert time.thread_time() - started < 5


def test_a_search_that_takes_too_long_is_given_up(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "SECONDS", -1.0)
    monkeypatch.setattr(patterns, "_CHECKED_EVERY", 1)
    with pytest.raises(QueryError, match="took more than"):
        catalog.ids("name::x.z")


def test_random_queries_are_answered_or_told(catalog: Catalog) -> None:
    """Any text is a query or a `QueryError`, and both ways to answer find the same."""
    chance = random.Random(7)
    pieces = [
        *WORDS, "(", ")", ",", "OR", "NOT", "-", "^", '"', "::", ":", "..", ">", "kind:lora",
        "tag:", "-tag:style", "size:>1kB", "added:<1d", "name::e", "path:neon", "sort:size-",
        "limit:3", "collection:best", "shot:1..", "rating:5", "untested:", "name:*", "*", "\\", "%",
        "\x00", "é",
    ]  # fmt: skip
    answered = 0
    for _ in range(400):
        query = chance.choice(("", " ")).join(chance.choices(pieces, k=chance.randrange(1, 7)))
        try:
            ids = catalog.ids(query)
        except QueryError as error:
            assert 0 <= error.position <= len(query)
            continue
        answered += 1
        compiled = compile_query(query, lore=catalog._reader.lore())
        with closing(catalog._reader._finder) as finding:
            finding.count(compiled)
            connection = finding._connection
            assert connection is not None
            plain = connection.execute(
                f"SELECT id FROM content WHERE {compiled.where}", compiled.params
            ).fetchall()
        assert sorted(row[0] for row in plain) == sorted(ids), query
    assert answered > 100


def test_collections_keep_their_order_and_their_word(home: Home) -> None:
    with Catalog.open(home) as catalog:
        library = add_library(catalog)
        catalog.looks.record(library, [look(f"{n}.safetensors", n) for n in range(1, 6)], "1")
        assert collections.pick(catalog, "Mine", [3, 1]) == 2
        assert collections.pick(catalog, "mine", [1, 5]) == 1
        kept = collections.collection(catalog, "MINE")
        assert collections.members(catalog, kept) == [3, 1, 5]
        assert collections.unpick(catalog, "mine", [1, 2]) == 1
        collections.save_query(catalog, "a", "-collection:mine")
        with pytest.raises(QueryError, match="leads back to itself"):
            collections.save_query(catalog, "a", "collection:A", replace=True)
        collections.save_query(catalog, "b", "collection:a")
        with pytest.raises(QueryError, match="cannot be read"):
            collections.save_query(catalog, "a", "collection:b", replace=True)
        with pytest.raises(UsageError, match="picked by hand"):
            collections.save_query(catalog, "mine", "x")
        with pytest.raises(UsageError, match="saved query"):
            collections.pick(catalog, "b", [1])
        custom_fields.add_field(catalog, "shot", FieldType.NUMBER)
        collections.save_query(catalog, "shots", "shot:1..")
        catalog.fields.remove(custom_fields.field(catalog, "shot").id)
        with pytest.raises(QueryError, match="'shots' cannot be read any more"):
            catalog.ids("collection:shots")
        collections.rename(catalog, "mine", "ours")
        assert collections.naming(catalog, "mine") == ["a"]
        with pytest.raises(UsageError, match="Did you mean 'ours'"):
            collections.collection(catalog, "oours")
        catalog.collections.delete(kept.id)
        assert catalog.count("") == 5


@pytest.mark.parametrize(
    ("name", "words"),
    [("size", "already"), ("sort", "already"), ("mtime", "already"), ("two words", "no name"),
     ("2nd", "no name"), ("x" * 41, "no name"), ("", "no name")],
)  # fmt: skip
def test_a_custom_field_shadows_nothing(catalog: Catalog, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        custom_fields.add_field(catalog, name, FieldType.TEXT)


@pytest.mark.parametrize(
    ("field", "text"),
    [("shot", "x"), ("shot", "nan"), ("stage", "dun"), ("bought", "31.1.2026"), ("own", "maybe")],
)
def test_values_are_checked(catalog: Catalog, field: str, text: str) -> None:
    with pytest.raises(UsageError, match="cannot be"):
        custom_fields.parse_value(custom_fields.field(catalog, field), text)


def test_custom_values_come_back_as_they_were_given(catalog: Catalog) -> None:
    assert catalog.fields.values([1, 2, 3]) == {
        1: {"bought": "2026-01-31", "own": True, "shot": 4, "stage": "Idea"},
        2: {"from-whom": "Åsa, a friend", "shot": -0.5, "stage": "done"},
    }


def test_merged_contents_keep_collections_and_values(home: Home, tmp_path: Path) -> None:
    with Catalog.open(home) as catalog:
        library = add_library(catalog, tmp_path)
        catalog.looks.record(library, [look("a.safetensors", 1), look("b.safetensors", 2)], "1")
        collections.pick(catalog, "kept", [2])
        custom_fields.add_field(catalog, "shot", FieldType.NUMBER)
        catalog.fields.set(custom_fields.field(catalog, "shot"), [2], 3)
        todo = catalog.files.to_hash()
        catalog.looks.record_hashes([(item, hashes("c")) for item in todo])
        assert catalog.count("collection:kept shot:3 copies:2") == 1
        assert catalog.ids("path:b.safe") == catalog.ids("name:a")


def test_lists_sort_letters_with_accents_beside_those_without(catalog: Catalog) -> None:
    names = [folded(row.name) for row in catalog.rows(catalog.ids(""))]
    assert names == sorted(names)
    assert [folded(text) for text in ("Å", "Łódź", "straße", "İ")] == ["a", "lodz", "strasse", "i"]


def test_what_is_written_meanwhile_is_found(home: Home) -> None:
    with Catalog.open(home) as catalog:
        library = add_library(catalog)
        catalog.looks.record(library, [look("a.safetensors", 1)], "1")
        assert catalog.facets("") == {"kind": [("lora", 1)], "base": [("sdxl", 1)], "tag": []}
        catalog.looks.record(library, [look("b.safetensors", 2, kind="vae")], "1")
        catalog.person.add_tags([2], ["new"])
        assert catalog.facets("")["tag"] == [("new", 1)]
        assert catalog.ids("") == [1, 2]
        catalog.files.remove_library(library)
        assert catalog.ids("folder:models state:missing") == [1, 2]
