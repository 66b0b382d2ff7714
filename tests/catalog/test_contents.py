"""Contents, places and what hangs on them: nothing a person wrote is ever lost."""

from __future__ import annotations

import pytest

from catalog_kit import add_library, hashes, look, model, version
from loradex.catalog.catalog import Catalog
from loradex.catalog.hub_evidence import MatchFound
from loradex.domain.evidence import Evidence, Source
from loradex.domain.library import FileState
from loradex.errors import BadReference
from loradex.operations.matching import found


def test_one_content_in_two_places(catalog: Catalog) -> None:
    library = add_library(catalog)
    recorded = catalog.looks.record(
        library, [look("a.safetensors", 1), look("b.safetensors", 1)], "1"
    )
    assert (recorded.new_contents, recorded.new_places) == (1, 2)
    row = catalog.search("").rows[0]
    assert (row.copies, row.name) == (2, "a")
    assert [file.path for file in catalog.details(row.id).files] == [
        "/models/a.safetensors",
        "/models/b.safetensors",
    ]


OTHER = "Ursa_2-fullName"


@pytest.mark.parametrize("batches", [1, 2])
@pytest.mark.parametrize(
    "query",
    [
        OTHER,
        "ursa",
        "fullname",
        f"path:more/{OTHER}",
        f"name:{OTHER}",
        "path:lora_folder",
        "name:_2-f",
    ],
)
def test_a_copy_is_found_by_its_own_name(catalog: Catalog, query: str, batches: int) -> None:
    library = add_library(catalog)
    looks = [
        look("first.safetensors", 1),
        look(f"more/{OTHER}.safetensors", 1),
        look("lora_folder/pytorch_lora_weights.safetensors", 1),
        look("else.safetensors", 2),
    ]
    for some in (looks,) if batches == 1 else (looks[:1], looks[1:]):
        catalog.looks.record(library, some, "1")
    assert [row.name for row in catalog.search(query).rows] == ["first"]
    assert [catalog.resolve(name) for name in (OTHER, f"{OTHER}.safetensors")] == [1, 1]


def test_what_a_content_is_found_by_is_bounded(catalog: Catalog) -> None:
    library = add_library(catalog)
    looks = [look(f"{number:03}-{'x' * 90}.safetensors", 1) for number in range(200)]
    catalog.looks.record(library, looks, "1")
    assert [catalog.search(f"path:{number}-x").total for number in ("000", "015", "190")] == [
        1,
        1,
        0,
    ]
    assert catalog.resolve(f"190-{'x' * 90}") == 1


@pytest.mark.parametrize(
    "copy", ["a_copy", "a (1)", "Copy of x", "a - Copy (2)", "a.bak", "a-backup", "a copy 2"]
)
def test_a_copy_gives_no_name_while_the_other_is_there(catalog: Catalog, copy: str) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look(f"{copy}.safetensors", 1)], "1")
    assert catalog.search("").rows[0].name == copy
    catalog.looks.record(library, [look("z.safetensors", 1)], "1")
    assert catalog.search("").rows[0].name == "z"
    files = catalog.files.known_files(library)
    catalog.files.set_state([files[b"z.safetensors"].id], FileState.MISSING)
    assert catalog.search("").rows[0].name == copy


def test_accents_sort_alike_however_they_are_written(catalog: Catalog) -> None:
    library = add_library(catalog)
    names = ["A\u030angstro\u0308m a", "\u00c5ngstr\u00f6m b", "A\u030angstro\u0308m c"]
    catalog.looks.record(
        library, [look(f"{name}.safetensors", at + 1) for at, name in enumerate(names)], "1"
    )
    assert catalog.ids("") == [1, 2, 3]
    catalog.looks.record(library, [look("x/A\u030angstro\u0308m d.safetensors", 1)], "1")
    for form in ("A\u030angstro\u0308m", "\u00c5ngstr\u00f6m"):
        assert catalog.search(form).total == catalog.search(f"path:{form}").total == 3
        assert catalog.resolve(f"{form} b") == 2
        assert catalog.resolve(f"{form} d.safetensors") == 1


def test_contents_that_prove_equal_merge_and_lose_nothing(catalog: Catalog) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look("a.safetensors", 1), look("b.safetensors", 2)], "1")
    catalog.person.add_tags([1], ["mine", "both"])
    catalog.person.add_tags([2], ["yours", "both"])
    catalog.person.set_note(1, "first")
    catalog.person.set_note(2, "second")
    catalog.person.set_rating([1], 3)
    catalog.person.set_favourite([2], True)
    for file in catalog.files.to_hash():
        catalog.looks.record_hashes([(file, hashes("a"))])
    (row,) = catalog.search("").rows
    details = catalog.details(row.id)
    assert set(row.tags) == {"mine", "yours", "both"}
    assert details.note.split("\n\n") == ["first", "second"]
    assert (row.rating, row.favourite, row.copies) == (3, True, 2)
    assert catalog.files.to_hash() == []
    assert all(file.verified for file in details.files)
    assert catalog.search("second").total == 1


def test_the_later_word_on_a_tag_survives_a_merge(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look("a.safetensors", 1), look("b.safetensors", 2)], "1")
    now = 1_000.0
    monkeypatch.setattr("time.time", lambda: now)
    catalog.person.remove_tags([1], ["keep"])
    catalog.person.add_tags([1], ["drop"])
    now = 2_000.0
    catalog.person.add_tags([2], ["keep"])
    catalog.person.remove_tags([2], ["drop"])
    for file in catalog.files.to_hash():
        catalog.looks.record_hashes([(file, hashes("a"))])
    (row,) = catalog.search("").rows
    assert row.tags == ("keep",)


def test_a_file_that_proves_different_becomes_its_own_content(catalog: Catalog) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look("a.safetensors", 1), look("b.safetensors", 1)], "1")
    catalog.person.add_tags([1], ["mine"])
    first, second = catalog.files.to_hash()
    catalog.looks.record_hashes([(first, hashes("a"))])
    (other,) = catalog.looks.record_hashes([(second, hashes("b"))])
    assert other != 1
    rows = {row.id: row for row in catalog.search("").rows}
    assert rows[1].tags == ("mine",)
    assert rows[other].tags == ()
    assert rows[other].kind == "lora"
    assert (rows[1].path, rows[other].path) == ("/models/a.safetensors", "/models/b.safetensors")


def test_a_replaced_file_leaves_its_old_content_missing_with_all_its_facts(
    catalog: Catalog,
) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look("a.safetensors", 1)], "1")
    catalog.person.set_note(1, "keep me")
    catalog.looks.record(library, [look("a.safetensors", 2)], "1")
    rows = {row.id: row for row in catalog.search("").rows}
    assert rows[1].state == "missing"
    assert rows[2].state == "present"
    assert catalog.details(1).note == "keep me"


def test_an_unreadable_file_keeps_the_content_its_place_had(catalog: Catalog) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look("a.safetensors", 1)], "1")
    broken = look("a.safetensors", 1, problem="It cannot be read.")
    catalog.looks.record(
        library, [type(broken)(broken.found, problem="It cannot be read: Permission denied.")], "1"
    )
    row = catalog.search("").rows[0]
    assert (row.id, row.state) == (1, "unreadable")
    assert catalog.files.problems() == [
        ("/models/a.safetensors", "It cannot be read: Permission denied.")
    ]


def test_offline_is_not_missing_and_both_come_back(catalog: Catalog) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look("a.safetensors", 1), look("b.safetensors", 2)], "1")
    files = catalog.files.known_files(library)
    catalog.files.set_state([files[b"b.safetensors"].id], FileState.MISSING)
    catalog.files.set_offline(library)
    assert {row.file_name: row.state for row in catalog.search("").rows} == {
        "a.safetensors": "offline",
        "b.safetensors": "missing",
    }
    catalog.files.set_state([file.id for file in files.values()], FileState.PRESENT)
    assert catalog.search("is:present").total == 2


def test_a_forgotten_library_keeps_what_was_written(catalog: Catalog) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look("a.safetensors", 1)], "1")
    catalog.person.add_tags([1], ["mine"])
    catalog.files.remove_library(library)
    (row,) = catalog.search("tag:mine").rows
    assert row.state == "missing"


def test_names_need_not_be_unicode(catalog: Catalog) -> None:
    library = add_library(catalog)
    raw = b"loras/caf\xe9 \x1b[31m.safetensors"
    catalog.looks.record(library, [look(raw, 1)], "1")
    assert catalog.files.known_files(library).keys() == {raw}
    (todo,) = catalog.files.to_hash()
    assert todo.path == b"/models/" + raw
    assert catalog.search("caf").total == 1


def test_a_persons_word_beats_the_hubs_and_tensors_beat_a_wrong_form(catalog: Catalog) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look("neon.safetensors", 1, words=("old word",))], "1")
    catalog.person.remove_tags([1], ["night"])
    catalog.hub.record_models("civitai", [model()])
    catalog.hub.record_versions("civitai", [version()])
    catalog.hub.record_matches("civitai", [found(1, version(base="SD 1.5"), model(), "sha256")])
    row = catalog.search("").rows[0]
    assert row.name == "Neon Knight v2"
    assert row.base == "sdxl"
    assert row.tags == ("style",)
    assert row.trigger_words == ("neonkn", "glow", "old word")
    assert (row.matched, row.content_level) == (True, 1)
    base = [fact for fact in catalog.details(1).evidence if fact.field == "base"]
    assert [(fact.value, fact.source) for fact in base] == [
        ("sdxl", Source.TENSORS),
        ("sd1", Source.HUB),
    ]
    assert catalog.search("maker").total == 1  # the creator is found too


def test_a_refresh_never_replaces_something_by_nothing(catalog: Catalog) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look("neon.safetensors", 1)], "1")
    catalog.hub.record_models("civitai", [model()])
    catalog.hub.record_versions("civitai", [version()])
    catalog.hub.record_matches("civitai", [found(1, version(), model(), "sha256")])
    empty = MatchFound(1, version(), "sha256", (Evidence("name", "", Source.HUB),), (), ())
    catalog.hub.record_matches("civitai", [empty])
    catalog.hub.record_models("civitai", [model(tags=())])
    row = catalog.search("").rows[0]
    assert row.name == "Neon Knight v2"
    assert row.trigger_words == ("neonkn", "glow")
    assert row.tags == ("night", "style")
    assert catalog.hub.raw_version("civitai", 7) == "{}"


def test_misses_wait_longer_each_time(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look("neon.safetensors", 1)], "1")
    catalog.looks.record_hashes([(catalog.files.to_hash()[0], hashes("a"))])
    now = 1_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    waits = []
    for _ in range(12):
        catalog.hub.record_misses("civitai", ["a" * 64])
        assert catalog.hub.unmatched("civitai") == []
        assert len(catalog.hub.unmatched("civitai", again=True)) == 1
        start = now
        while not catalog.hub.unmatched("civitai"):
            now += 1_800
            assert now - start < 30 * 86_400
        waits.append(now - start)
    assert waits[0] == 3_600 + 1_800 or waits[0] == 3_600
    assert waits == sorted(waits)
    assert waits[-1] <= 7 * 86_400 + 3_600


@pytest.mark.parametrize(
    ("reference", "id_"),
    [
        ("2", 2),
        ("/models/loras/b.safetensors", 2),
        ("a" * 64, 1),
        ("AAAAAAAAAA", 1),
        ("https://civitai.com/models/70?modelVersionId=7", 1),
        ("urn:air:sdxl:lora:civitai:70@7", 1),
        ("civitai:70@7", 1),
        ("neon knight v2", 1),
        ("b", 2),
        ("b.safetensors", 2),
    ],
)
def test_references(catalog: Catalog, reference: str, id_: int) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look("a.safetensors", 1), look("loras/b.safetensors", 2)], "1")
    catalog.looks.record_hashes([(catalog.files.to_hash()[0], hashes("a"))])
    catalog.hub.record_models("civitai", [model()])
    catalog.hub.record_versions("civitai", [version()])
    catalog.hub.record_matches("civitai", [found(1, version(), model(), "sha256")])
    assert catalog.resolve(reference) == id_


def test_a_reference_to_nothing_or_several_says_so(catalog: Catalog) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look("x/b.safetensors", 1), look("y/b.safetensors", 2)], "1")
    with pytest.raises(BadReference, match="names 2 models"):
        catalog.resolve("b")
    with pytest.raises(BadReference, match="names no model"):
        catalog.resolve("x")
    with pytest.raises(BadReference, match="6 digits"):
        catalog.resolve("abc")
    with pytest.raises(BadReference):
        catalog.details(99)


def test_an_ambiguous_reference_says_how_many_more_there_are(catalog: Catalog) -> None:
    library = add_library(catalog)
    looks = [look(f"{number}/b.safetensors", number) for number in range(1, 10)]
    catalog.looks.record(library, looks, "1")
    with pytest.raises(BadReference, match=r"names 9 models: 1 b; 2 b; .*; … and 4 more\."):
        catalog.resolve("b")


def test_a_name_of_two_copies_names_both_models(catalog: Catalog) -> None:
    library = add_library(catalog)
    looks = [look("x/a.safetensors", 1), look("x/b.safetensors", 1)]
    looks += [look("y/c.safetensors", 2), look("y/b.ckpt", 2)]
    catalog.looks.record(library, looks, "1")
    with pytest.raises(BadReference, match="names 2 models"):
        catalog.resolve("b")


def test_bulk_edits_leave_room_for_others(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large edits are many short transactions, and still reach every model."""
    library = add_library(catalog)
    catalog.looks.record(library, [look(f"{n}.safetensors", n) for n in range(1, 51)], "1")
    monkeypatch.setattr("loradex.catalog.person_store.BULK", 20)
    monkeypatch.setattr("loradex.catalog.file_store.BULK", 20)
    opened = []
    real = catalog._writer.transaction
    monkeypatch.setattr(catalog._writer, "transaction", lambda: opened.append(1) or real())
    ids = catalog.ids("")
    for edit in (
        lambda: catalog.person.add_tags(ids, ["all"]),
        lambda: catalog.person.set_rating(ids, 4),
        lambda: catalog.files.set_offline(library),
    ):
        opened.clear()
        edit()
        assert 3 <= len(opened) <= 4
    assert catalog.search("tag:all rating:4 is:offline").total == 50
    assert not catalog.files.libraries()[0].online
