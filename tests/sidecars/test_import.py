"""What is believed of sidecars, what they may change, and what never."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from loradex.domain.evidence import Source
from loradex.domain.hub import HubModel, HubVersion
from loradex.domain.progress import CancelToken, Progress, SilentSink
from loradex.errors import Cancelled
from loradex.hub.translate import Translator
from loradex.operations.matching import found
from loradex.operations.sidecars import reading
from loradex.operations.sidecars.bounded import MOST_BYTES
from loradex.operations.sidecars.importing import import_sidecars
from loradex.operations.sidecars.taking import offers, take
from sidecars.conftest import Shelf
from sidecars.samples import lora_manager, version
from sidecars.test_dialects import bytes_of, put

OTHER = "ab" * 32


def test_of_several_dialects_the_best_one_counts(shelf: Shelf) -> None:
    id_ = shelf.model("lantern.safetensors")
    put(shelf, "civitai-helper")
    shelf.write("lantern.swarm.json", {"modelspec.title": "Swarm's", "modelspec.tags": ["more"]})
    shelf.write("lantern.txt", "Only the text has a description.")
    shelf.take_in()
    details = shelf.catalog.details(id_)
    assert details.row.name == "Paper Lantern v2.0"
    assert set(details.row.tags) == {"style", "lantern", "more"}
    assert shelf.fact(id_, "description") == ("Only the text has a description.", "sidecar")
    detail = next(f.detail for f in details.evidence if f.field == "name")
    assert detail == "CivitAI Helper: lantern.civitai.info"


def test_one_that_names_the_digest_goes_before_a_better_dialect_that_names_none(
    shelf: Shelf,
) -> None:
    id_ = shelf.model("ink.safetensors")
    shelf.write("ink.civitai.info", {"id": 1, "modelId": 2, "name": "v1", "model": {"name": "A"}})
    shelf.write("ink.metadata.json", {"sha256": shelf.sha256("ink.safetensors"), "model_name": "B"})
    shelf.take_in()
    assert shelf.fact(id_, "name") == ("B", "sidecar")


def test_a_sidecar_of_other_bytes_is_told_and_only_what_a_person_wrote_there_is_believed(
    shelf: Shelf,
) -> None:
    id_ = shelf.model("ink.safetensors")
    shelf.write(
        "ink.metadata.json",
        {
            "sha256": OTHER, "model_name": "Another", "base_model": "Pony", "tags": ["x"],
            "notes": "my own", "favorite": True, "usage_tips": '{"strength": 0.3}',
            "civitai": {"id": 5, "modelId": 6, "trainedWords": ["wrong"]},
        },
    )  # fmt: skip
    report = shelf.take_in()
    assert [Path(problem.item).name for problem in report.stale] == ["ink.metadata.json"]
    details = shelf.catalog.details(id_)
    facts = {(f.field, f.value) for f in details.evidence if f.source is Source.SIDECAR}
    assert facts == {("note", "my own"), ("favourite", "yes")}
    assert (details.match, details.row.tags, details.row.trigger_words) == (None, (), ())


@pytest.mark.parametrize(
    ("document", "state"),
    [
        ({"sha256": "own"}, "known"),
        ({"sha256": "OWN"}, "known"),
        ({"sha256": OTHER}, "stale"),
        ({"sha256": OTHER, "autov3": "own"}, "known"),  # a header that was rewritten
        ({"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
         "unproven"),  # the digest of nothing
        ({"sha256": "nonsense"}, "unproven"),
        ({"size": 1}, "stale"),
        ({"size": 1, "sha256": "own"}, "known"),
        ({}, "unproven"),
    ],
)  # fmt: skip
def test_which_bytes_a_sidecar_speaks_of(
    shelf: Shelf, document: dict[str, object], state: str
) -> None:
    shelf.model("ink.safetensors")
    own = bytes_of(shelf.root / "ink.safetensors")
    for key, value in (("sha256", own.sha256), ("autov3", own.autov3)):
        if str(document.get(key)).lower() == "own":
            document = document | {key: value.upper() if document[key] == "OWN" else value}
    shelf.write("ink.metadata.json", {"model_name": "Ink", **document})
    assert dict(shelf.take_in().states) == {state: 1}


def test_once_the_file_is_hashed_its_sidecar_is_judged_anew(shelf: Shelf) -> None:
    id_ = shelf.model("ink.safetensors", hashed=False)
    shelf.write("ink.metadata.json", {"sha256": OTHER, "model_name": "Another", "tags": ["x"]})
    assert dict(shelf.take_in().states) == {"unproven": 1}
    assert shelf.fact(id_, "name") == ("Another", "sidecar")
    shelf.hash("ink.safetensors")
    assert dict(shelf.take_in().states) == {"stale": 1}
    assert shelf.fact(id_, "name") is None
    assert shelf.catalog.details(id_).row.tags == ()


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("ink.civitai.info", {}),
        ("ink.civitai.info", {"error": "Model not found"}),
        ("ink.json", {"modelId": "Model not found", "modelVersionId": "Model not found"}),
    ],
)
def test_what_was_not_on_the_hub_says_nothing_of_the_model(
    shelf: Shelf, name: str, document: object
) -> None:
    id_ = shelf.model("ink.safetensors")
    shelf.write(name, document)
    report = shelf.take_in()
    assert dict(report.states) == {"miss": 1}
    assert shelf.catalog.details(id_).match is None
    assert [item.content_id for item in shelf.catalog.hub.unmatched("civitai")] == [id_]


def _deep(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"half', "It is no JSON"),
        (b"", "It is no JSON"),
        (b"\x00\xff\xfe", "It is no JSON"),
        (_deep(70).encode(), "nested too deep"),
        (_deep(100_000).encode(), "nested too deep"),
        (b'{"a": ' + b"1" * 5000 + b"}", "It is no JSON"),
        (b" " * (MOST_BYTES + 1), "more than 8 MiB"),
    ],
)
def test_a_hostile_file_is_refused_and_stops_nothing(
    shelf: Shelf, data: bytes, reason: str
) -> None:
    shelf.model("a.safetensors")
    id_ = shelf.model("b.safetensors")
    shelf.write("a.metadata.json", data)
    shelf.write("b.txt", "good")
    report = shelf.take_in()
    (problem,) = report.refused
    assert reason in problem.message
    assert shelf.fact(id_, "description") == ("good", "sidecar")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"activation text": "w", "notes": "\\u001b]0;owned\\u0007"}', "\x1b]0;owned\x07"),
        ('{"activation text": "w", "notes": "\\ud800"}', "\\ud800"),
        ('\ufeff{"activation text": "w", "notes": "bom"}', "bom"),
        ('{"activation text": "w", "notes": "one", "preferred weight": NaN}', "one"),
        ('{"activation text": "w", "notes": "a", "notes": "last"}', "last"),
    ],
)
def test_odd_json_is_read_as_far_as_it_goes(shelf: Shelf, text: str, shown: str) -> None:
    id_ = shelf.model("a.safetensors")
    shelf.write("a.json", text.encode("utf-8"))
    shelf.take_in()
    assert shelf.fact(id_, "note") == (shown, "sidecar")


def test_utf16_is_read(shelf: Shelf) -> None:
    id_ = shelf.model("a.safetensors")
    shelf.write("a.json", '{"notes": "é"}'.encode("utf-16"))
    shelf.take_in()
    assert shelf.fact(id_, "note") == ("é", "sidecar")


def test_html_becomes_plain_text(shelf: Shelf) -> None:
    id_ = shelf.model("a.safetensors")
    shelf.write("a.txt", "<p>One <b>two</b></p><script>alert(1)</script><p>three</p>")
    shelf.take_in()
    assert shelf.fact(id_, "description") == ("One two\n\nthree", "sidecar")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_not_waited_for(shelf: Shelf) -> None:
    shelf.model("a.safetensors")
    os.mkfifo(shelf.root / "a.txt")
    (problem,) = shelf.take_in().refused
    assert problem.message == "It is no plain file."


def test_what_did_not_change_is_not_opened_again(shelf: Shelf) -> None:
    id_ = shelf.model("a.safetensors")
    path = shelf.write("a.txt", "one")
    assert shelf.take_in().unchanged == 0
    assert shelf.take_in().unchanged == 1
    path.write_text("other", "utf-8")
    report = shelf.take_in()
    assert (report.unchanged, dict(report.read)) == (0, {"text": 1})
    assert shelf.fact(id_, "description") == ("other", "sidecar")


def test_a_sidecar_that_is_gone_takes_nothing_along(shelf: Shelf) -> None:
    id_ = shelf.model("a.safetensors")
    path = shelf.write("a.json", {"activation text": "word", "description": "kept"})
    shelf.take_in()
    path.unlink()
    shelf.take_in()
    assert shelf.fact(id_, "description") == ("kept", "sidecar")
    assert shelf.catalog.details(id_).row.trigger_words == ("word",)


def test_what_a_person_took_off_in_the_tool_is_gone(shelf: Shelf) -> None:
    id_ = shelf.model("a.safetensors")
    shelf.write("a.json", {"activation text": "word", "preferred weight": 0.5, "notes": "n"})
    shelf.take_in()
    shelf.write("a.json", {"activation text": "word", "preferred weight": 0, "notes": "", "x": 1})
    shelf.take_in()
    assert shelf.fact(id_, "note") is None
    assert shelf.catalog.details(id_).preferences.effective.strength is None


def test_a_run_that_is_stopped_goes_on_where_it_was(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH", 2)
    for number in range(6):
        shelf.model(f"m{number}.safetensors")
        shelf.write(f"m{number}.txt", f"text {number}")
    cancel = CancelToken()

    class Stopping(SilentSink):
        def progress(self, event: Progress) -> None:
            if event.done >= 4:
                cancel.cancel()

    with pytest.raises(Cancelled):
        import_sidecars(shelf.catalog, shelf.dialects, sink=Stopping(), cancel=cancel)
    report = shelf.take_in()
    assert (report.unchanged, dict(report.read)) == (4, {"text": 2})


def test_a_sidecar_that_moved_with_its_model_says_what_it_says_now(shelf: Shelf) -> None:
    id_ = shelf.model("old/ink.safetensors")
    shelf.write("old/ink.metadata.json", {"tags": ["one", "two"]})
    shelf.take_in()
    (shelf.root / "new").mkdir()
    (shelf.root / "old" / "ink.safetensors").rename(shelf.root / "new" / "ink.safetensors")
    (shelf.root / "old" / "ink.metadata.json").unlink()
    shelf.write("new/ink.metadata.json", {"tags": ["one"]})
    with shelf.catalog._writer.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE file SET path = 'new/ink.safetensors', raw_path = ?",
            (b"new/ink.safetensors",),
        )
    shelf.take_in()
    assert shelf.catalog.details(id_).row.tags == ("one",)
    assert len(shelf.catalog.sidecars.known()) == 1


def test_only_one_tools_files_are_read_when_asked(shelf: Shelf) -> None:
    id_ = shelf.model("ink.safetensors")
    shelf.write("ink.json", {"modelVersions": [], "id": 5, "name": "SD.Next's"})
    shelf.write("ink.txt", "text")
    report = import_sidecars(
        shelf.catalog, shelf.dialects, only=["a1111"], sink=SilentSink(), cancel=CancelToken()
    )
    assert (report.seen, dict(report.read)) == (1, {})
    # What was passed over is read when it is asked for.
    assert dict(shelf.take_in().read) == {"sdnext": 1, "text": 1}
    assert shelf.fact(id_, "name") == ("SD.Next's", "sidecar")


# What a person and the hub said stays.


def test_a_person_and_the_hub_go_before_a_sidecar(shelf: Shelf) -> None:
    id_ = shelf.model("lantern.safetensors")
    shelf.tell(id_, "name", "Hub's name", Source.HUB)
    shelf.tell(id_, "creator", "Mine", Source.PERSON)
    shelf.catalog.person.remove_tags([id_], ["style"])
    put(shelf, "lora-manager")
    shelf.take_in()
    assert shelf.fact(id_, "name") == ("Hub's name", "hub")
    assert shelf.fact(id_, "creator") == ("Mine", "person")
    assert shelf.catalog.details(id_).row.tags == ("lantern",)
    details = shelf.catalog.details(id_)
    assert (details.note, details.row.favourite) == ("", False)


def test_notes_and_favourites_become_a_persons_own_only_when_asked_and_only_once(
    shelf: Shelf,
) -> None:
    mine, other = shelf.model("a.safetensors"), shelf.model("b.safetensors")
    shelf.catalog.person.set_note(mine, "I have one")
    for name in ("a", "b"):
        shelf.write(f"{name}.metadata.json", {"notes": "from there", "favorite": True})
    shelf.take_in()
    found_ = offers(shelf.catalog, shelf.dialects, [mine, other])
    assert {(o.content_id, o.note, o.favourite) for o in found_} == {
        (mine, "", True),
        (other, "from there", True),
    }
    take(shelf.catalog, found_)
    assert shelf.catalog.details(mine).note == "I have one"
    assert shelf.catalog.details(other).note == "from there"
    assert shelf.catalog.details(other).row.favourite
    # Taken off here since: it does not come back.
    shelf.catalog.person.set_note(other, "")
    shelf.take_in(again=True)
    assert offers(shelf.catalog, shelf.dialects, [mine, other]) == []
    shelf.write("b.metadata.json", {"notes": "a new one", "favorite": True})
    shelf.take_in()
    assert [o.note for o in offers(shelf.catalog, shelf.dialects, [other])] == ["a new one"]


def test_a_note_and_a_favourite_may_come_from_two_tools(shelf: Shelf) -> None:
    id_ = shelf.model("a.safetensors")
    shelf.write("a.metadata.json", {"favorite": True})
    shelf.write("a.json", {"notes": "from A1111"})
    shelf.write("a.swarm.json", {"modelspec.usage_hint": "Swarm's, which ranks higher"})
    shelf.take_in()
    take(shelf.catalog, offers(shelf.catalog, shelf.dialects, [id_]))
    details = shelf.catalog.details(id_)
    assert (details.note, details.row.favourite) == ("Swarm's, which ranks higher", True)


# The hub's pages.


def _from_hub(shelf: Shelf, name: str, number: int) -> tuple[HubModel, HubVersion]:
    import httpx  # noqa: PLC0415

    from loradex.hub.links import Links  # noqa: PLC0415

    translate = Translator(Links(httpx.URL("https://civitai.com")))
    document = version(bytes_of(shelf.root / name)) | {"id": number, "name": "from the hub"}
    model = {"id": 900101, "name": "The hub's", "type": "LORA", "modelVersions": [document]}
    return translate.model(model), translate.version(document)


def test_the_hubs_own_match_takes_a_sidecars_place_and_keeps_it(shelf: Shelf) -> None:
    id_ = shelf.model("lantern.safetensors")
    put(shelf, "civitai-helper")
    shelf.take_in()
    assert [item.content_id for item in shelf.catalog.hub.unmatched("civitai")] == [id_]
    model, told = _from_hub(shelf, "lantern.safetensors", 910200)
    shelf.catalog.hub.record_models("civitai", [model])
    shelf.catalog.hub.record_versions("civitai", [told])
    shelf.catalog.hub.record_matches("civitai", [found(id_, told, model, "sha256")])
    assert shelf.catalog.hub.unmatched("civitai") == []
    shelf.take_in(again=True)
    match = shelf.catalog.details(id_).match
    assert match is not None
    assert (match.version_id, match.matched_by, match.model_name) == (910200, "sha256", "The hub's")


@pytest.mark.parametrize(("named", "asked"), [("own", {900101}), (None, set())])
def test_a_refresh_asks_for_pages_of_the_files_own_bytes_only(
    shelf: Shelf, named: str | None, asked: set[int]
) -> None:
    shelf.model("lantern.safetensors")
    digest = {"sha256": shelf.sha256("lantern.safetensors")} if named else {}
    told = {"id": 910102, "modelId": 900101, "name": "v2.0", "model": {"name": "Lantern"}}
    shelf.write("lantern.metadata.json", {"model_name": "Lantern", "civitai": told, **digest})
    shelf.take_in()
    assert set(shelf.catalog.hub.matches("civitai")) == asked


def test_what_the_hub_said_of_a_version_is_not_made_older_by_a_sidecar(shelf: Shelf) -> None:
    id_ = shelf.model("lantern.safetensors")
    model, told = _from_hub(shelf, "lantern.safetensors", 910102)
    shelf.catalog.hub.record_models("civitai", [model])
    shelf.catalog.hub.record_versions("civitai", [told])
    put(shelf, "civitai-helper")
    shelf.take_in()
    match = shelf.catalog.details(id_).match
    assert match is not None
    assert (match.model_name, match.version_name) == ("The hub's", "from the hub")
    assert match.matched_by == "sidecar"


def test_a_newer_sidecar_renews_what_only_sidecars_told(shelf: Shelf) -> None:
    id_ = shelf.model("lantern.safetensors")
    path = put(shelf, "civitai-helper")
    shelf.take_in()
    shelf.write(path.name, json.loads(path.read_text("utf-8")) | {"name": "renamed"})
    shelf.take_in()
    match = shelf.catalog.details(id_).match
    assert match is not None
    assert match.version_name == "renamed"


def test_of_a_whole_model_the_version_with_these_bytes_is_meant(shelf: Shelf) -> None:
    id_ = shelf.model("lantern.safetensors")
    put(shelf, "sdnext")
    shelf.take_in()
    match = shelf.catalog.details(id_).match
    assert match is not None
    assert (match.version_id, match.version_name) == (910102, "v2.0")


def test_pictures_and_files_of_the_page_are_known(shelf: Shelf) -> None:
    id_ = shelf.model("lantern.safetensors")
    put(shelf, "civitai-helper")
    shelf.take_in()
    assert len(shelf.catalog.known.images_of(id_)) == 1
    known = shelf.catalog.known.models("civitai", [900101])[900101]
    assert known.model.versions[0].files[0].sha256 == shelf.sha256("lantern.safetensors")
    assert known.model.description is not None


def test_a_batch_is_one_transaction(shelf: Shelf) -> None:
    """Rows and what follows from them are kept together, or not at all."""
    shelf.model("lantern.safetensors")
    sample = lora_manager(bytes_of(shelf.root / "lantern.safetensors"))
    shelf.write("lantern.metadata.json", sample)
    counted = 0
    transaction = shelf.catalog._writer.transaction

    def counting():  # type: ignore[no-untyped-def]
        nonlocal counted
        counted += 1
        return transaction()

    shelf.catalog._writer.transaction = counting  # type: ignore[method-assign]
    shelf.take_in()
    assert counted == 1


def test_a_page_that_the_tool_found_deleted_is_known_to_be_gone(shelf: Shelf) -> None:
    id_ = shelf.model("lantern.safetensors")
    sample = lora_manager(bytes_of(shelf.root / "lantern.safetensors"))
    shelf.write("lantern.metadata.json", sample | {"civitai_deleted": True})
    shelf.take_in()
    match = shelf.catalog.details(id_).match
    assert match is not None
    assert match.gone_at is not None
    shelf.put_out("lora-manager")
    assert shelf.read("lantern.metadata.json")["civitai_deleted"] is True


def test_no_sidecar_makes_loradex_call_anybody_but_the_hub(shelf: Shelf) -> None:
    id_ = shelf.model("lantern.safetensors")
    record = version(bytes_of(shelf.root / "lantern.safetensors"))
    images = [
        {"url": "https://elsewhere.example/spy.png", "nsfwLevel": 1, "type": "image"},
        {"url": "https://image.civitai.com.example/spy.png", "nsfwLevel": 1, "type": "image"},
        {"url": "http://image.civitai.com/x/1.jpeg", "nsfwLevel": 1, "type": "image"},
        {"url": "https://image.civitai.com/x/original=true/1.jpeg", "nsfwLevel": 1},
    ]
    shelf.write("lantern.civitai.info", record | {"images": images})
    shelf.take_in()
    (image,) = shelf.catalog.known.images_of(id_)
    assert image.url == "https://image.civitai.com/x/original=true/1.jpeg"


def test_what_only_a_sidecar_says_is_no_reason_to_throw_a_file_away(shelf: Shelf) -> None:
    """Its page may be long gone: nobody has asked the hub."""
    id_ = shelf.model("lantern.safetensors")
    put(shelf, "civitai-helper")
    shelf.take_in()
    assert shelf.catalog.tidying.offers([id_]) == {}
    model, told = _from_hub(shelf, "lantern.safetensors", 910102)
    shelf.catalog.hub.record_models("civitai", [model])
    shelf.catalog.hub.record_versions("civitai", [told])
    shelf.catalog.hub.record_matches("civitai", [found(id_, told, model, "sha256")])
    assert len(shelf.catalog.tidying.offers([id_])[id_]) == 1
