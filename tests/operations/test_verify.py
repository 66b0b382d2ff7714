"""Verification: what rots is found and marked, what is good again is healed, nothing is lost."""

from __future__ import annotations

import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog_kit import model, version
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken, Problem, Progress, SilentSink
from loradex.errors import Cancelled, UsageError
from loradex.formats.hashing import read_in_full
from loradex.operations import annotate
from loradex.operations.hash_pass import hash_pass
from loradex.operations.lease import READING
from loradex.operations.libraries import add_library
from loradex.operations.matching import found
from loradex.operations.scan import scan
from loradex.operations.verify import Portion, VerifyReport, verify
from loradex.operations.verify_selection import files_to_verify

HUB = "https://hub.example"
EVERYTHING = Portion()


@pytest.fixture
def models(tmp_path: Path, catalog: Catalog) -> Path:
    """Four LoRAs, scanned and hashed."""
    root = tmp_path / "models"
    for number in range(4):
        lora(root / "loras" / f"{number}.safetensors", seed=number)
    add_library(catalog, root, name="main")
    indexed(catalog)
    return root


def indexed(catalog: Catalog) -> None:
    libraries = catalog.files.libraries()
    scan(catalog, libraries, workers=1, sink=SilentSink(), cancel=CancelToken())
    hash_pass(catalog, sink=SilentSink(), cancel=CancelToken())


def verified(
    catalog: Catalog, *terms: str, portion: Portion = EVERYTHING, older_than: float | None = None
) -> VerifyReport:
    return verify(
        catalog,
        files_to_verify(catalog, terms, older_than=older_than).due,
        portion=portion,
        hub_url=HUB,
        sink=SilentSink(),
        cancel=CancelToken(),
    )


def quietly(path: Path, change: Callable[[Path], object]) -> None:
    """Change a file under its old time."""
    before = path.stat()
    change(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flip(path: Path, place: int = -100) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    with path.open("r+b") as file:
        file.write(data)


def test_good_files_are_remembered_and_come_last(catalog: Catalog, models: Path) -> None:
    report = verified(catalog)
    assert (report.files, report.findings, report.left) == (4, [], 0)
    assert report.nbytes == sum(path.stat().st_size for path in models.glob("*/*"))
    assert verified(catalog, older_than=3600).files == 0
    size = (models / "loras" / "0.safetensors").stat().st_size
    reached: list[bytes] = []
    for _ in range(4):
        due = catalog.verification.due()
        reached.append(due[0].path)
        report = verified(catalog, portion=Portion(nbytes=size))
        assert (report.files, report.left) == (1, 3)
    assert len(set(reached)) == 4


def test_rot_is_found_marked_and_healed(catalog: Catalog, models: Path) -> None:
    path = models / "loras" / "1.safetensors"
    good = path.read_bytes()
    id_ = catalog.resolve("1.safetensors")
    annotate.note(catalog, id_, "mine")
    digest = catalog.rows([id_])[0].sha256
    quietly(path, flip)
    report = verified(catalog)
    (finding,) = report.findings
    assert (finding.kind.value, finding.path, finding.marked) == ("rotten", str(path), True)
    assert "backup" in finding.hint
    assert report.files == 3
    assert [place for place, _ in catalog.files.problems()] == [str(path)]
    (row,) = catalog.search("is:broken").rows
    assert (row.id, row.sha256) == (id_, digest)
    assert catalog.details(id_).note == "mine"
    # A daily portion is not spent on what is known; a full one tells it again.
    assert verified(catalog, portion=Portion(seconds=60)).findings == []
    assert len(verified(catalog).findings) == 1
    path.write_bytes(good)
    report = verified(catalog)
    assert (report.findings, report.healed, report.files) == ([], 1, 4)
    assert catalog.files.problems() == []
    row = catalog.rows([id_])[0]
    assert (row.state, row.sha256) == ("present", digest)
    indexed(catalog)
    assert catalog.search("").total == 4


def test_rot_is_not_hidden_by_what_memory_holds(catalog: Catalog, models: Path) -> None:
    """The page cache has the good bytes: the second look must come from the disk as well."""
    path = models / "loras" / "1.safetensors"
    path.read_bytes()
    quietly(path, lambda at: flip(at, -1))
    assert [finding.kind.value for finding in verified(catalog).findings] == ["rotten"]


def test_good_bytes_are_healed_by_a_scan_too(catalog: Catalog, models: Path) -> None:
    path = models / "loras" / "1.safetensors"
    good = path.read_bytes()
    quietly(path, flip)
    verified(catalog)
    path.write_bytes(good)
    indexed(catalog)
    assert catalog.files.problems() == []
    assert catalog.search("is:present").total == 4


@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("place", [-100, 70_000])
def test_no_look_at_a_header_takes_a_finding_away(
    catalog: Catalog, models: Path, away: bool, place: int
) -> None:
    """Whether the rot lies where a fingerprint looks or not."""
    path = lora(models / "loras" / "large.safetensors", rank=64, seed=1)
    indexed(catalog)
    id_ = catalog.resolve("large.safetensors")
    quietly(path, lambda at: flip(at, place))
    verified(catalog)
    before = catalog.files.problems()
    if away:
        models.rename(models.with_name("unplugged"))
        indexed(catalog)
        models.with_name("unplugged").rename(models)
    libraries = catalog.files.libraries()
    for everything in (False, True):
        scan(
            catalog,
            libraries,
            workers=1,
            sink=SilentSink(),
            cancel=CancelToken(),
            everything=everything,
        )
        assert catalog.files.problems() == before
        assert catalog.resolve("large.safetensors") == id_
    path.unlink()  # a real change
    lora(path, rank=64, seed=1)
    indexed(catalog)
    assert (catalog.files.problems(), catalog.resolve("large.safetensors")) == ([], id_)
    assert verified(catalog).findings == []


def test_who_can_open_a_file_again_disproves_that_it_is_closed(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refusing(path: os.PathLike[str] | str, *rest: int, **more: int | None) -> int:
        if os.fspath(path).endswith("1.safetensors"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", refusing)
    assert [finding.kind.value for finding in verified(catalog).findings] == ["unreadable"]
    assert len(catalog.files.problems()) == 1
    monkeypatch.undo()
    libraries = catalog.files.libraries()
    scan(catalog, libraries, workers=1, sink=SilentSink(), cancel=CancelToken(), everything=True)
    assert catalog.files.problems() == []


def test_bytes_that_differ_only_once_accuse_the_machine(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = models / "loras" / "1.safetensors"
    good = path.read_bytes()
    quietly(path, flip)

    def restored(at: Path, **how: object) -> object:
        quietly(path, lambda _: path.write_bytes(good))
        return read_in_full(at, **how)  # type: ignore[arg-type]

    monkeypatch.setattr("loradex.operations.verify.read_in_full", restored)
    report = verified(catalog)
    (finding,) = report.findings
    assert (finding.kind.value, finding.marked) == ("unstable", False)
    assert catalog.files.problems() == []


def html(path: Path) -> None:
    path.write_text("<!DOCTYPE html><html>please log in</html>")


def error_document(path: Path) -> None:
    path.write_text('{"error": "Unauthorized", "message": "login"}')


def cut(path: Path) -> None:
    os.truncate(path, 5000)


def another(path: Path) -> None:
    lora(path, seed=99)


def junk_header(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[9:40] = b"\xff" * 31
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (html, ("misnamed", "HTML page", True)),
        (error_document, ("misnamed", "JSON text", True)),
        (cut, ("truncated", "cut short", True)),
        (junk_header, ("damaged", "damaged", True)),
        (another, ("changed", "changed since", False)),
        (Path.unlink, ("gone", "not there", False)),
        (os.utime, ("changed", "changed since", False)),
    ],
)
def test_what_else_happens_to_files(
    catalog: Catalog,
    models: Path,
    change: Callable[[Path], object],
    told: tuple[str, str, bool],
) -> None:
    kind, words, marked = told
    path = models / "loras" / "2.safetensors"
    change(path)
    report = verified(catalog)
    (finding,) = report.findings
    assert (finding.kind.value, finding.path, finding.marked) == (kind, str(path), marked)
    assert words in finding.message
    assert finding.hint
    assert report.files == 3
    assert len(catalog.files.problems()) == marked
    indexed(catalog)  # and a scan takes all of it as it is
    assert len(catalog.files.problems()) == marked


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps({"state_dict": {}}, protocol=2))


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}, protocol=2))
        archive.writestr("archive/version", "3")


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("sly.safetensors", pickled, "a pickle although its name says .safetensors"),
        ("sly.gguf", zipped, "a zip archive, as torch saves pickles, although its name"),
        ("sly.ckpt", lora, "a safetensors file although its name says .ckpt"),
    ],
)
def test_suffixes_that_lie(
    catalog: Catalog, models: Path, name: str, make: Callable[[Path], object], words: str
) -> None:
    make(models / name)
    indexed(catalog)
    if not any(file.path.endswith(name.encode()) for file in catalog.verification.due()):
        pytest.fail("it was not indexed")
    findings = [finding for finding in verified(catalog).findings if finding.path.endswith(name)]
    (finding,) = findings
    assert finding.kind.value == "misnamed"
    assert words in finding.message
    if make is not lora:
        assert "may run code" in finding.hint


def test_what_the_scan_found_broken_is_told_with_the_rest(catalog: Catalog, models: Path) -> None:
    html(models / "page.safetensors")
    indexed(catalog)
    (finding,) = verified(catalog).findings
    assert (finding.kind.value, Path(finding.path).name) == ("misnamed", "page.safetensors")


def test_another_copy_is_named_then_the_hub(catalog: Catalog, models: Path) -> None:
    rotten = models / "loras" / "1.safetensors"
    copy = models / "kept.safetensors"
    shutil.copy(rotten, copy)
    indexed(catalog)
    id_ = catalog.resolve("1.safetensors")
    catalog.hub.record_models("civitai", [model()])
    catalog.hub.record_versions("civitai", [version()])
    catalog.hub.record_matches("civitai", [found(id_, version(), model(), "sha256")])
    quietly(rotten, flip)
    (finding,) = verified(catalog).findings
    assert finding.hint == f"Another copy of what it should be is at {copy}."
    assert catalog.rows([id_])[0].state == "present"
    quietly(copy, flip)
    hints = [finding.hint for finding in verified(catalog).findings]
    assert f"Download it again from {HUB}/models/70?modelVersionId=7." in hints


def test_links_to_a_rotten_file_are_rotten_and_no_copies(catalog: Catalog, models: Path) -> None:
    path = models / "loras" / "1.safetensors"
    (models / "hard.safetensors").hardlink_to(path)
    indexed(catalog)
    quietly(path, flip)
    report = verified(catalog)
    assert {finding.kind.value for finding in report.findings} == {"rotten"}
    assert len(report.findings) == len(catalog.files.problems()) == 2
    assert "copy" not in report.findings[0].hint


def test_a_finding_goes_with_a_folder_that_is_renamed(catalog: Catalog, models: Path) -> None:
    quietly(models / "loras" / "1.safetensors", flip)
    assert len(verified(catalog).findings) == 1
    (models / "loras").rename(models / "styles")
    indexed(catalog)
    there = str(models / "styles" / "1.safetensors")
    assert [path for path, _ in catalog.files.problems()] == [there]
    report = verified(catalog)
    assert report.files == 3
    assert [(each.kind.value, each.path) for each in report.findings] == [("rotten", there)]
    quietly(Path(there), flip)
    assert verified(catalog).healed == 1
    assert catalog.files.problems() == []


def test_a_drive_that_is_not_there_has_no_bad_files(catalog: Catalog, models: Path) -> None:
    models.rename(models.parent / "unplugged")
    report = verified(catalog)
    assert (report.files, report.findings, report.offline) == (0, [], ["main"])
    models.mkdir()  # its bare mount point
    assert verified(catalog).findings == []
    assert catalog.search("is:present").total == 4


def test_a_drive_that_goes_away_meanwhile(
    catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unplug(SilentSink):
        def progress(self, event: Progress) -> None:
            if models.exists():
                models.rename(models.parent / "unplugged")

    due = files_to_verify(catalog, ()).due
    report = verify(
        catalog, due, portion=EVERYTHING, hub_url=HUB, sink=Unplug(), cancel=CancelToken()
    )
    assert "gone" not in {finding.kind.value for finding in report.findings}
    assert catalog.files.problems() == []


def test_a_stop_keeps_what_was_verified(catalog: Catalog, models: Path) -> None:
    cancel = CancelToken()

    class StopAfterTwo(SilentSink):
        def progress(self, event: Progress) -> None:
            if event.total and event.done * 2 >= event.total:
                cancel.cancel()

    due = files_to_verify(catalog, ()).due
    with pytest.raises(Cancelled):
        verify(catalog, due, portion=EVERYTHING, hub_url=HUB, sink=StopAfterTwo(), cancel=cancel)
    assert catalog.jobs.holder(READING) is None
    assert verified(catalog).files == 4


def test_no_file_is_begun_after_its_time(catalog: Catalog, models: Path) -> None:
    report = verified(catalog, portion=Portion(seconds=0))
    assert (report.files, report.left) == (0, 4)


def test_it_does_not_compete_with_a_hash_pass(catalog: Catalog, models: Path) -> None:
    lease = catalog.jobs.acquire(READING, task="hash")
    assert lease is not None
    report = verified(catalog)
    assert report.files == 0
    assert report.elsewhere == (
        f"Another loradex (process {os.getpid()}) is hashing; run `loradex verify` again when it"
        " is done."
    )
    catalog.jobs.release(lease)
    assert catalog.jobs.acquire(READING, task="verify")
    lora(models / "new.safetensors", seed=9)
    libraries = catalog.files.libraries()
    scan(catalog, libraries, workers=1, sink=SilentSink(), cancel=CancelToken())
    elsewhere = hash_pass(catalog, sink=SilentSink(), cancel=CancelToken()).elsewhere
    assert elsewhere is not None
    assert elsewhere.startswith("`loradex verify` (process ")


def test_a_selection(catalog: Catalog, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lora(models / "other" / "x.safetensors", seed=50)
    indexed(catalog)
    assert verified(catalog, "kind:lora").files == 5
    assert verified(catalog, str(models / "loras")).files == 4
    monkeypatch.chdir(models)
    assert verified(catalog, "other/x.safetensors").files == 1
    assert verified(catalog, "./loras/0.safetensors", "other").files == 2
    for terms in (["nothing-has-this-name"], [str(models.parent)[:-1]], ["other", "kind:lora"]):
        with pytest.raises(UsageError):
            verified(catalog, *terms)


def test_a_hostile_name_is_told_as_it_is(catalog: Catalog, models: Path) -> None:
    raw = os.fsencode(models) + b"/caf\xe9\x1b[2J.safetensors"
    path = lora(Path(os.fsdecode(raw)), seed=60)
    indexed(catalog)
    quietly(path, flip)
    told: list[Problem] = []

    class Told(SilentSink):
        def problem(self, event: Problem) -> None:
            told.append(event)

    verify(
        catalog,
        files_to_verify(catalog, ()).due,
        portion=EVERYTHING,
        hub_url=HUB,
        sink=Told(),
        cancel=CancelToken(),
    )
    assert [os.fsencode(problem.item) for problem in told] == [raw]
    assert len(catalog.files.problems()) == 1
