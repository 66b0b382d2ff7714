"""What is written beside models, what is left alone, and that it can be taken back."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from loradex.catalog.sidecar_journal import PlannedWrite
from loradex.domain.progress import CancelToken, SilentSink
from loradex.domain.verdicts import Verdict
from loradex.errors import BadReference, LoradexError
from loradex.operations.sidecars import exporting, files
from loradex.operations.sidecars.bounded import SidecarRefused
from loradex.operations.sidecars.exporting import export_sidecars
from loradex.operations.sidecars.files import digest_of
from loradex.operations.sidecars.undoing import UndoReport, latest_export, undo_export
from loradex.settings import Settings
from sidecars.conftest import Shelf
from sidecars.test_dialects import put
from verdict_kit import BEST, NEEDS, USABLE

ALL = ("lora-manager", "a1111", "swarm", "stability-matrix", "civitai-helper")


def undo(shelf: Shelf, number: int | None = None, *, dry_run: bool = False) -> UndoReport:
    export = latest_export(shelf.catalog) if number is None else number
    return undo_export(
        shelf.catalog, export, dry_run=dry_run, sink=SilentSink(), cancel=CancelToken()
    )


def folder(shelf: Shelf) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in shelf.root.iterdir()}


def test_a_dry_run_writes_nothing_and_shows_all(shelf: Shelf) -> None:
    shelf.model("ink.safetensors")
    before = folder(shelf)
    report, drafts = shelf.put_out(*ALL, dry_run=True)
    assert folder(shelf) == before
    assert {draft.path.rpartition(b"/")[2] for draft in drafts} == {
        b"ink.metadata.json", b"ink.json", b"ink.swarm.json", b"ink.cm-info.json",
    }  # fmt: skip
    assert (sum(report.written.values()), report.silent, report.number) == (4, 1, None)


def test_undo_brings_every_file_back_as_it_was(shelf: Shelf) -> None:
    for name in ("ink", "lantern", "plain"):
        shelf.model(f"{name}.safetensors")
    put(shelf, "lora-manager")
    shelf.write("ink.json", '{"notes":  "odd   spaces",\n"vae": 1}\n')
    before = folder(shelf)
    times = {path.name: path.stat().st_mtime_ns for path in shelf.root.iterdir()}
    report, _ = shelf.put_out(*ALL)
    assert sum(report.written.values()) > 8
    assert folder(shelf) != before
    assert undo(shelf, dry_run=True).kept == []
    assert folder(shelf) != before
    undone = undo(shelf)
    assert folder(shelf) == before
    assert {path.name: path.stat().st_mtime_ns for path in shelf.root.iterdir()} == times
    assert undone.kept == []
    with pytest.raises(LoradexError, match="No export"):
        latest_export(shelf.catalog)
    # And what it says now is what counts: it can be exported again.
    again, _ = shelf.put_out(*ALL)
    assert again.written == report.written


def test_undo_leaves_what_was_changed_since(shelf: Shelf) -> None:
    shelf.model("ink.safetensors")
    shelf.put_out("a1111", "swarm")
    shelf.write("ink.json", '{"notes": "mine now"}')
    report = undo(shelf)
    assert [problem.message for problem in report.kept] == [
        "It was changed since: it stays as it is."
    ]
    assert sorted(folder(shelf)) == ["ink.json", "ink.safetensors"]
    again = undo(shelf, 1)
    assert (again.removed, again.restored, len(again.kept)) == (0, 0, 1)


def test_an_export_that_was_cut_off_is_taken_back(shelf: Shelf) -> None:
    """Killed after the journal was written: one file is there, the other never was."""
    shelf.model("ink.safetensors")
    written, never = shelf.write("ink.json", "{}"), shelf.root / "ink.swarm.json"
    old = shelf.write("ink.txt", "old")
    number = shelf.catalog.sidecar_journal.begin(["a1111"])
    shelf.catalog.sidecar_journal.plan(
        number,
        [
            PlannedWrite(os.fsencode(written), None, None, digest_of(b"{}")),
            PlannedWrite(os.fsencode(never), None, None, digest_of(b"[]")),
            PlannedWrite(os.fsencode(old), b"old", 1, digest_of(b"new")),
        ],
    )
    report = undo(shelf)
    assert (report.removed, report.restored, report.kept) == (1, 0, [])
    assert sorted(folder(shelf)) == ["ink.safetensors", "ink.txt"]


def test_the_journal_is_written_before_the_file(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.model("ink.safetensors")
    seen: list[tuple[str, str]] = []

    def look(path: bytes, data: bytes, before: object) -> None:
        ((state, digest),) = shelf.catalog._reader.rows_of(
            "SELECT state, after_digest FROM sidecar_write WHERE raw_path = ?", (path,)
        )
        seen.append((str(state), str(digest)))
        assert digest == digest_of(data)
        assert not os.path.exists(path)  # noqa: PTH110

    monkeypatch.setattr(exporting, "put", look)
    monkeypatch.setattr(exporting, "_row", lambda *_: None)
    monkeypatch.setattr(shelf.catalog.sidecars, "record", lambda *_: None)
    shelf.put_out("swarm")
    assert [state for state, _ in seen] == ["planned"]


def test_there_is_no_such_export(shelf: Shelf) -> None:
    with pytest.raises(BadReference):
        undo(shelf, 99)


# What a person has in that tool is not lost.


def test_what_a_person_changed_there_stays_and_is_shown(shelf: Shelf) -> None:
    id_ = shelf.model("ink.safetensors")
    shelf.catalog.person.set_note(id_, "in loradex")
    shelf.write("ink.metadata.json", {"notes": "in the tool", "base_model": "Pony", "x": 1})
    report, (draft,) = shelf.put_out("lora-manager")
    assert {change.key for change in draft.woven.conflicts} == {"notes", "base_model"}
    assert report.conflicts == 2
    after = shelf.read("ink.metadata.json")
    assert (after["notes"], after["base_model"], after["x"]) == ("in the tool", "Pony", 1)
    # Neither a second export nor an import in between lets it go.
    shelf.put_out("lora-manager")
    shelf.take_in(again=True)
    shelf.put_out("lora-manager")
    assert shelf.read("ink.metadata.json")["notes"] == "in the tool"
    shelf.put_out("lora-manager", replace=True)
    after = shelf.read("ink.metadata.json")
    assert (after["notes"], after["x"]) == ("in loradex", 1)


def test_what_a_person_says_here_after_the_file_was_read_goes_there(shelf: Shelf) -> None:
    id_ = shelf.model("ink.safetensors")
    shelf.write("ink.json", {"notes": "old", "preferred weight": 0.5, "activation text": "a"})
    shelf.take_in()
    shelf.catalog.person.set_note(id_, "newer")
    shelf.catalog.preferences.set([id_], {"strength": 0.8})
    report, _ = shelf.put_out("a1111")
    after = shelf.read("ink.json")
    assert (after["notes"], after["preferred weight"], report.conflicts) == ("newer", 0.8, 0)
    # Edited there since: that is newer still, and no conflict while it says the same here.
    shelf.write("ink.json", after | {"notes": "newest"})
    report, _ = shelf.put_out("a1111")
    assert (shelf.read("ink.json")["notes"], report.conflicts) == ("newest", 0)
    shelf.catalog.person.set_note(id_, "both")
    report, _ = shelf.put_out("a1111")
    assert (shelf.read("ink.json")["notes"], report.conflicts) == ("newest", 1)


def test_what_was_taken_over_is_no_conflict(shelf: Shelf) -> None:
    shelf.model("lantern.safetensors")
    put(shelf, "lora-manager")
    shelf.take_in()
    report, drafts = shelf.put_out("lora-manager")
    assert (report.conflicts, drafts) == (0, [])


def test_tags_are_added_and_those_taken_off_here_go(shelf: Shelf) -> None:
    id_ = shelf.model("ink.safetensors")
    shelf.write("ink.metadata.json", {"tags": ["Theirs", "gone"]})
    shelf.take_in()
    shelf.catalog.person.add_tags([id_], ["ours"])
    shelf.catalog.person.remove_tags([id_], ["gone"])
    shelf.put_out("lora-manager", replace=True)
    assert shelf.read("ink.metadata.json")["tags"] == ["Theirs", "ours"]


def test_what_loradex_wrote_is_no_evidence_of_its_own(shelf: Shelf) -> None:
    id_ = shelf.model("ink.safetensors")
    shelf.catalog.person.add_tags([id_], ["mine"])
    shelf.put_out(*ALL)
    shelf.take_in()
    shelf.catalog.person.remove_tags([id_], ["mine"])
    shelf.write("ink.txt", "so that something is read")
    shelf.take_in()
    details = shelf.catalog.details(id_)
    assert details.row.tags == ()
    sources = {fact.detail for fact in details.evidence if fact.source == "sidecar"}
    assert sources == {"description (.txt): ink.txt"}


# What is left alone.


@pytest.mark.parametrize(
    ("name", "content", "tool", "reason"),
    [
        ("ink.json", '{"half', "a1111", "It is no JSON"),
        ("ink.json", "[1]", "a1111", "It is no JSON object."),
        ("ink.json", '{"modelVersions": [], "id": 1}', "a1111", "It is of SD.Next, and"),
        ("ink.json", '{"some": "config"}', "a1111", "It is of another program, and"),
        ("ink.metadata.json", json.dumps({"sha256": "ab" * 32}), "lora-manager",
         "It speaks of other bytes"),
        ("ink.metadata.json", '{"a": 1e999}', "lora-manager", "a number that JSON has no words"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_to_be_touched(
    shelf: Shelf, name: str, content: str, tool: str, reason: str
) -> None:
    shelf.model("ink.safetensors")
    path = shelf.write(name, content)
    report, _ = shelf.put_out(tool)
    (problem,) = report.refused
    assert reason in problem.message
    assert path.read_text("utf-8") == content


def test_a_file_about_other_bytes_is_written_anew_on_demand(shelf: Shelf) -> None:
    shelf.model("ink.safetensors")
    shelf.write(
        "ink.metadata.json",
        {"sha256": "ab" * 32, "civitai": {"id": 5, "modelId": 6}, "notes": "mine", "x": 1},
    )
    shelf.put_out("lora-manager", replace=True)
    after = shelf.read("ink.metadata.json")
    assert (after["notes"], after["x"], after["civitai"]) == ("mine", 1, None)
    assert after["sha256"] == shelf.sha256("ink.safetensors")


def test_a_link_is_not_written_through(shelf: Shelf, tmp_path: Path) -> None:
    shelf.model("ink.safetensors")
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text('{"notes": "mine"}', "utf-8")
    (shelf.root / "ink.json").symlink_to(elsewhere)
    report, _ = shelf.put_out("a1111")
    assert [problem.message for problem in report.refused] == [
        "It is a link: links are not written through."
    ]
    assert elsewhere.read_text("utf-8") == '{"notes": "mine"}'


def test_models_of_one_stem_are_kept_apart(shelf: Shelf) -> None:
    shelf.model("foo.safetensors")
    shelf.model("foo.sft")
    shelf.write("foo.metadata.json", {"sha256": shelf.sha256("foo.sft")})
    report, _ = shelf.put_out("lora-manager", "swarm")
    assert sorted(folder(shelf)) == ["foo.metadata.json", "foo.safetensors", "foo.sft"]
    # The file that says it is of the one model is written for that one.
    assert shelf.read("foo.metadata.json")["file_path"] == str(shelf.root / "foo.sft")
    assert {problem.message for problem in report.refused} == {
        "foo.safetensors and foo.sft would share it, and ComfyUI-Lora-Manager could not tell which"
        " of them it means.",
        "foo.safetensors and foo.sft would share it, and SwarmUI could not tell which of them it"
        " means.",
    }


def test_kinds_that_a_tool_does_not_list_get_no_file(shelf: Shelf) -> None:
    shelf.model("a.safetensors", kind="vae")
    report, _ = shelf.put_out("lora-manager")
    assert (report.silent, sorted(folder(shelf))) == (1, ["a.safetensors"])


def test_half_a_record_of_the_hub_is_not_passed_off_as_the_whole(shelf: Shelf) -> None:
    shelf.model("lantern.safetensors")
    put(shelf, "stability-matrix")
    shelf.take_in()
    report, _ = shelf.put_out("civitai-helper")
    assert (report.silent, sum(report.written.values())) == (1, 0)


def test_the_model_file_is_never_written(shelf: Shelf) -> None:
    shelf.model("lantern.safetensors")
    put(shelf, "lora-manager")
    model = shelf.root / "lantern.safetensors"
    before, info = model.read_bytes(), model.stat()
    shelf.take_in()
    shelf.put_out(*ALL, replace=True)
    assert model.read_bytes() == before
    assert (model.stat().st_mtime_ns, model.stat().st_ino) == (info.st_mtime_ns, info.st_ino)


def test_a_file_whose_suffix_is_in_capitals_is_not_doubled(shelf: Shelf) -> None:
    shelf.model("ink.safetensors")
    shelf.write("ink.Metadata.JSON", {"x": 1})
    shelf.put_out("lora-manager")
    assert sorted(folder(shelf)) == ["ink.Metadata.JSON", "ink.safetensors"]
    assert shelf.read("ink.Metadata.JSON")["x"] == 1


# Bytes land whole or not at all.


def test_a_file_that_changed_after_it_was_looked_at_is_not_written(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path / "a.json")
    (tmp_path / "a.json").write_bytes(b"one")
    before = files.read_file(path)
    (tmp_path / "a.json").write_bytes(b"two")
    with pytest.raises(SidecarRefused, match="changed meanwhile"):
        files.put(path, b"ours", before)
    assert os.listdir(tmp_path) == ["a.json"]
    assert (tmp_path / "a.json").read_bytes() == b"two"


def test_a_name_that_was_taken_meanwhile_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"theirs")
    with pytest.raises(SidecarRefused, match="changed meanwhile"):
        files.put(os.fsencode(tmp_path / "a.json"), b"ours", None)
    assert (tmp_path / "a.json").read_bytes() == b"theirs"


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def fail(_descriptor: int, _data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "write", fail)
    yield
    monkeypatch.undo()


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"old")
    path = os.fsencode(tmp_path / "a.json")
    with pytest.raises(SidecarRefused, match="No space left"):
        files.put(path, b"new", files.read_file(path))
    assert os.listdir(tmp_path) == ["a.json"]
    assert (tmp_path / "a.json").read_bytes() == b"old"


def test_old_drafts_of_a_killed_program_are_swept_and_nothing_else(shelf: Shelf) -> None:
    shelf.model("ink.safetensors")
    drafts = [".loradex-sidecar-0123.part", ".loradex-0123.part", ".loradex-sidecar-new.part"]
    for name in drafts:
        path = shelf.write(name, "half")
        if "new" not in name:
            os.utime(path, (1, 1))
    shelf.put_out("swarm")
    assert [name for name in drafts if (shelf.root / name).exists()] == drafts[1:]


def test_a_folder_that_cannot_be_written_is_told_and_the_rest_goes_on(shelf: Shelf) -> None:
    shelf.model("a/ink.safetensors")
    shelf.model("b/ink.safetensors")
    (shelf.root / "a").chmod(0o500)
    try:
        if os.access(shelf.root / "a", os.W_OK):
            pytest.skip("this user may write everywhere")
        report, _ = shelf.put_out("swarm")
    finally:
        (shelf.root / "a").chmod(0o700)
    assert len(report.refused) == 1
    assert (shelf.root / "b" / "ink.swarm.json").exists()


def test_the_files_mode_stays(shelf: Shelf) -> None:
    shelf.model("ink.safetensors")
    path = shelf.write("ink.json", {"notes": "x"})
    path.chmod(0o640)
    shelf.put_out("a1111")
    assert path.stat().st_mode & 0o777 == 0o640


# Previews.


def picture(colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


def previews(shelf: Shelf) -> exporting.ExportReport:
    ids = sorted({place.content_id for place in shelf.catalog.sidecars.places()})
    report, _ = export_sidecars(
        shelf.catalog, [shelf.dialect("lora-manager")], shelf.dialects, ids,
        settings=Settings(offline=True), sink=SilentSink(), cancel=CancelToken(),
    )  # fmt: skip
    return report


def swarm_with(data: bytes) -> dict[str, str]:
    encoded = base64.b64encode(data).decode()
    return {"modelspec.preview_image": f"data:image/png;base64,{encoded}"}


def test_a_picture_inside_a_sidecar_becomes_a_preview(shelf: Shelf) -> None:
    shelf.model("ink.safetensors")
    shelf.write("ink.swarm.json", swarm_with(picture()))
    shelf.take_in()
    assert previews(shelf).written["previews"] == 1
    preview = shelf.root / "ink.preview.png"
    with Image.open(preview) as image:
        assert (image.format, image.size) == ("PNG", (8, 8))
    # The text tells where it is, and undoing takes both away.
    assert shelf.read("ink.metadata.json")["preview_url"] == str(preview)
    undo(shelf)
    assert sorted(folder(shelf)) == ["ink.safetensors", "ink.swarm.json"]


def test_the_preview_that_a_tool_has_chosen_stays(shelf: Shelf) -> None:
    shelf.model("ink.safetensors")
    shelf.write("ink.preview.png", picture())
    shelf.write("ink.webp", picture())
    chosen = str(shelf.root / "ink.webp")
    shelf.write("ink.metadata.json", {"preview_url": chosen})
    shelf.put_out("lora-manager")
    assert shelf.read("ink.metadata.json")["preview_url"] == chosen
    # One that was left behind when the model moved does not.
    shelf.write("ink.metadata.json", {"preview_url": "/elsewhere/ink.webp"})
    shelf.put_out("lora-manager")
    found = shelf.read("ink.metadata.json")["preview_url"]
    assert found == str(shelf.root / "ink.preview.png")


@pytest.mark.parametrize("name", ["ink.png", "ink.preview.webp", "ink.JPG", "ink.preview.mp4"])
def test_a_preview_that_is_there_stays_the_only_one(shelf: Shelf, name: str) -> None:
    shelf.model("ink.safetensors")
    shelf.write("ink.swarm.json", swarm_with(picture()))
    shelf.write(name, b"anything")
    shelf.take_in()
    assert previews(shelf).written["previews"] == 0


@pytest.mark.parametrize("data", [b"<svg/>", b"%PDF-1.4", b"8BPS", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_not_written_as_one(shelf: Shelf, data: bytes) -> None:
    shelf.model("ink.safetensors")
    shelf.write("ink.swarm.json", swarm_with(data))
    shelf.take_in()
    assert previews(shelf).written["previews"] == 0
    assert not (shelf.root / "ink.preview.png").exists()


def test_measured_strengths_stand_below_a_persons_own(shelf: Shelf) -> None:
    id_ = shelf.model("ink.safetensors")
    shelf.catalog.verdicts.record(Verdict(id_, (NEEDS, USABLE, BEST)))
    shelf.put_out("a1111", "lora-manager")
    assert (shelf.read("ink.json")["preferred weight"], shelf.read("ink.json")["notes"]) == (
        0.8,
        "",
    )
    tips = json.loads(str(shelf.read("ink.metadata.json")["usage_tips"]))
    assert (tips["strength"], tips["strength_min"], tips["strength_max"]) == (0.8, 0.4, 1.1)
    shelf.catalog.preferences.set([id_], {"strength": 0.6})
    shelf.put_out("a1111")
    assert shelf.read("ink.json")["preferred weight"] == 0.6


def test_notes_tell_verdicts_only_when_asked(shelf: Shelf) -> None:
    id_ = shelf.model("ink.safetensors")
    shelf.catalog.person.set_note(id_, "mine")
    shelf.catalog.verdicts.record(
        Verdict(id_, (NEEDS, BEST), checkpoint="base", created_at=1_700_000_000.0)
    )
    shelf.put_out("a1111")
    assert shelf.read("ink.json")["notes"] == "mine"
    shelf.put_out("a1111", with_verdicts=True)
    told = "mine\n\nloradex: needs its trigger ohwx · best 0.8 (probed on base, 2023-11-1"
    assert str(shelf.read("ink.json")["notes"]).startswith(told)
    shelf.catalog.person.set_note(id_, "")
    shelf.catalog.verdicts.clear([id_])
    shelf.take_in()
    assert shelf.catalog.details(id_).note == "", "what loradex wrote itself is no evidence"
