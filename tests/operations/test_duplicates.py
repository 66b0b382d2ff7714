"""Duplicates of real files: copies, links, metadata, trainings; and what is none of these."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.demo.sample_files import write_safetensors, write_torch_zip
from loradex.domain.duplicates import Alike, DuplicateGroup, DuplicateReport, Fate
from loradex.domain.progress import CancelToken, SilentSink
from loradex.errors import QueryError
from loradex.operations import annotate
from loradex.operations.duplicates import find_duplicates
from loradex.operations.hash_pass import hash_pass
from loradex.operations.libraries import add_library
from loradex.operations.scan import scan
from loradex.paths import Home


class Shelf:
    """A library in `root` that is scanned and hashed when asked what it holds twice."""

    def __init__(self, catalog: Catalog, root: Path) -> None:
        self.catalog = catalog
        self.root = root
        root.mkdir()
        add_library(catalog, root, name="main")

    def scan(self) -> None:
        scan(
            self.catalog,
            self.catalog.files.libraries(),
            workers=1,
            sink=SilentSink(),
            cancel=CancelToken(),
        )

    def hash(self) -> None:
        self.scan()
        hash_pass(self.catalog, sink=SilentSink(), cancel=CancelToken())

    def report(self, query: str = "") -> DuplicateReport:
        self.hash()
        return find_duplicates(self.catalog, query)

    def training(self, name: str, seed: int, session: str | None = "7", **more: str) -> Path:
        metadata = None
        if session is not None:
            metadata = {
                "ss_session_id": session,
                "ss_training_started_at": f"170000000{session}.5",
                "ss_output_name": "style",
                **more,
            }
        return lora(self.root / name, seed=seed, metadata=metadata)


@pytest.fixture
def shelf(home: Home, tmp_path: Path) -> Iterator[Shelf]:
    with Catalog.open(home) as catalog:
        yield Shelf(catalog, tmp_path / "models")


def names(group: DuplicateGroup, fate: Fate) -> list[str]:
    return sorted(Path(copy.path).name for copy in group.copies(fate))


def sorts(report: DuplicateReport) -> list[str]:
    return [group.alike.value for group in report.groups]


# Copies and links


def test_copies_free_all_but_one_and_links_free_nothing(shelf: Shelf) -> None:
    first = lora(shelf.root / "neon.safetensors", seed=1)
    (shelf.root / "old").mkdir()
    shutil.copy2(first, shelf.root / "old" / "neon copy.safetensors")
    os.link(first, shelf.root / "neon-hard.safetensors")
    (shelf.root / "neon-soft.safetensors").symlink_to("neon.safetensors")
    report = shelf.report()
    (group,) = report.groups
    assert (group.alike, group.sure, group.freed) == (Alike.SAME, 1.0, first.stat().st_size)
    assert names(group, Fate.GO) == ["neon copy.safetensors"]
    (kept,) = group.copies(Fate.KEEP)
    assert {Path(name.path).name: name.link for name in kept.names} == {
        "neon.safetensors": False,
        "neon-hard.safetensors": False,
        "neon-soft.safetensors": True,
    }
    assert not kept.names[0].link
    assert group.keep_because == "more names lead to it"
    assert report.links == 2


def test_links_alone_are_no_group(shelf: Shelf) -> None:
    first = lora(shelf.root / "neon.safetensors", seed=1)
    os.link(first, shelf.root / "again.safetensors")
    (shelf.root / "folder").mkdir()
    (shelf.root / "folder" / "linked.safetensors").symlink_to(first)
    report = shelf.report()
    assert (report.groups, report.freed, report.links) == ((), 0, 2)


def test_one_folder_under_two_libraries_holds_nothing_twice(shelf: Shelf, tmp_path: Path) -> None:
    lora(shelf.root / "loras" / "neon.safetensors", seed=1)
    (tmp_path / "view").mkdir()
    add_library(shelf.catalog, tmp_path / "view", name="view")
    (tmp_path / "view" / "all").symlink_to(shelf.root)
    report = shelf.report()
    assert (report.groups, report.links) == ((), 1)


def test_device_numbers_from_before_a_reboot_make_no_copies(shelf: Shelf, tmp_path: Path) -> None:
    """The catalog keeps the device it saw first; what is on disk now tells one file from two."""
    first = lora(shelf.root / "neon.safetensors", seed=1)
    os.link(first, shelf.root / "again.safetensors")
    shelf.hash()
    with shelf.catalog._writer.transaction() as connection:
        connection.exec_driver_sql("UPDATE file SET device = 99 WHERE path LIKE 'again%'")
    assert find_duplicates(shelf.catalog).groups == ()


def test_a_copy_whose_bytes_others_hold_frees_nothing_and_is_kept(
    shelf: Shelf, tmp_path: Path
) -> None:
    first = lora(shelf.root / "neon.safetensors", seed=1)
    outside = tmp_path / "outside"
    shutil.copy2(first, outside)
    os.link(outside, shelf.root / "zzz.safetensors")
    (group,) = shelf.report().groups
    assert names(group, Fate.KEEP) == ["zzz.safetensors"]
    assert names(group, Fate.GO) == ["neon.safetensors"]
    assert group.keep_because == "removing it would free nothing"


def test_a_link_to_a_file_outside_is_never_proposed(shelf: Shelf, tmp_path: Path) -> None:
    first = lora(shelf.root / "neon.safetensors", seed=1)
    outside = tmp_path / "outside.safetensors"
    shutil.copy2(first, outside)
    (shelf.root / "aaa.safetensors").symlink_to(outside)
    report = shelf.report()
    assert (report.groups, report.freed) == ((), 0)


def test_missing_and_offline_places_are_no_copies(shelf: Shelf, tmp_path: Path) -> None:
    first = lora(shelf.root / "neon.safetensors", seed=1)
    shutil.copy2(first, shelf.root / "gone.safetensors")
    drive = tmp_path / "drive"
    drive.mkdir()
    shutil.copy2(first, drive / "away.safetensors")
    add_library(shelf.catalog, drive, name="drive")
    assert len(list(shelf.report().groups[0].copies(Fate.GO))) == 2
    (shelf.root / "gone.safetensors").unlink()
    drive.rename(tmp_path / "unplugged")
    shelf.scan()
    report = find_duplicates(shelf.catalog)
    assert (report.groups, report.changed) == ((), 0)


def test_what_went_or_changed_since_the_scan_is_left_out(shelf: Shelf) -> None:
    first = lora(shelf.root / "neon.safetensors", seed=1)
    for name in ("gone", "changed"):
        shutil.copy2(first, shelf.root / f"{name}.safetensors")
    shelf.hash()
    (shelf.root / "gone.safetensors").unlink()
    lora(shelf.root / "changed.safetensors", seed=2)
    report = find_duplicates(shelf.catalog)
    assert (report.groups, report.changed) == ((), 2)


def test_what_was_not_read_is_probably_the_same_and_counts_for_nothing(shelf: Shelf) -> None:
    first = lora(shelf.root / "neon.safetensors", seed=1)
    shutil.copy2(first, shelf.root / "copy.safetensors")
    shelf.scan()
    report = find_duplicates(shelf.catalog)
    (group,) = report.groups
    size = first.stat().st_size
    assert (report.freed, group.unproven, report.unhashed) == (0, size, 2)
    assert names(group, Fate.GO) == []
    shelf.hash()
    shutil.copy2(first, shelf.root / "third.safetensors")
    shelf.scan()
    (group,) = find_duplicates(shelf.catalog).groups
    assert (group.freed, group.unproven) == (size, size)
    assert names(group, Fate.UNPROVEN) == ["third.safetensors"]
    assert group.sure < 1


@pytest.mark.parametrize(
    "other",
    [
        "a copy.safetensors",
        "a (1).safetensors",
        "a_Kopie.safetensors",
        "Downloads/a.safetensors",
        "old_a.safetensors",
    ],
)
def test_the_name_tells_which_of_two_to_keep(shelf: Shelf, other: str) -> None:
    first = lora(shelf.root / "zzzzzzzz" / "zzzzzzzzzzz.safetensors", seed=1)
    (shelf.root / other).parent.mkdir(exist_ok=True)
    shutil.copy2(first, shelf.root / other)
    (group,) = shelf.report().groups
    assert names(group, Fate.GO) == [Path(other).name]
    assert group.keep_because == "only its path is not that of a copy"


def test_the_oldest_of_equals_is_kept(shelf: Shelf) -> None:
    first = lora(shelf.root / "a.safetensors", seed=1)
    shutil.copy(first, shelf.root / "b.safetensors")
    os.utime(shelf.root / "b.safetensors", (1e9, 1e9))
    (group,) = shelf.report().groups
    assert (names(group, Fate.KEEP), group.keep_because) == (["b.safetensors"], "it is the oldest")


# Same tensors


def test_the_same_tensors_under_other_metadata(shelf: Shelf) -> None:
    plain = lora(shelf.root / "a.safetensors", seed=1)
    told = {"modelspec.title": "Neon", "modelspec.author": "me"}
    lora(shelf.root / "b.safetensors", seed=1, metadata=told)
    lora(shelf.root / "other.safetensors", seed=2, metadata=told)
    (group,) = shelf.report().groups
    assert group.alike is Alike.TENSORS
    assert (names(group, Fate.KEEP), names(group, Fate.GO)) == (["b.safetensors"], [plain.name])
    assert group.freed == plain.stat().st_size
    assert "AutoV3" in group.why[0]


def test_a_file_goes_in_one_group_only_and_sums_add_up(shelf: Shelf) -> None:
    for seed, name in ((10, "style-000010"), (20, "style-000020"), (30, "style")):
        shelf.training(f"{name}.safetensors", seed)
    shutil.copy2(shelf.root / "style.safetensors", shelf.root / "style copy.safetensors")
    shelf.training("retold.safetensors", 20, modelspec="x")
    report = shelf.report()
    going = [copy.path for group in report.groups for copy in group.copies(Fate.GO)]
    assert sorted(sorts(report)) == ["epochs", "same", "tensors"]
    assert len(going) == len(set(going)) == 3
    assert report.freed == sum(Path(path).stat().st_size for path in going)
    assert sum(total.files for total in report.totals) == len(going)


# Trainings


def test_one_training_at_several_epochs(shelf: Shelf) -> None:
    for epoch in (10, 20):
        shelf.training(f"style-{epoch:06}.safetensors", epoch, ss_epoch=str(epoch))
    final = shelf.training("done/style.safetensors", 30, ss_epoch="30")
    (group,) = shelf.report().groups
    assert group.alike is Alike.EPOCHS
    assert group.twins[0].copies[0].path == str(final)
    assert [twin.trait for twin in group.twins] == ["final", "epoch 20", "epoch 10"]
    assert group.why[0] == "the same training session 7"
    assert group.sure > 0.99
    assert group.keep_because == "the training went furthest in it"


def test_epochs_without_metadata_must_lie_in_one_folder(shelf: Shelf) -> None:
    places = ("a/style-000010", "a/style-000020", "a/style", "b/style-000030", "b/other")
    for number, place in enumerate(places):
        shelf.training(f"{place}.safetensors", number, None)
    (group,) = shelf.report().groups
    assert names(group, Fate.GO) == ["style-000010.safetensors", "style-000020.safetensors"]
    assert names(group, Fate.KEEP) == ["style.safetensors"]
    assert "they lie in one folder" in group.why
    assert group.sure < 0.9


@pytest.mark.parametrize(
    "others",
    [
        {"session": "8"},  # another run of the same recipe
        {"session": None},  # nothing says that it is the same run
    ],
)
def test_another_training_of_that_name_is_left_alone(
    shelf: Shelf, others: dict[str, str | None]
) -> None:
    shelf.training("a/style-000010.safetensors", 1)
    shelf.training("a/style.safetensors", 2)
    shelf.training("b/style-000020.safetensors", 3, **others)  # type: ignore[arg-type]
    (group,) = shelf.report().groups
    assert [twin.trait for twin in group.twins] == ["final", "epoch 10"]


def test_other_shapes_are_another_training(shelf: Shelf) -> None:
    lora(shelf.root / "style-000010.safetensors", seed=1)
    lora(shelf.root / "style-000020.safetensors", seed=2, rank=8)
    lora(shelf.root / "style-000030.safetensors", seed=3, text_width=768)
    assert shelf.report().groups == ()


def test_namesakes_are_no_duplicates(shelf: Shelf) -> None:
    lora(shelf.root / "a" / "style.safetensors", seed=1)
    lora(shelf.root / "b" / "style.safetensors", seed=2)
    lora(shelf.root / "c" / "style.safetensors", seed=3, rank=8)
    for steps in (4, 8):
        lora(shelf.root / f"lightning-{steps}steps.safetensors", seed=steps)
    for number in (1, 2):
        lora(shelf.root / f"neon_v{number}.safetensors", seed=10 + number)
        lora(shelf.root / f"model-0000{number}-of-00002.safetensors", seed=20 + number)
    assert shelf.report().groups == ()


def test_what_a_person_said_decides_and_is_pointed_out(shelf: Shelf) -> None:
    for epoch in (10, 20, 30):
        shelf.training(f"style-{epoch:06}.safetensors", epoch)
    shelf.hash()
    annotate.rate(shelf.catalog, [shelf.catalog.resolve("style-000010")], 5)
    noted = shelf.catalog.resolve("style-000020")
    annotate.note(shelf.catalog, noted, "softer")
    annotate.tag(shelf.catalog, [noted], add=["mine"])
    (group,) = find_duplicates(shelf.catalog).groups
    assert (group.twins[0].trait, group.keep_because) == ("epoch 10", "you like it best")
    (stake,) = group.at_stake
    assert (stake.content_id, stake.yours.note, stake.yours.tags) == (noted, True, ("mine",))


def test_a_low_rating_is_no_reason_to_keep(shelf: Shelf) -> None:
    shelf.training("style-000010.safetensors", 1)
    shelf.training("style-000020.safetensors", 2)
    shelf.hash()
    annotate.rate(shelf.catalog, [shelf.catalog.resolve("style-000020")], 1)
    (group,) = find_duplicates(shelf.catalog).groups
    assert group.twins[0].trait == "epoch 10"


# Precisions and formats, from real headers

CROSS = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"
LORA = [(f"{CROSS}.lora_down.weight", (4, 2048)), (f"{CROSS}.lora_up.weight", (640, 4))]
EMBEDDING = [("emb_params", (8, 768))]


def test_a_lora_in_three_precisions(shelf: Shelf) -> None:
    for dtype, name in (("F32", "neon"), ("F16", "neon_fp16"), ("F8_E4M3", "neon-fp8_e4m3fn")):
        write_safetensors(shelf.root / f"{name}.safetensors", LORA, dtype, name)
    (group,) = shelf.report().groups
    assert group.alike is Alike.PRECISIONS
    assert [twin.trait for twin in group.twins] == ["F16", "F32", "F8_E4M3"]
    assert any("fp16" in why and "e4m3fn" in why for why in group.why)


def test_an_embedding_as_pickle_and_as_safetensors(shelf: Shelf) -> None:
    write_safetensors(shelf.root / "BadHands.safetensors", EMBEDDING, "F32", "x")
    write_torch_zip(
        shelf.root / "badhands.pt", [("*", (8, 768))], "F32", "y", wrap="string_to_param"
    )
    write_torch_zip(shelf.root / "other.pt", [("*", (8, 768))], "F32", "z", wrap="string_to_param")
    (group,) = shelf.report().groups
    assert group.alike is Alike.FORMATS
    assert names(group, Fate.KEEP) == ["BadHands.safetensors"]
    assert group.keep_because == "loading it cannot run code"


def test_a_pickle_of_another_length_or_folder_is_another_embedding(shelf: Shelf) -> None:
    write_safetensors(shelf.root / "bad.safetensors", EMBEDDING, "F32", "x")
    write_torch_zip(shelf.root / "bad.pt", [("*", (32, 768))], "F32", "y", wrap="string_to_param")
    (shelf.root / "else").mkdir()
    write_torch_zip(
        shelf.root / "else" / "bad.pt", [("*", (8, 768))], "F32", "z", wrap="string_to_param"
    )
    assert shelf.report().groups == ()


# The report as a whole


def test_groups_that_free_most_come_first_and_can_be_chosen(shelf: Shelf) -> None:
    small = lora(shelf.root / "small.safetensors", seed=1, rank=2)
    large = lora(shelf.root / "large.safetensors", seed=2, rank=64)
    for first in (small, large):
        shutil.copy2(first, shelf.root / f"{first.stem} copy.safetensors")
    shelf.training("style-000010.safetensors", 3)
    shelf.training("style-000020.safetensors", 4)
    report = shelf.report()
    assert report.groups[0].twins[0].size == large.stat().st_size
    assert sorts(report) == ["same", "epochs", "same"]
    catalog = shelf.catalog
    assert sorts(find_duplicates(catalog, sorts=[Alike.EPOCHS])) == ["epochs"]
    assert sorts(find_duplicates(catalog, min_freed=large.stat().st_size)) == ["same"]
    assert sorts(find_duplicates(catalog, "path:style-000010")) == ["epochs"]
    assert sorts(find_duplicates(catalog, "kind:vae")) == []
    with pytest.raises(QueryError):
        find_duplicates(catalog, "kind:nonsense")


def test_copies_of_what_goes_are_counted_where_no_other_sort_does(shelf: Shelf) -> None:
    first = shelf.training("style-000010.safetensors", 1)
    shelf.training("style.safetensors", 2)
    shutil.copy2(first, shelf.root / "style-000010 copy.safetensors")
    shelf.hash()
    (epochs,) = find_duplicates(shelf.catalog, sorts=[Alike.EPOCHS]).groups
    assert len(list(epochs.copies(Fate.GO))) == 2
    both = find_duplicates(shelf.catalog)
    assert [len(list(group.copies(Fate.GO))) for group in both.groups] == [1, 1]
    assert both.freed == epochs.freed


def test_an_empty_catalog(shelf: Shelf) -> None:
    report = shelf.report()
    assert (report.groups, report.freed, report.unhashed) == ((), 0, 0)
    assert [total.groups for total in report.totals] == [0] * 5


def test_names_that_are_no_text_are_kept_as_bytes(shelf: Shelf) -> None:
    first = lora(shelf.root / "neon.safetensors", seed=1)
    odd = os.fsencode(shelf.root) + b"/caf\xe9\n\x1b[2J copy.safetensors"
    shutil.copy2(first, odd)
    (group,) = shelf.report().groups
    (going,) = group.copies(Fate.GO)
    assert going.names[0].raw_path == odd


def test_looking_changes_nothing(shelf: Shelf) -> None:
    lora(shelf.root / "a.safetensors", seed=1)
    shutil.copy(shelf.root / "a.safetensors", shelf.root / "b.safetensors")
    shelf.hash()
    before = {path: path.stat() for path in shelf.root.rglob("*")}
    with shelf.catalog._reader.connection() as connection:
        version = connection.execute("PRAGMA data_version").fetchone()
        find_duplicates(shelf.catalog)
        assert connection.execute("PRAGMA data_version").fetchone() == version
    assert {path: path.stat() for path in shelf.root.rglob("*")} == before
