"""Moves: planned, journaled, done, and taken back, with real files."""

# ruff: noqa: PTH104, PTH110 - names are bytes here, which pathlib does not take

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.plans import PlanState
from loradex.domain.progress import CancelToken, SilentSink
from loradex.errors import LoradexError
from loradex.operations.moves import lock
from loradex.operations.moves.applying import MoveReport, apply_plan, carry_out, recover
from loradex.operations.moves.undoing import latest_plan, plan_undo
from loradex.paths import Home
from moves_kit import add, contents, file_ids, fill_inbox, nothing_new, planned, rescan, tree


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    fill_inbox(folder)
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    lora(folder / "loras" / "old.safetensors", seed=9)
    return folder


@pytest.fixture
def catalog(home: Home, inbox: Path, models: Path) -> Iterator[Catalog]:
    with Catalog.open(home) as opened:
        add(opened, inbox, models)
        yield opened


def do(catalog: Catalog, *moves: tuple[str, str, str, str]) -> MoveReport:
    plan = planned(catalog, moves)
    assert plan.conflicts == ()
    return carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())


def undo(catalog: Catalog, plan_id: int | None) -> MoveReport:
    assert plan_id is not None
    plan = plan_undo(catalog, plan_id)
    return carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())


NEON = ("inbox", "neon.safetensors", "models", "loras/sdxl/neon.safetensors")
GLOW = ("inbox", "sub/glow.safetensors", "models", "loras/sd1/glow.safetensors")


def test_a_model_takes_its_sidecars_along_and_nothing_else(
    catalog: Catalog, inbox: Path, models: Path
) -> None:
    before = contents(inbox, models)
    report = do(catalog, NEON, GLOW)
    assert (report.models, report.files, report.problems) == (2, 5, [])
    assert sorted(path.name for path in (models / "loras" / "sdxl").iterdir()) == [
        "neon.civitai.info",
        "neon.preview.png",
        "neon.safetensors",
        "neon.safetensors.sha256",
    ]
    assert (inbox / "neon.v2.notes").exists()
    assert contents(inbox, models) == before
    nothing_new(catalog)


def test_a_new_name_renames_the_sidecars(catalog: Catalog, models: Path) -> None:
    do(catalog, ("inbox", "neon.safetensors", "models", "loras/Neon v2.safetensors"))
    assert sorted(path.name for path in (models / "loras").iterdir()) == [
        "Neon v2.civitai.info",
        "Neon v2.preview.png",
        "Neon v2.safetensors",
        "Neon v2.safetensors.sha256",
        "old.safetensors",
    ]


def test_what_a_person_wrote_goes_along(catalog: Catalog, models: Path) -> None:
    (content,) = catalog.ids("neon")
    catalog.person.set_note(content, "mine")
    do(catalog, NEON)
    details = catalog.details(content)
    assert details.note == "mine"
    assert [file.path for file in details.files] == [str(models / "loras/sdxl/neon.safetensors")]
    assert details.files[0].verified


def test_undo_brings_everything_back_and_takes_only_its_own_folders(
    catalog: Catalog, inbox: Path, models: Path
) -> None:
    before = tree(inbox, models)
    (models / "loras" / "sd1").mkdir()
    report = do(catalog, NEON, GLOW)
    (inbox / "sub").rmdir()
    undone = undo(catalog, report.plan_id)
    assert undone.problems == []
    assert tree(inbox, models) == before
    assert not (models / "loras" / "sdxl").exists()
    assert (models / "loras" / "sd1").is_dir()
    nothing_new(catalog)
    states = {plan.id: plan.state for plan in catalog.plans.plans()}
    assert states == {report.plan_id: PlanState.UNDONE, undone.plan_id: PlanState.APPLIED}


def test_names_that_differ_in_capitals_only_come_back(home: Home, tmp_path: Path) -> None:
    heap = tmp_path / "heap"
    lora(heap / "sub" / "neon.safetensors", seed=1)
    lora(heap / "sub" / "Neon.safetensors", seed=2)
    if len(list((heap / "sub").iterdir())) == 1:
        pytest.skip("this disk takes both names for one")
    with Catalog.open(home) as catalog:
        add(catalog, heap)
        before = tree(heap)
        report = do(
            catalog,
            ("heap", "sub/neon.safetensors", "heap", "one.safetensors"),
            ("heap", "sub/Neon.safetensors", "heap", "two.safetensors"),
        )
        undone = undo(catalog, report.plan_id)
    assert undone.problems == []
    assert tree(heap) == before


def test_an_undo_can_be_undone_as_often_as_one_likes(
    catalog: Catalog, inbox: Path, models: Path
) -> None:
    before = tree(inbox, models)
    first = do(catalog, NEON, GLOW)
    after = tree(inbox, models)
    second = undo(catalog, first.plan_id)
    third = undo(catalog, second.plan_id)
    assert tree(inbox, models) == after
    assert latest_plan(catalog) == first.plan_id
    fourth = undo(catalog, third.plan_id)
    assert tree(inbox, models) == before
    assert not (models / "loras" / "sdxl").exists()
    undo(catalog, fourth.plan_id)
    assert tree(inbox, models) == after
    undo(catalog, first.plan_id)
    assert tree(inbox, models) == before
    assert not (models / "loras" / "sdxl").exists()
    nothing_new(catalog)
    with pytest.raises(LoradexError, match="nothing to undo"):
        latest_plan(catalog)


def test_undo_brings_back_sidecars_that_came_or_changed_meanwhile(
    catalog: Catalog, inbox: Path, models: Path
) -> None:
    report = do(catalog, NEON)
    folder = models / "loras" / "sdxl"
    (folder / "neon.json").write_text("{}")
    (folder / "neon.civitai.info").write_text("edited")
    (folder / "neon.preview.png").unlink()
    (folder / "mine.txt").write_text("keep")
    undone = undo(catalog, report.plan_id)
    assert undone.problems == []
    assert (inbox / "neon.json").read_text() == "{}"
    assert (inbox / "neon.civitai.info").read_text() == "edited"
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def test_undo_says_what_it_cannot_bring_back(catalog: Catalog, inbox: Path, models: Path) -> None:
    report = do(catalog, NEON, GLOW, ("inbox", "plain.safetensors", "models", "p.safetensors"))
    (models / "loras/sd1/glow.safetensors").unlink()
    (models / "p.safetensors").rename(models / "q.safetensors")
    lora(inbox / "neon.safetensors", seed=77)
    rescan(catalog)
    plan = plan_undo(catalog, report.plan_id or 0)
    reasons = {conflict.source.name_shown: conflict.reason for conflict in plan.conflicts}
    assert plan.moves == ()
    assert "no longer" in reasons["glow.safetensors"]
    assert "q.safetensors" in reasons["p.safetensors"]
    assert "already" in reasons["neon.safetensors"]


@pytest.mark.parametrize(
    ("there", "target", "words"),
    [
        ("loras/neon.safetensors", "loras/neon.safetensors", "already"),
        ("loras/NEON.safetensors", "loras/neon.safetensors", "already"),
        ("loras/neon.preview.png", "loras/neon.safetensors", "neon.preview.png already"),
        ("loras/ne\u0301on.safetensors", "loras/n\u00e9on.safetensors", "already"),
        ("deep", "deep/neon.safetensors", "no folder"),
        (None, "../neon.safetensors", "not below"),
        (None, "loras//neon.safetensors", "not below"),
        (None, "loras/" + "n" * 250 + ".safetensors", "too long"),
    ],
)
def test_conflicts_are_found_before_anything_is_done(
    catalog: Catalog, models: Path, there: str | None, target: str, words: str
) -> None:
    if there:
        (models / there).parent.mkdir(exist_ok=True)
        (models / there).write_bytes(b"somebody's")
    plan = planned(catalog, [("inbox", "neon.safetensors", "models", target)])
    assert plan.steps == ()
    assert words in plan.conflicts[0].reason


def test_two_files_of_a_plan_do_not_go_to_one_place(catalog: Catalog) -> None:
    plan = planned(
        catalog,
        [
            ("inbox", "neon.safetensors", "models", "one.safetensors"),
            ("inbox", "plain.safetensors", "models", "ONE.safetensors"),
        ],
    )
    assert len(plan.conflicts) == 1
    assert "Another file of this plan" in plan.conflicts[0].reason


def test_links_and_changed_files_stay(catalog: Catalog, inbox: Path) -> None:
    (inbox / "link.safetensors").symlink_to("plain.safetensors")
    rescan(catalog)
    lora(inbox / "neon.safetensors", seed=50)
    plan = planned(
        catalog,
        [
            ("inbox", "link.safetensors", "models", "l.safetensors"),
            ("inbox", "neon.safetensors", "models", "n.safetensors"),
        ],
    )
    assert ["link" in c.reason or "changed" in c.reason for c in plan.conflicts] == [True, True]


def test_sidecars_of_two_models_stay_with_the_one_that_stays(
    catalog: Catalog, inbox: Path, models: Path
) -> None:
    (inbox / "plain.ckpt").write_bytes((inbox / "plain.safetensors").read_bytes())
    (inbox / "plain.png").write_bytes(b"picture")
    rescan(catalog)
    do(catalog, ("inbox", "plain.safetensors", "models", "plain.safetensors"))
    assert (inbox / "plain.png").exists()
    do(catalog, ("inbox", "plain.ckpt", "models", "plain.ckpt"))
    assert (models / "plain.png").exists()


def test_a_file_that_comes_in_between_is_not_replaced(
    catalog: Catalog, inbox: Path, models: Path
) -> None:
    plan = planned(catalog, [NEON, GLOW])
    folder = models / "loras" / "sdxl"
    folder.mkdir()
    (folder / "neon.preview.png").write_bytes(b"first")
    before = contents(inbox, models)
    report = carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())
    assert report.models == 1
    assert len(report.problems) == 1
    assert (folder / "neon.preview.png").read_bytes() == b"first"
    assert (inbox / "neon.safetensors").exists()
    assert contents(inbox, models) == before
    assert folder.is_dir()
    nothing_new(catalog)


def test_folders_made_for_nothing_go(catalog: Catalog, inbox: Path, models: Path) -> None:
    plan = planned(catalog, [NEON])
    (inbox / "neon.safetensors").unlink()
    report = carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())
    assert report.models == 0
    assert not (models / "loras" / "sdxl").exists()


def test_a_stopped_plan_can_be_gone_on_with(catalog: Catalog, models: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    plan = planned(catalog, [NEON, GLOW])
    report = carry_out(catalog, plan, sink=SilentSink(), cancel=cancel)
    assert report.stopped
    assert report.files == 0
    assert catalog.plans.plans()[0].state is PlanState.STOPPED
    again = apply_plan(catalog, report.plan_id or 0, sink=SilentSink(), cancel=CancelToken())
    assert again.models == 2
    assert catalog.plans.plans()[0].state is PlanState.APPLIED


def test_names_that_are_no_unicode(catalog: Catalog, inbox: Path, models: Path) -> None:
    odd = os.fsencode(inbox) + b"/od\xff\xc3.safetensors"
    os.rename(inbox / "plain.safetensors", odd)
    os.rename(inbox / "neon.preview.png", os.fsencode(inbox) + b"/od\xff\xc3.png")
    rescan(catalog)
    (name,) = (name for name in file_ids(catalog, "inbox") if name.startswith("od"))
    report = do(catalog, ("inbox", name, "models", f"loras/{name}"))
    assert report.files == 2
    undo(catalog, report.plan_id)
    assert os.path.exists(odd)
    nothing_new(catalog)


def test_one_process_moves_at_a_time(
    catalog: Catalog, home: Home, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "WAIT_SECONDS", 0.2)
    with lock.moving(home), pytest.raises(lock.MovesBusy, match=str(os.getpid())):
        do(catalog, NEON)
    assert (inbox / "neon.safetensors").exists()
    assert do(catalog, NEON).models == 1


def test_nothing_to_recover_writes_nothing(catalog: Catalog, home: Home) -> None:
    do(catalog, NEON)
    before = os.stat(home.catalog).st_mtime_ns
    assert recover(catalog) == []
    assert os.stat(home.catalog).st_mtime_ns == before


def test_a_folder_of_a_model_moves_as_one(catalog: Catalog, inbox: Path, models: Path) -> None:
    pipeline = inbox / "pipe"
    lora(pipeline / "unet" / "diffusion_pytorch_model.safetensors", seed=5)
    (pipeline / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    rescan(catalog)
    report = do(catalog, ("inbox", "pipe", "models", "diffusers/pipe"))
    assert report.models == 1
    assert (models / "diffusers/pipe/unet/diffusion_pytorch_model.safetensors").exists()
    nothing_new(catalog)
    undo(catalog, report.plan_id)
    assert (pipeline / "model_index.json").exists()
    assert not (models / "diffusers").exists()
    nothing_new(catalog)


def test_the_shards_of_a_model_stay_together(catalog: Catalog, inbox: Path, models: Path) -> None:
    names = [f"video-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]
    for number, name in enumerate(names):
        lora(inbox / name, seed=20 + number)
    rescan(catalog)
    first = ("inbox", names[0], "models", f"unet/{names[0]}")
    report = do(catalog, first)
    assert sorted(path.name for path in (models / "unet").iterdir()) == names
    assert [path.name for path in inbox.glob("video*")] == []
    seen = rescan(catalog)
    assert (seen.new, seen.moved, seen.missing) == (0, 0, 0)
    undo(catalog, report.plan_id)
    assert sorted(path.name for path in inbox.glob("video*")) == names
    plan = planned(catalog, [("inbox", names[0], "models", "unet/video.safetensors")])
    assert "several files" in plan.conflicts[0].reason
