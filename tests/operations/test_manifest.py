"""Manifests: round trips through JSON and CSV, joining by hash, and files of strangers."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_kit import add_library, hashes, look, model, version
from loradex.catalog.catalog import Catalog
from loradex.domain.manifest import Entry, HubPlace, OwnField, Prefer, ToldVerdict
from loradex.domain.progress import CancelToken, SilentSink
from loradex.domain.trigger_words import ChosenWord, fold_word
from loradex.domain.verdicts import Finding, Verdict, VerdictKind, VerdictSource
from loradex.operations import annotate
from loradex.operations.manifest.checked import ManifestError
from loradex.operations.manifest.csv_form import guarded, plain, read_csv, write_csv
from loradex.operations.manifest.entries import told
from loradex.operations.manifest.files import read_manifest, write_manifest
from loradex.operations.manifest.joining import JoinReport, join
from loradex.operations.manifest.json_form import read_json, write_json
from loradex.operations.matching import found
from loradex.paths import Home
from verdict_kit import BEST, DEAD, NEEDS, USABLE, evidence

FULL = Entry(
    size=1234,
    name='=HYPERLINK("http://x") \\ ; "quoted"',
    sha256="a" * 64,
    fingerprint="2-" + "b" * 32,
    blake3="c" * 64,
    crc32="00012345",
    autov1="d" * 8,
    autov2="a" * 10,
    autov3="e" * 12,
    file_name="@neon.safetensors",
    kind="lora",
    base="sdxl",
    derivative="pony",
    format="safetensors",
    dtype="F16",
    rank=16,
    added_at=1_700_000_000.25,
    hubs=(
        HubPlace("civitai", 70, 7, "urn:air:sdxl:lora:civitai:70@7", "Neon v2"),
        HubPlace("other", 1, 2, None, "x"),
    ),
    tags=(("style; of mine", "person"), ("+plus", "person"), ("night", "hub")),
    hidden_tags=("anime",),
    trigger_words=(("neonkn, glow", "hub"), ("-minus", "person")),
    verdicts=(
        ToldVerdict(
            VerdictSource.PERSON,
            dismissed=(VerdictKind.BURNS, VerdictKind.BEST),
            note="=1; mine",
            created_at=5.5,
        ),
        ToldVerdict(
            VerdictSource.PROBE,
            (NEEDS, USABLE, Finding(VerdictKind.DEAD_TRIGGER, "-x; y", word="=x")),
            checkpoint="base; 2",
            checkpoint_sha256="f" * 64,
            created_at=1_700_000_000.25,
            origin="elsewhere.json",
        ),
    ),
    note="- a list\nwith lines\tand 'quotes', \u4f60\u597d",
    rating=4,
    favourite=True,
    collections=("best", "=sum"),
    preferences={"strength": 0.8, "steps": 20, "sampler": "Euler a"},
    fields=(OwnField("source", "text", "a shop"), OwnField("bought", "number", 3.5)),
    places=(("main", "loras/@neon: x.safetensors"),),
)
BARE = Entry(size=5, name="bare")


def through_json(entries: list[Entry]) -> list[Entry]:
    file = io.StringIO()
    write_json(file, entries, made_by="test", made_at="now")
    return list(read_json(io.StringIO(file.getvalue()), "it"))


def through_csv(entries: list[Entry]) -> list[Entry]:
    file = io.StringIO()
    write_csv(file, entries)
    return list(read_csv(io.StringIO(file.getvalue().removeprefix("\ufeff")), "it"))


@pytest.mark.parametrize("through", [through_json, through_csv])
def test_a_round_trip_loses_nothing(through: Callable[[list[Entry]], list[Entry]]) -> None:
    assert through([FULL, BARE]) == [FULL, BARE]
    assert through([]) == []


def test_json_that_was_laid_out_anew_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    write_manifest(path, [FULL, BARE] * 50)
    value = json.loads(path.read_text())
    path.write_text(json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False))
    assert list(read_manifest(path)) == [FULL, BARE] * 50


def test_csv_opens_in_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    write_manifest(path, [FULL])
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    cells = next(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert not [cell for cell in cells.values() if cell[:1] in "=+-@\t\r" and cell]
    assert list(read_manifest(path)) == [FULL]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_what_a_spreadsheet_saved_anew_is_read(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "m.csv"
    write_manifest(path, [FULL, BARE])
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    rows[0]["size"], rows[0]["added_at"] = "1,234E+3", "1700000000,25"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
    assert list(read_manifest(path)) == [FULL, BARE]


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "\tx", "'=1", "''-1", "'tis", "a=1", "'", ""]
)
def test_a_formula_is_text_and_comes_back(text: str) -> None:
    assert guarded(text)[:1] not in tuple("=+-@\t\r")
    assert plain(guarded(text)) == text


def test_nothing_in_it_is_obeyed_by_a_terminal() -> None:
    hostile = replace(BARE, name="\x1b]0;owned\x07\u202e", note="\x1b[2J\x9b")
    for write in (
        lambda file: write_json(file, [hostile], made_by="", made_at=""),
        lambda file: write_csv(file, [hostile]),
    ):
        file = io.StringIO()
        write(file)
        assert not set(file.getvalue()) & set("\x1b\x07\x9b\u202e")


def test_in_public_nothing_of_the_persons_is_told() -> None:
    public = told(FULL, paths=False, public=True)
    assert (public.note, public.rating, public.places, public.own_tags) == ("", None, (), ())
    assert public.tags == (("night", "hub"),)
    assert public.verdicts == FULL.verdicts[1:], "what was measured is nobody's own"
    assert (public.sha256, public.trigger_words) == (FULL.sha256, FULL.trigger_words)
    assert told(FULL, paths=False, public=False) == replace(FULL, places=())


# ---- files of strangers

HEAD = '{"loradex_manifest": 1, "models": ['
HOSTILE: list[tuple[bytes, str]] = [
    (b"", "not a manifest"),
    (b"\x00\xff\xfe" * 100, "no text"),
    (b"{", "breaks off"),
    (b'{"models": []}', "not a manifest"),
    (b'{"loradex_manifest": "1", "models": []}', "not a manifest"),
    (b'{"loradex_manifest": 99, "models": []}', "newer loradex"),
    (b"[]", "not a manifest"),
    (b"sha256,name\r\na,b\r\n", "not a manifest"),
    (b"loradex_manifest,size\r\n2,5\r\n", "newer loradex"),
    (b"loradex_manifest,size\r\n1,many\r\n", "line 2"),
    (b"loradex_manifest,size,fields\r\n1,5,[[[\r\n", "line 2"),
    ((HEAD + "1]}").encode(), "model 1 is no object"),
    ((HEAD + "{}]}").encode(), "model 1 has no size"),
    ((HEAD + '{"size": -1}]}').encode(), "no size"),
    ((HEAD + '{"size": 1e999}]}').encode(), "no size"),
    ((HEAD + '{"size": NaN}]}').encode(), "damaged"),
    ((HEAD + '{"size": ' + "9" * 6000 + "}]}").encode(), "damaged"),
    ((HEAD + "[" * 100_000).encode(), "damaged"),
    ((HEAD + '{"size": 1, "note": "' + "x" * 5_000_000).encode(), "damaged"),
    ((HEAD + '{"size": 1}, {"size"').encode(), "breaks off"),
]


@pytest.mark.parametrize(("content", "words"), HOSTILE, ids=range(len(HOSTILE)))
def test_a_strange_file_fails_with_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "m.json"
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=words) as wrong:
        list(read_manifest(path))
    assert wrong.value.hint


def test_odd_values_in_a_good_model_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    odd = {
        "size": 7, "name": ["x"], "sha256": "../../etc", "rating": 99, "favourite": "yes",
        "tags": [{"name": 5}, "x", {"name": "good", "source": "person"}], "note": {"a": 1},
        "hubs": [{"hub": "civitai", "model_id": 1, "version_id": 2, "air": "x; rm -rf /"}],
        "preferences": {"steps": -5, "width": [], "strength": 1e308, "nonsense": 1},
        "fields": [{"name": "a b", "type": "x"}],
        "crc32": True, "places": [["a", "b"]],
        "verdicts": [
            "dead trigger", {"source": "me", "findings": [{"kind": "burns"}]},
            {"source": "probe"}, {"source": "probe", "findings": [{"kind": "of-later"}, 5]},
            {"source": "probe", "findings": [{"kind": "best", "low": "x", "numbers": {"a": "b"}}],
             "created_at": 1e300, "checkpoint_sha256": "../x"},
            {"source": ["probe"], "findings": [{"kind": ["burns"]}]},
        ],
    }  # fmt: skip
    path.write_text(json.dumps({"loradex_manifest": 1, "models": [odd]}))
    (entry,) = read_manifest(path)
    assert entry == Entry(
        size=7,
        name="?",
        tags=(("good", "person"),),
        hubs=(HubPlace("civitai", 1, 2),),
        verdicts=(ToldVerdict(VerdictSource.PROBE, (Finding(VerdictKind.BEST, ""),)),),
    )
    assert entry.where_to_get == "loradex hub get version:2"


def test_a_digest_of_nothing_names_nothing(tmp_path: Path) -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    path = tmp_path / "m.json"
    write_manifest(path, [replace(BARE, sha256=empty)])
    assert next(read_manifest(path)).sha256 is None


def test_a_file_is_whole_or_not_there_and_never_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "m.json"

    def failing() -> object:
        yield FULL
        raise OSError(28, "No space left on device")

    with pytest.raises(ManifestError, match="No space"):
        write_manifest(path, failing())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
    write_manifest(path, [BARE])
    with pytest.raises(ManifestError, match="already"):
        write_manifest(path, [FULL])
    write_manifest(path, [FULL], replace=True)
    assert list(read_manifest(path)) == [FULL]


# ---- joining


@pytest.fixture
def stocked(catalog: Catalog) -> Catalog:
    """A hashed model that a hub knows, and one that was not hashed."""
    library = add_library(catalog)
    catalog.looks.record(library, [look("neon.safetensors", 1), look("rain.safetensors", 2)], "1")
    catalog.looks.record_hashes([(catalog.files.to_hash()[0], hashes("a"))])
    catalog.hub.record_models("civitai", [model()])
    catalog.hub.record_versions("civitai", [version()])
    catalog.hub.record_matches("civitai", [found(1, version(), model(), "sha256")])
    return catalog


def joined(
    catalog: Catalog, *entries: Entry, prefer: Prefer = Prefer.MINE, dry_run: bool = False
) -> JoinReport:
    return join(
        catalog, entries, prefer=prefer, dry_run=dry_run, sink=SilentSink(), cancel=CancelToken()
    )


def exported(catalog: Catalog) -> list[Entry]:
    return list(catalog.manifest.entries(catalog.manifest.order()))


def test_what_a_person_said_goes_to_another_catalog(stocked: Catalog, tmp_path: Path) -> None:
    annotate.tag(stocked, [1, 2], add=["style"], remove=["night"])
    annotate.rate(stocked, [1], 5)
    annotate.favourite(stocked, [2], True)
    annotate.note(stocked, 1, "best at 0.7")
    stocked.preferences.set([1], {"strength": 0.7})
    stocked.words.choose(1, [ChosenWord("", fold_word("My Word"), "My Word", "on", True, None)])
    path = tmp_path / "m.csv"
    write_manifest(path, exported(stocked))
    with Catalog.open(Home(tmp_path / "other")) as other:
        number = add_library(other)
        # Found in another order, and the second one not hashed here either.
        other.looks.record(number, [look("x.safetensors", 2), look("y.safetensors", 1)], "1")
        ids = {row.fingerprint: row.file_id for row in other.files.to_hash()}
        wanted = [item for item in other.files.to_hash() if item.fingerprint.endswith("1")]
        assert ids
        other.looks.record_hashes([(wanted[0], hashes("a"))])
        report = joined(other, *read_manifest(path))
        assert (report.here, report.changed, report.absent_count) == (2, 2, 0)
        neon, rain = (other.details(other.resolve(name)) for name in ("y", "x"))
        assert (neon.row.rating, neon.note) == (5, "best at 0.7")
        assert [tag.name for tag in neon.tags] == ["style"]
        assert rain.row.favourite
        assert other.preferences.own([neon.row.id])[neon.row.id].strength == 0.7
        assert "My Word" in neon.row.trigger_words
        again = joined(other, *read_manifest(path))
        assert again.changed == 0


def test_verdicts_go_to_another_catalog(stocked: Catalog, tmp_path: Path) -> None:
    stocked.looks.record(1, [look("base.safetensors", 3, kind="checkpoint")], "1")
    (base,) = [item for item in stocked.files.to_hash() if item.fingerprint.endswith("3")]
    stocked.looks.record_hashes([(base, hashes("b"))])
    measured = Verdict(1, (NEEDS, USABLE, BEST), checkpoint_id=3, evidence=evidence("ohwx"))
    stocked.verdicts.record(measured)
    stocked.verdicts.record(
        Verdict(2, (DEAD,), VerdictSource.PERSON, note="seen", dismissed=(VerdictKind.BURNS,))
    )
    path = tmp_path / "their.csv"
    write_manifest(path, exported(stocked))
    with Catalog.open(Home(tmp_path / "other")) as other:
        number = add_library(other)
        other.looks.record(number, [look("x.safetensors", 2), look("y.safetensors", 1)], "1")
        wanted = [item for item in other.files.to_hash() if item.fingerprint.endswith("1")]
        other.looks.record_hashes([(wanted[0], hashes("a"))])
        report = join(
            other, read_manifest(path), dry_run=False, sink=SilentSink(), cancel=CancelToken(),
            origin="their.csv",
        )  # fmt: skip
        assert report.verdicts == 2
        (told,) = other.verdicts.of(other.resolve("y"))
        assert (told.findings, told.checkpoint_id) == (measured.findings, None)
        assert (told.checkpoint, told.origin) == ("base", "their.csv")
        assert other.ids("verdict:needs strength:0.5") == [told.content_id]
        (person,) = other.verdicts.of(other.resolve("x"))
        assert (person.note, person.dismissed) == ("seen", (VerdictKind.BURNS,))
        assert joined(other, *read_manifest(path)).changed == 0
        # The checkpoint arrives, and a probe here takes the place of what came from there.
        other.looks.record(number, [look("b.safetensors", 3, kind="checkpoint")], "1")
        (base,) = [item for item in other.files.to_hash() if item.fingerprint.endswith("3")]
        other.looks.record_hashes([(base, hashes("b"))])
        here = other.resolve("b")
        other.verdicts.record(Verdict(told.content_id, (DEAD,), checkpoint_id=here))
        (mine,) = other.verdicts.of(told.content_id)
        assert (mine.kinds, mine.origin) == ((VerdictKind.DEAD_TRIGGER,), "")
        later = [replace(e, verdicts=tuple(replace(v, created_at=2.0**39) for v in e.verdicts))
                 for e in read_manifest(path)]  # fmt: skip
        assert joined(other, *later, prefer=Prefer.THEIRS).verdicts == 0
        assert other.verdicts.of(told.content_id) == [mine]


def test_a_persons_verdict_here_is_never_replaced(stocked: Catalog) -> None:
    theirs = Entry(
        size=1, name="x", sha256="a" * 64,
        verdicts=(
            ToldVerdict(VerdictSource.PERSON, (DEAD,), created_at=9e9),
            ToldVerdict(VerdictSource.PROBE, (BEST,), checkpoint="theirs", created_at=1.0),
        ),
    )  # fmt: skip
    stocked.verdicts.record(Verdict(1, (NEEDS,), VerdictSource.PERSON))
    for prefer in Prefer:
        report = joined(stocked, theirs, prefer=prefer)
        assert report.kept == (prefer is Prefer.MINE)
    own, probed = stocked.verdicts.of(1)
    assert (own.findings, probed.findings) == ((NEEDS,), (BEST,))
    newer = replace(theirs.verdicts[1], findings=(USABLE,), created_at=2.0)
    assert joined(stocked, replace(theirs, verdicts=(newer,))).verdicts == 1
    assert joined(stocked, replace(theirs, verdicts=theirs.verdicts[1:])).verdicts == 0
    assert stocked.verdicts.of(1)[1].findings == (USABLE,)


def test_a_dry_run_changes_nothing(stocked: Catalog) -> None:
    before = exported(stocked)
    report = joined(stocked, replace(FULL, fingerprint=None), dry_run=True)
    assert (report.changed, report.tags, report.notes, report.ratings) == (1, 2, 1, 1)
    assert exported(stocked) == before
    assert joined(stocked, replace(FULL, fingerprint=None)).changed == 1
    assert joined(stocked, replace(FULL, fingerprint=None)).changed == 0


@pytest.mark.parametrize(
    ("prefer", "rating", "tags"), [(Prefer.MINE, 2, {"keep"}), (Prefer.THEIRS, 4, {"gone"})]
)
def test_who_is_preferred_where_both_said_something(
    stocked: Catalog, prefer: Prefer, rating: int, tags: set[str]
) -> None:
    annotate.rate(stocked, [1], 2)
    annotate.tag(stocked, [1], add=["keep"], remove=["gone", "night"])
    annotate.note(stocked, 1, "mine")
    theirs = Entry(
        size=1,
        name="x",
        sha256="a" * 64,
        tags=(("gone", "person"),),
        hidden_tags=("keep",),
        rating=4,
        note="theirs",
    )
    for _ in range(2):
        joined(stocked, theirs, prefer=prefer)
        details = stocked.details(1)
        assert details.row.rating == rating
        assert {tag.name for tag in details.tags if tag.source == "person"} >= tags
        assert ("keep" in details.row.tags) == ("keep" in tags)
        assert details.note == "mine\n\ntheirs"


def test_two_full_digests_that_differ_are_two_models(stocked: Catalog) -> None:
    near = exported(stocked)[0]
    report = joined(stocked, replace(near, sha256="f" * 64, rating=5))
    assert (report.here, report.absent_count) == (0, 1)


def test_models_that_are_not_here_leave_nothing(stocked: Catalog) -> None:
    before = exported(stocked)
    report = joined(stocked, replace(FULL, sha256="f" * 64, fingerprint=None))
    assert [e.where_to_get for e in report.absent] == [
        "loradex hub get urn:air:sdxl:lora:civitai:70@7"
    ]
    assert exported(stocked) == before


def test_aliases_and_spellings_are_one_tag(stocked: Catalog) -> None:
    annotate.tag(stocked, [1], add=["Line Art"])
    stocked.tags.add_alias("lineart", "Line Art")
    theirs = Entry(
        size=1, name="x", sha256="a" * 64, tags=(("lineart", "person"), ("line_art", "person"))
    )
    assert joined(stocked, theirs).changed == 0


def test_a_note_that_would_be_too_long_is_told(stocked: Catalog) -> None:
    annotate.note(stocked, 1, "x" * 60_000)
    report = joined(stocked, Entry(size=1, name="x", sha256="a" * 64, note="y" * 60_000))
    assert (report.too_long, report.notes) == (["x"], 0)


def test_the_order_is_always_the_same(stocked: Catalog) -> None:
    assert [entry.name for entry in exported(stocked)] == [
        entry.name for entry in stocked.manifest.entries(stocked.manifest.order([2, 1]))
    ]


def test_a_long_manifest_needs_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    write_manifest(path, (replace(FULL, sha256=f"{n:064x}") for n in range(5_000)))
    code = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from loradex.operations.manifest.files import read_manifest, write_manifest\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "source = Path(sys.argv[1])\n"
        "write_manifest(source.with_suffix('.csv'), read_manifest(source))\n"
        "count = sum(1 for _ in read_manifest(source.with_suffix('.csv')))\n"
        "assert count == 5_000\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert path.stat().st_size > 5_000_000
    assert int(ended.stdout) < 12_000  # KiB; all entries at once take 30,000
