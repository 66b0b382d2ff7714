"""Files that go into the trash and come back, and links in the place of copies."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.plans import Action, LinkKind, MovePlan, PlanState
from loradex.domain.progress import CancelToken, SilentSink
from loradex.errors import LoradexError
from loradex.operations.moves import trash_can
from loradex.operations.moves.applying import MoveReport, carry_out
from loradex.operations.moves.trash_can import TrashKind
from loradex.operations.moves.undoing import latest_plan, plan_undo
from loradex.operations.tidying.keeping import Wish, draw_up, keep_plan
from loradex.paths import Home
from moves_kit import add, file_ids, fill_inbox, nothing_new, place, rescan, tree

KINDS = (TrashKind.SYSTEM, TrashKind.FOLDER)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    fill_inbox(folder)
    shutil.copy2(folder / "neon.safetensors", folder / "sub" / "copy.safetensors")
    return folder


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the desktop keeps its trash."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def catalog(home: Home, inbox: Path, data: Path) -> Iterator[Catalog]:
    with Catalog.open(home) as opened:
        add(opened, inbox)
        yield opened


def do(catalog: Catalog, plan: MovePlan) -> MoveReport:
    assert plan.conflicts == ()
    return carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())


def undo(catalog: Catalog, report: MoveReport) -> MoveReport:
    return do(catalog, plan_undo(catalog, report.plan_id or 0))


def trashing(catalog: Catalog, *names: str, kind: TrashKind = TrashKind.SYSTEM) -> MovePlan:
    ids = file_ids(catalog, "inbox")
    return draw_up(catalog, "test", "", [Wish(ids[name], None) for name in names], trash=kind)


def linking(catalog: Catalog, link: LinkKind | None) -> MovePlan:
    """Return the plan that lets one of two copies go."""
    ids = file_ids(catalog, "inbox")
    wish = Wish(ids["sub/copy.safetensors"], None, kept=ids["neon.safetensors"], link=link)
    return draw_up(catalog, "test", "", [wish])


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_goes_with_its_sidecars_and_comes_back_as_it_was(
    catalog: Catalog, inbox: Path, data: Path, kind: TrashKind
) -> None:
    before = tree(inbox)
    report = do(catalog, trashing(catalog, "neon.safetensors", kind=kind))
    assert (report.models, report.files) == (1, 4)
    assert not list(inbox.glob("neon.[!v]*"))
    can = data / "Trash" if kind is TrashKind.SYSTEM else inbox / ".loradex-trash"
    assert len(list((can / "files").iterdir())) == 4
    noted = [path.read_text() for path in (can / "info").glob("*.trashinfo")]
    assert sum(text.splitlines()[1].endswith("neon.safetensors") for text in noted) == 1
    nothing_new(catalog)
    undone = undo(catalog, report)
    assert undone.problems == []
    assert tree(inbox) == before
    assert list(can.glob("info/*")) == []
    nothing_new(catalog)
    assert catalog.plans.plans()[1].state is PlanState.UNDONE
    again = undo(catalog, undone)
    assert not (inbox / "neon.safetensors").exists()
    undo(catalog, again)
    assert tree(inbox) == before


def test_what_a_person_wrote_outlives_the_file(catalog: Catalog) -> None:
    (content,) = catalog.ids("glow")
    catalog.person.set_note(content, "mine")
    report = do(catalog, trashing(catalog, "sub/glow.safetensors"))
    assert catalog.details(content).note == "mine"
    undo(catalog, report)
    assert catalog.details(content).files[0].verified


def test_the_desktop_and_we_use_one_trash(
    catalog: Catalog, inbox: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send2trash = pytest.importorskip("send2trash")
    plain = pytest.importorskip("send2trash.plat_other")
    monkeypatch.setattr(plain, "HOMETRASH", str(data / "Trash"))
    monkeypatch.setattr(plain, "HOMETRASH_B", os.fsencode(data / "Trash"))
    theirs = inbox / "theirs.txt"
    theirs.write_text("x")
    plain.send2trash(str(theirs))
    assert send2trash
    do(catalog, trashing(catalog, "plain.safetensors"))
    notes = sorted((data / "Trash" / "info").iterdir())
    assert len(notes) == 2
    keys = [[line.partition("=")[0] for line in note.read_text().splitlines()] for note in notes]
    assert keys[0] == keys[1]
    paths = {note.read_text().splitlines()[1] for note in notes}
    assert paths == {f"Path={theirs}", f"Path={inbox / 'plain.safetensors'}"}


@pytest.mark.parametrize("link", [None, *LinkKind])
def test_a_copy_gives_way_and_comes_back_as_a_file_of_its_own(
    catalog: Catalog, inbox: Path, link: LinkKind | None
) -> None:
    before = tree(inbox)
    copy, kept = inbox / "sub" / "copy.safetensors", inbox / "neon.safetensors"
    report = do(catalog, linking(catalog, link))
    assert (report.models, report.files) == (1, 1)
    assert copy.exists() is (link is not None)
    assert copy.is_symlink() is (link is LinkKind.SYMBOLIC)
    assert (link is not None and copy.samefile(kept)) is (link is not None)
    nothing_new(catalog)
    undo(catalog, report)
    assert not copy.is_symlink()
    assert not copy.samefile(kept)
    assert tree(inbox) == before
    nothing_new(catalog)


@pytest.mark.parametrize("link", [None, *LinkKind])
def test_no_copy_goes_when_the_other_one_is_not_the_same(
    catalog: Catalog, inbox: Path, link: LinkKind | None
) -> None:
    plan = linking(catalog, link)
    kept = inbox / "neon.safetensors"
    info = kept.stat()
    with kept.open("r+b") as file:
        file.seek(-3, os.SEEK_END)
        file.write(b"bit")
    os.utime(kept, ns=(info.st_atime_ns, info.st_mtime_ns))
    before = tree(inbox)
    report = carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())
    assert report.files == 0
    assert "does not hold the same bytes" in report.problems[0].message
    assert tree(inbox) == before


def test_a_link_that_cannot_be_made_leaves_the_copy(
    catalog: Catalog, inbox: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_how: object) -> None:
        raise PermissionError(1, "not here")

    before = tree(inbox)
    plan = linking(catalog, LinkKind.HARD)
    with monkeypatch.context() as patch:
        patch.setattr(os, "link", refuse)
        report = carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())
    assert "A hard link is possible within one disk only" in report.problems[0].message
    assert tree(inbox) == before
    assert list((data / "Trash" / "info").iterdir()) == []


def test_undo_says_what_the_trash_has_no_longer(catalog: Catalog, inbox: Path, data: Path) -> None:
    names = ("neon.safetensors", "plain.safetensors", "sub/glow.safetensors")
    report = do(catalog, trashing(catalog, *names))
    files = {path.name.split(".")[0]: path for path in (data / "Trash" / "files").iterdir()}
    files["plain"].unlink()
    files["glow"].rename(inbox / "sub" / "glow.safetensors")
    plan = plan_undo(catalog, report.plan_id or 0)
    reasons = {conflict.source.name_shown: conflict.reason for conflict in plan.conflicts}
    assert "emptied" in reasons["plain.safetensors"]
    assert "back already" in reasons["glow.safetensors"]
    assert len(plan.moves) == 4


def test_no_older_plan_is_taken_back_for_one_whose_files_were_deleted(
    catalog: Catalog, inbox: Path
) -> None:
    older = do(catalog, trashing(catalog, "plain.safetensors"))
    newer = do(catalog, trashing(catalog, "sub/glow.safetensors"))
    assert latest_plan(catalog) == newer.plan_id
    steps = catalog.plans.steps(newer.plan_id or 0)
    catalog.plans.emptied([entry.id for entry in steps if entry.step.action is Action.TRASH])
    with pytest.raises(LoradexError, match=f"Plan {newer.plan_id} cannot be taken back"):
        latest_plan(catalog)
    assert undo(catalog, older).problems == []
    assert (inbox / "plain.safetensors").exists()


def test_undo_overwrites_nothing(catalog: Catalog, inbox: Path) -> None:
    report = do(catalog, trashing(catalog, "plain.safetensors"))
    lora(inbox / "plain.safetensors", seed=40)
    plan = plan_undo(catalog, report.plan_id or 0)
    assert "already" in plan.conflicts[0].reason
    assert plan.moves == ()


def test_a_changed_link_is_left_alone(catalog: Catalog, inbox: Path) -> None:
    report = do(catalog, linking(catalog, LinkKind.SYMBOLIC))
    (inbox / "sub" / "copy.safetensors").unlink()
    lora(inbox / "sub" / "copy.safetensors", seed=41)
    plan = plan_undo(catalog, report.plan_id or 0)
    assert plan.moves == ()
    assert "not the link" in plan.conflicts[0].reason


@pytest.mark.parametrize("absolute", [False, True])
def test_links_follow_a_model_and_come_back_with_it(
    catalog: Catalog, inbox: Path, absolute: bool
) -> None:
    link, model = inbox / "sub" / "link.safetensors", inbox / "plain.safetensors"
    link.symlink_to(model if absolute else "../plain.safetensors")
    rescan(catalog)
    before, said = tree(inbox), os.readlink(link)  # noqa: PTH115
    wish = Wish(
        file_ids(catalog, "inbox")["plain.safetensors"],
        place(catalog, "inbox", "loras/deep/plain.safetensors"),
    )
    report = do(catalog, draw_up(catalog, "test", "", [wish]))
    assert link.resolve() == inbox / "loras" / "deep" / "plain.safetensors"
    assert link.readlink().is_absolute() is absolute
    nothing_new(catalog)
    undo(catalog, report)
    assert (tree(inbox), os.readlink(link)) == (before, said)  # noqa: PTH115
    nothing_new(catalog)
    report = do(catalog, trashing(catalog, "plain.safetensors"))
    assert not link.is_symlink()
    nothing_new(catalog)
    undo(catalog, report)
    assert (tree(inbox), os.readlink(link)) == (before, said)  # noqa: PTH115
    nothing_new(catalog)


def test_a_link_that_was_changed_stays_changed(catalog: Catalog, inbox: Path) -> None:
    link = inbox / "sub" / "link.safetensors"
    link.symlink_to("../plain.safetensors")
    rescan(catalog)
    wish = Wish(
        file_ids(catalog, "inbox")["plain.safetensors"],
        place(catalog, "inbox", "loras/plain.safetensors"),
    )
    report = do(catalog, draw_up(catalog, "test", "", [wish]))
    link.unlink()
    link.symlink_to("../neon.safetensors")
    undo(catalog, report)
    assert (inbox / "plain.safetensors").exists()
    assert link.readlink() == Path("../neon.safetensors")


def test_sidecars_of_a_copy_go_to_the_one_that_stays_if_it_has_none(
    catalog: Catalog, inbox: Path, data: Path
) -> None:
    (inbox / "sub" / "copy.md").write_text("only here")
    (inbox / "sub" / "copy.preview.png").write_bytes(b"another picture")
    before = tree(inbox)
    report = do(catalog, linking(catalog, None))
    assert (inbox / "neon.md").read_text() == "only here"
    assert (inbox / "neon.preview.png").read_bytes() == b"\x89PNG picture"
    assert len(list((data / "Trash" / "files").iterdir())) == 2
    undo(catalog, report)
    assert tree(inbox) == before


def test_a_folder_that_is_a_model_goes_as_one(catalog: Catalog, inbox: Path) -> None:
    lora(inbox / "pipe" / "unet" / "diffusion_pytorch_model.safetensors", seed=5)
    (inbox / "pipe" / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    rescan(catalog)
    before = tree(inbox)
    report = do(catalog, trashing(catalog, "pipe"))
    assert not (inbox / "pipe").exists()
    undo(catalog, report)
    assert tree(inbox) == before
    nothing_new(catalog)


def test_folders_left_empty_go_and_come_back(catalog: Catalog, inbox: Path) -> None:
    (inbox / "empty").mkdir()
    (inbox / "sub" / "deep").mkdir()
    (inbox / "sub" / "copy.safetensors").rename(inbox / "sub" / "deep" / "copy.safetensors")
    rescan(catalog)
    before = tree(inbox)
    names = ("sub/glow.safetensors", "sub/deep/copy.safetensors")
    report = do(catalog, trashing(catalog, *names))
    assert sorted(path.name for path in inbox.iterdir() if path.is_dir()) == ["empty"]
    undo(catalog, report)
    assert tree(inbox) == before


def test_a_folder_stays_while_anything_is_in_it(catalog: Catalog, inbox: Path) -> None:
    (inbox / "sub" / "mine.txt").write_text("keep")
    do(catalog, trashing(catalog, "sub/glow.safetensors", "sub/copy.safetensors"))
    assert (inbox / "sub" / "mine.txt").exists()


def test_a_plan_is_kept_from_wishes(catalog: Catalog, inbox: Path) -> None:
    ids = file_ids(catalog, "inbox")
    (inbox / "lost.civitai.info").write_text("{}")
    number = keep_plan(
        catalog,
        "doctor",
        "Put right",
        [
            Wish(ids["plain.safetensors"], place(catalog, "inbox", "loras/plain.safetensors")),
            Wish(ids["neon.safetensors"], place(catalog, "inbox", "../out.safetensors")),
            Wish(place(catalog, "inbox", "lost.civitai.info"), None),
        ],
    )
    (kept,) = catalog.plans.plans()
    assert (kept.id, kept.kind, kept.state, kept.planned, kept.stays) == (
        number, "doctor", PlanState.PLANNED, 2, 1,
    )  # fmt: skip
    assert "not below" in catalog.plans.conflicts(number)[0].reason
    assert catalog.plans.discard(number)
    assert not catalog.plans.discard(number)
    assert catalog.plans.plans() == []


def test_the_trash_is_no_part_of_the_library(catalog: Catalog, inbox: Path) -> None:
    do(catalog, trashing(catalog, "plain.safetensors", kind=TrashKind.FOLDER))
    assert len(list((inbox / ".loradex-trash" / "files").iterdir())) == 1
    nothing_new(catalog)
    assert catalog.ids("plain") == [] or catalog.rows(catalog.ids("plain"))[0].state == "missing"


def test_every_disk_has_its_own_trash(
    home: Home, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that is not the home's, it lies at the top; a strange one there is not used."""
    memory = Path("/dev/shm")  # noqa: S108 - a second device
    if not memory.is_dir() or memory.stat().st_dev == data.parent.stat().st_dev:
        pytest.skip("there is no second device")
    with tempfile.TemporaryDirectory(dir=memory) as folder, Catalog.open(home) as catalog:
        far = Path(folder) / "inbox"
        fill_inbox(far)
        add(catalog, far)
        before = tree(far)
        monkeypatch.setattr(trash_can, "_top_of", lambda *_: os.fsencode(folder))
        top = Path(folder) / f".Trash-{os.getuid()}"
        report = do(catalog, trashing(catalog, "plain.safetensors"))
        (note,) = top.glob("info/*.trashinfo")
        assert note.read_text().splitlines()[1] == "Path=inbox/plain.safetensors"
        undo(catalog, report)
        shutil.rmtree(top)
        shared = Path(folder) / ".Trash"
        shared.mkdir()
        shared.chmod(0o1777)
        report = do(catalog, trashing(catalog, "plain.safetensors"))
        assert len(list((shared / str(os.getuid()) / "files").iterdir())) == 1
        undo(catalog, report)
        shared.chmod(0o777)
        top.symlink_to(data)
        report = do(catalog, trashing(catalog, "plain.safetensors"))
        assert len(list((far / ".loradex-trash" / "files").iterdir())) == 1
        undo(catalog, report)
        assert tree(far) == before
        assert not (far / ".loradex-trash").exists()


def test_all_shards_of_a_model_go_and_come_back(catalog: Catalog, inbox: Path) -> None:
    names = [f"video-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]
    for number, name in enumerate(names):
        lora(inbox / name, seed=60 + number)
    rescan(catalog)
    before = tree(inbox)
    report = do(catalog, trashing(catalog, names[0]))
    assert (report.models, report.files) == (1, 3)
    assert list(inbox.glob("video*")) == []
    undo(catalog, report)
    assert tree(inbox) == before
