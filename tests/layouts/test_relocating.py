"""A library whose folder turns up elsewhere is pointed there, and nothing is read again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from files_kit import lora
from layouts import trees
from loradex.catalog.catalog import Catalog
from loradex.domain.library import Library
from loradex.domain.progress import CancelToken, SilentSink
from loradex.errors import Cancelled, LibraryError
from loradex.operations import relocating
from loradex.operations.hash_pass import hash_pass
from loradex.operations.libraries import add_library, find_library
from loradex.operations.relocating import Moved, answered, elsewhere, some_known_files
from loradex.operations.roots import device_of
from loradex.operations.scan import scan
from loradex.operations.scan_report import ScanReport


@pytest.fixture
def library(catalog: Catalog, tmp_path: Path) -> Library:
    """Four LoRAs on a drive, scanned and hashed."""
    for number in range(4):
        lora(tmp_path / f"disk/models/loras/{number}.safetensors", seed=number)
    made = add_library(catalog, tmp_path / "disk/models", name="main")
    scanned(catalog)
    hash_pass(catalog, sink=SilentSink(), cancel=CancelToken())
    assert not catalog.files.to_hash()
    return made


def scanned(catalog: Catalog) -> ScanReport:
    return scan(
        catalog, catalog.files.libraries(), workers=1, sink=SilentSink(), cancel=CancelToken()
    )


def moved(
    catalog: Catalog,
    library: Library,
    folder: Path,
    *,
    force: bool = False,
    dry_run: bool = False,
    cancel: CancelToken | None = None,
) -> Moved:
    return relocating.move_library(
        catalog,
        library,
        folder,
        force=force,
        dry_run=dry_run,
        sink=SilentSink(),
        cancel=cancel or CancelToken(),
    )


@pytest.mark.parametrize("way", ["mounted elsewhere", "copied with times", "copied"])
@pytest.mark.parametrize("away_first", [False, True])
def test_nothing_is_read_again(
    catalog: Catalog, library: Library, tmp_path: Path, way: str, away_first: bool
) -> None:
    new = tmp_path / "mnt/models"
    if way == "mounted elsewhere":
        (tmp_path / "disk").rename(tmp_path / "mnt")
    else:
        copy = shutil.copy2 if way == "copied with times" else shutil.copyfile
        shutil.copytree(tmp_path / "disk", tmp_path / "mnt", copy_function=copy)
        shutil.rmtree(tmp_path / "disk")
    if way == "copied":
        os.utime(new / "loras/0.safetensors", (1, 1))
    if away_first:
        assert scanned(catalog).offline == ["main"]
    before = {file.id for file in catalog.files.known_files(library.id).values()}
    told = moved(catalog, library, new)
    assert (told.resemblance.known, told.resemblance.same, told.unchanged) == (4, 4, 4)
    report = scanned(catalog)
    assert (report.new, report.changed, report.missing, report.moved) == (0, 0, 0, 0)
    assert (report.unchanged, report.back) == ((0, 4) if away_first else (4, 0))
    assert not catalog.files.to_hash()
    assert {file.id for file in catalog.files.known_files(library.id).values()} == before
    rows = catalog.search("is:present").rows
    assert {Path(row.path).parent for row in rows} == {new / "loras"}
    assert len(catalog.search(f"path:{new}").rows) == 4
    assert find_library(catalog, "main").online


def test_a_file_that_changed_on_the_way_is_read_again(
    catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    (tmp_path / "disk").rename(tmp_path / "mnt")
    changed = tmp_path / "mnt/models/loras/0.safetensors"
    size = changed.stat().st_size
    lora(changed, seed=99)
    assert changed.stat().st_size == size
    told = moved(catalog, library, tmp_path / "mnt/models")
    assert (told.resemblance.same, told.unchanged) == (4, 3)
    report = scanned(catalog)
    assert (report.changed, report.unchanged, len(catalog.files.to_hash())) == (1, 3, 1)


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("nothing", "There is no folder"),
        ("other", "0 of 4 known files"),
        ("disk", "Its files are in"),
        ("half", None),
        ("disk/models", "where the library 'main' is already"),
        ("second/inside", "lies inside the library 'second'"),
    ],
)
def test_what_does_not_look_like_it(
    catalog: Catalog, library: Library, tmp_path: Path, folder: str, said: str | None
) -> None:
    trees.tree(tmp_path, "other/", "second/inside/")
    add_library(catalog, tmp_path / "second")
    shutil.copytree(tmp_path / "disk/models", tmp_path / "half")
    for number in range(2):
        (tmp_path / f"half/loras/{number}.safetensors").unlink()
    if said is None:
        assert moved(catalog, library, tmp_path / folder).resemblance.same == 2
        return
    with pytest.raises(LibraryError) as failure:
        moved(catalog, library, tmp_path / folder)
    assert said in str(failure.value)
    assert find_library(catalog, "main").root == library.root


def test_force_and_dry_run(catalog: Catalog, library: Library, tmp_path: Path) -> None:
    trees.tree(tmp_path, "other/")
    moved(catalog, library, tmp_path / "other", force=True, dry_run=True)
    assert find_library(catalog, "main").root == library.root
    moved(catalog, library, tmp_path / "other", force=True)
    assert find_library(catalog, "main").root == str(tmp_path / "other")
    assert len(catalog.files.known_files(library.id)) == 4
    moved(catalog, find_library(catalog, "main"), tmp_path / "disk/models")
    assert scanned(catalog).unchanged == 4


def test_a_library_that_was_never_scanned(catalog: Catalog, tmp_path: Path) -> None:
    trees.tree(tmp_path, "one/", "two/")
    never = add_library(catalog, tmp_path / "one")
    assert moved(catalog, never, tmp_path / "two").resemblance.known == 0


def test_stopped_it_changes_nothing(catalog: Catalog, library: Library, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "disk", tmp_path / "mnt")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        moved(catalog, library, tmp_path / "mnt/models", cancel=cancel)
    assert find_library(catalog, "main").root == library.root


def test_a_diffusers_folder_moves_along(catalog: Catalog, tmp_path: Path) -> None:
    pipe = trees.tree(tmp_path / "disk/pipe", "unet/")
    trees.write(pipe / "model_index.json", '{"_class_name": "StableDiffusionPipeline"}')
    library = add_library(catalog, tmp_path / "disk")
    scanned(catalog)
    shutil.copytree(tmp_path / "disk", tmp_path / "mnt")
    assert moved(catalog, library, tmp_path / "mnt").unchanged == 1
    assert scanned(catalog).unchanged == 1


def test_where_an_absent_library_may_be(
    catalog: Catalog, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = some_known_files(catalog, library)
    root = Path(library.root)
    trees.tree(tmp_path, "drives/a/models/", "drives/b/")
    monkeypatch.setattr(
        relocating, "drives", lambda: [tmp_path / "drives/a", tmp_path / "drives/b"]
    )
    assert elsewhere(root, some, ()) is None
    (tmp_path / "disk").rename(tmp_path / "drives/b/disk")
    there = tmp_path / "drives/b/disk/models"
    assert elsewhere(root, some, ()) == there
    assert elsewhere(root, some, {there}) is None
    assert elsewhere(root, [], ()) is None


def test_a_root_is_there_or_not(tmp_path: Path) -> None:
    trees.tree(tmp_path, "full/x/", "empty/")
    device = tmp_path.stat().st_dev
    assert device_of(str(tmp_path / "full"), device + 1) == device
    assert device_of(str(tmp_path / "empty"), device) == device
    assert device_of(str(tmp_path / "empty"), None) == device
    assert device_of(str(tmp_path / "empty"), device + 1) is None
    assert device_of(str(tmp_path / "gone"), None) is None


def test_a_drive_that_never_answers(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert answered(lambda: 1, 10, 0) == 1
    assert answered(pipe.read_bytes, 0.01, b"late") == b"late"
    with pipe.open("wb"):
        pass
