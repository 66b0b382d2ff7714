"""Plans that move and rename files by a template, with real files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.library import Layout
from loradex.domain.plans import MovePlan, PlanState
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.libraries import find_library
from loradex.operations.moves.applying import apply_plan
from loradex.operations.moves.sizes import copied_bytes
from loradex.operations.moves.undoing import plan_undo
from loradex.operations.template_reading import TemplateError
from loradex.operations.tidying.organising import (
    CONSOLIDATE_TEMPLATE,
    ORGANISE_TEMPLATE,
    Tidy,
    organise_template,
    plan_tidy,
    rename_template,
)
from loradex.operations.tidying.space import space_of
from loradex.paths import Home
from moves_kit import add, nothing_new, rescan, tree
from tidy_kit import do, fill_heap, goes, look_again, match, stays

MEMORY = Path("/dev/shm")  # noqa: S108 - a second device


@pytest.fixture
def heap(tmp_path: Path) -> Path:
    fill_heap(tmp_path / "heap")
    return tmp_path / "heap"


@pytest.fixture
def catalog(home: Home, heap: Path) -> Iterator[Catalog]:
    with Catalog.open(home) as opened:
        add(opened, heap)
        yield opened


def organise(catalog: Catalog, template: str = ORGANISE_TEMPLATE, query: str = "") -> MovePlan:
    return plan_tidy(catalog, Tidy("organise", organise_template(template), query))


def rename(catalog: Catalog, template: str, *, suffix: bool = True) -> MovePlan:
    return plan_tidy(catalog, Tidy("rename", rename_template(template), suffix=suffix))


def test_files_go_where_the_template_says_with_their_sidecars(catalog: Catalog, heap: Path) -> None:
    before = tree(heap)
    plan = organise(catalog)
    assert goes(plan) == {
        "a.safetensors": "LoRA/SDXL/a.safetensors",
        "a.png": "LoRA/SDXL/a.png",
        "b.safetensors": "LoRA/SDXL/b.safetensors",
        "new/c.safetensors": "LoRA/SD 1.5/c.safetensors",
        "new/c.civitai.info": "LoRA/SD 1.5/c.civitai.info",
        "new/b (1).safetensors": "LoRA/SDXL/b (1).safetensors",
    }
    report = do(catalog, plan)
    assert (report.models, report.problems) == (4, [])
    assert not (heap / "new").exists()
    nothing_new(catalog)
    assert organise(catalog).moves == ()
    do(catalog, plan_undo(catalog, report.plan_id or 0))
    assert tree(heap) == before
    assert not (heap / "LoRA").exists()


def test_names_come_from_the_hub(catalog: Catalog, heap: Path) -> None:
    match(catalog, heap / "a.safetensors")
    plan = organise(catalog, "{kind}/{creator}/{name} {version}", "neon")
    assert goes(plan)["a.safetensors"] == "LoRA/maker/Neon Knight v2.safetensors"
    assert goes(plan)["a.png"] == "LoRA/maker/Neon Knight v2.png"


def test_a_query_and_a_library_choose_the_files(
    catalog: Catalog, heap: Path, tmp_path: Path
) -> None:
    lora(tmp_path / "other" / "d.safetensors", seed=9)
    add(catalog, tmp_path / "other")
    assert set(goes(organise(catalog, query="base:sd1"))) == {
        "new/c.safetensors", "new/c.civitai.info",
    }  # fmt: skip
    template = organise_template("{kind}/")
    only = Tidy("organise", template, libraries=(find_library(catalog, "other"),))
    assert set(goes(plan_tidy(catalog, only))) == {"d.safetensors"}


def test_two_models_of_one_name_are_told_apart_by_their_hash(catalog: Catalog, heap: Path) -> None:
    ids = catalog.ids("base:sdxl")
    hashes = {row.file_name: (row.sha256 or "")[:8] for row in catalog.rows(ids)}
    plan = rename(catalog, "{base}")
    assert goes(plan)["a.safetensors"] == "SDXL.safetensors"
    assert goes(plan)["a.png"] == "SDXL.png"
    assert goes(plan)["b.safetensors"] == f"SDXL-{hashes['b.safetensors']}.safetensors"
    do(catalog, plan)
    assert rename(catalog, "{base}").moves == ()


def test_a_second_model_stays_when_that_is_wanted(catalog: Catalog) -> None:
    plan = rename(catalog, "{base}", suffix=False)
    assert "b.safetensors" not in goes(plan)
    assert stays(plan.conflicts) == {
        "b.safetensors": "Another model has the name SDXL.safetensors there."
    }


def test_a_copy_does_not_get_a_name_beside_the_other(catalog: Catalog, heap: Path) -> None:
    plan = organise(catalog, "{kind}/{hash8}")
    assert list(stays(plan.conflicts).values()) == [
        "Another copy of it has that place: see `loradex plan dedupe`."
    ]


def test_names_may_be_passed_on(catalog: Catalog, heap: Path) -> None:
    """A name that becomes free in the same plan can be given to another file."""
    (heap / "new").rename(heap / "later")
    lora(heap / "x.safetensors", seed=20, metadata={"modelspec.title": "y"})
    lora(heap / "y.safetensors", seed=21, metadata={"modelspec.title": "z"})
    look_again(catalog)
    before = tree(heap)
    plan = rename(catalog, "{title|file}")
    assert goes(plan) == {"x.safetensors": "y.safetensors", "y.safetensors": "z.safetensors"}
    report = do(catalog, plan)
    assert report.problems == []
    nothing_new(catalog)
    undo = plan_undo(catalog, report.plan_id or 0)
    assert undo.conflicts == ()
    do(catalog, undo)
    assert tree(heap) == before


def test_a_tools_folders_are_kept(home: Home, tmp_path: Path) -> None:
    root = tmp_path / "ComfyUI" / "models"
    lora(root / "checkpoints" / "wrong place.safetensors", seed=4)
    lora(root / "loras" / "SDXL" / "right.safetensors", seed=5)
    for name in ("vae", "controlnet", "upscale_models", "embeddings", "clip"):
        (root / name).mkdir()
    with Catalog.open(home) as catalog:
        add(catalog, root)
        library = find_library(catalog, "models")
        assert library.layout is Layout.COMFYUI
        plan = organise(catalog, "{kind}/{base}/")
        assert goes(plan) == {
            "checkpoints/wrong place.safetensors": "loras/SDXL/wrong place.safetensors"
        }
        do(catalog, plan)
        assert (root / "checkpoints").is_dir()


def test_several_libraries_become_one(home: Home, heap: Path, tmp_path: Path) -> None:
    forge = tmp_path / "forge" / "models"
    for name in ("Stable-diffusion", "Lora", "VAE", "ESRGAN"):
        (forge / name).mkdir(parents=True)
    with Catalog.open(home) as catalog:
        add(catalog, heap)
        add(catalog, forge)
        into = next(one for one in catalog.files.libraries() if one.root == str(forge))
        tidy = Tidy("consolidate", organise_template(CONSOLIDATE_TEMPLATE), into=into)
        plan = plan_tidy(catalog, tidy)
        assert goes(plan)["a.safetensors"] == "Lora/SDXL/a.safetensors"
        assert {step.target.library_id for step in plan.moves} == {into.id}
        assert do(catalog, plan).problems == []
        nothing_new(catalog)
        assert plan_tidy(catalog, tidy).moves == ()


def test_links_stay_where_they_are_and_lead_to_where_the_model_goes(
    catalog: Catalog, heap: Path
) -> None:
    link = heap / "new" / "link.safetensors"
    link.symlink_to("../a.safetensors")
    rescan(catalog)
    plan = organise(catalog)
    assert "It is a link" in stays(plan.conflicts)["new/link.safetensors"]
    do(catalog, plan)
    assert link.resolve() == heap / "LoRA" / "SDXL" / "a.safetensors"
    nothing_new(catalog)


def test_a_folder_that_leads_elsewhere_is_not_entered(
    catalog: Catalog, heap: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (heap / "LoRA").symlink_to(tmp_path / "outside")
    plan = organise(catalog)
    assert plan.moves == ()
    assert "leads elsewhere" in plan.conflicts[0].reason


def test_a_link_to_a_folder_stays_when_its_models_leave(
    catalog: Catalog, heap: Path, tmp_path: Path
) -> None:
    lora(tmp_path / "outside" / "far.safetensors", seed=50)
    (heap / "door").symlink_to(tmp_path / "outside")
    rescan(catalog)
    report = do(catalog, organise(catalog, query="far"))
    assert (report.files, report.problems) == (1, [])
    assert (heap / "door").is_symlink()


def test_hostile_words_stay_in_their_name(catalog: Catalog, heap: Path) -> None:
    evil = {"modelspec.title": "../../../etc/x", "modelspec.author": "..\\con\x1b"}
    lora(heap / "evil.safetensors", seed=30, metadata=evil)
    rescan(catalog)
    plan = organise(catalog, "{author}/{title}", "evil")
    (target,) = goes(plan).values()
    assert ".." not in target.split("/")
    assert target.count("/") == 1


def test_shards_keep_their_numbers(catalog: Catalog, heap: Path) -> None:
    for number in (1, 2):
        lora(heap / f"video-0000{number}-of-00002.safetensors", seed=40 + number)
    rescan(catalog)
    assert goes(organise(catalog, "{kind}/{file:upper}", "video")) == {
        f"video-0000{number}-of-00002.safetensors": f"LoRA/VIDEO-0000{number}-of-00002.safetensors"
        for number in (1, 2)
    }


def test_a_name_has_no_folders() -> None:
    with pytest.raises(TemplateError, match="no / in it"):
        rename_template("{kind}/{name}")


def test_a_drive_that_is_away_waits(catalog: Catalog, heap: Path, tmp_path: Path) -> None:
    before = tree(heap)
    plan = organise(catalog)
    heap.rename(tmp_path / "elsewhere")
    report = do(catalog, plan)
    assert report.files == 0
    assert [problem.item for problem in report.problems] == [str(heap)]
    assert "away" in report.problems[0].message
    assert catalog.plans.plans()[0].state is PlanState.STOPPED
    assert all("away" in reason for reason in stays(organise(catalog).conflicts).values())
    (tmp_path / "elsewhere").rename(heap)
    assert tree(heap) == before
    again = apply_plan(catalog, report.plan_id or 0, sink=SilentSink(), cancel=CancelToken())
    assert (again.models, again.problems) == (4, [])
    nothing_new(catalog)


def test_what_a_library_has_already_is_not_brought_there(
    home: Home, heap: Path, tmp_path: Path
) -> None:
    shutil.copytree(heap / "new", tmp_path / "other")
    with Catalog.open(home) as catalog:
        add(catalog, heap, tmp_path / "other")
        into = find_library(catalog, "other")
        tidy = Tidy("consolidate", organise_template(CONSOLIDATE_TEMPLATE), into=into)
        plan = plan_tidy(catalog, tidy)
        assert set(goes(plan)) == {"a.safetensors", "a.png"}
        assert set(stays(plan.conflicts)) == {
            "b.safetensors", "new/b (1).safetensors", "new/c.safetensors",
        }  # fmt: skip
        assert all("has it already" in reason for reason in stays(plan.conflicts).values())


def test_other_disks_are_reckoned_with(home: Home, heap: Path) -> None:
    if not MEMORY.is_dir() or MEMORY.stat().st_dev == heap.stat().st_dev:
        pytest.skip("there is no second device to move files to")
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, Catalog.open(home) as catalog:
        far = Path(folder) / "far"
        add(catalog, heap, far)
        before = tree(heap, far)
        tidy = Tidy(
            "consolidate",
            organise_template(CONSOLIDATE_TEMPLATE),
            into=find_library(catalog, "far"),
        )
        plan = plan_tidy(catalog, tidy)
        size = sum(step.stamp.size for step in plan.moves if step.stamp)
        assert copied_bytes(plan.steps) == size > 0
        assert {disk.folder: disk.change for disk in space_of(plan)} == {
            str(heap): size, str(far): -size,
        }  # fmt: skip
        report = do(catalog, plan)
        assert report.problems == []
        nothing_new(catalog)
        do(catalog, plan_undo(catalog, report.plan_id or 0))
        assert tree(heap, far) == before


def test_the_order_of_a_tool_that_lists_its_files_is_not_touched(home: Home, heap: Path) -> None:
    with Catalog.open(home) as catalog:
        add(catalog, heap)
        library = find_library(catalog, "heap")
        with catalog.person._writer.transaction() as connection:
            connection.exec_driver_sql("UPDATE library SET layout = 'invokeai'")
        assert find_library(catalog, "heap").layout is Layout.INVOKEAI
        plan = organise(catalog)
        assert plan.moves == ()
        assert {library.name in reason for reason in stays(plan.conflicts).values()} == {True}


def test_a_name_may_change_in_its_capitals_only(catalog: Catalog, heap: Path) -> None:
    before = tree(heap)
    report = do(catalog, rename(catalog, "{file:upper}"))
    assert report.problems == []
    assert sorted(path.name for path in heap.iterdir() if path.is_file()) == [
        "A.png", "A.safetensors", "B.safetensors",
    ]  # fmt: skip
    nothing_new(catalog)
    do(catalog, plan_undo(catalog, report.plan_id or 0))
    assert tree(heap) == before
