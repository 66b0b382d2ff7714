"""Adding a tool's folder makes the right libraries, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from files_kit import lora
from layouts import trees
from loradex.catalog.catalog import Catalog
from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout
from loradex.domain.progress import CancelToken, SilentSink
from loradex.errors import LibraryError
from loradex.operations.libraries import (
    Proposal,
    add_library,
    add_proposed,
    folder_for,
    propose,
    remove_library,
)
from loradex.operations.scan import scan

K = ModelKind


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A ComfyUI that also uses LoRAs on another disk."""
    trees.tree(tmp_path, "disk/loras/")
    top = trees.comfyui(tmp_path / "ComfyUI")
    trees.write(top / "extra_model_paths.yaml", f"my:\n  loras: {tmp_path}/disk/loras\n")
    return top


def names(proposal: Proposal) -> list[str]:
    return [addition.name for addition in proposal.additions]


def scan_all(catalog: Catalog) -> None:
    scan(catalog, catalog.files.libraries(), workers=1, sink=SilentSink(), cancel=CancelToken())


def test_a_tools_folder_becomes_its_models_folder(catalog: Catalog, shared: Path) -> None:
    proposal = propose(catalog, shared)
    assert catalog.files.libraries() == []
    assert [root.path.name for root in proposal.further] == ["loras"]
    (library,) = add_proposed(catalog, proposal)
    assert (library.name, library.layout) == ("ComfyUI", Layout.COMFYUI)
    assert library.root == str(shared / "models")
    assert catalog.libraries.folders(library.id)["loras"] is K.LORA
    assert folder_for(catalog, library, K.VAE) == "vae"
    assert folder_for(catalog, library, K.UNKNOWN) is None


def test_the_further_folders_too(catalog: Catalog, shared: Path) -> None:
    proposal = propose(catalog, shared, name="main", with_extra=True)
    assert names(proposal) == ["main", "disk-loras"]
    assert proposal.further == ()
    _, second = add_proposed(catalog, proposal)
    assert folder_for(catalog, second, K.LORA) == ""
    with pytest.raises(LibraryError, match="in libraries already"):
        propose(catalog, shared, with_extra=True)
    with pytest.raises(LibraryError, match="is a library already"):
        propose(catalog, shared)


def test_the_further_folders_later(catalog: Catalog, shared: Path) -> None:
    add_library(catalog, shared)
    proposal = propose(catalog, shared, with_extra=True)
    assert names(proposal) == ["disk-loras"]
    assert "stays with the library ComfyUI" in proposal.notes[0]


def test_further_folders_around_the_first_are_left_out(catalog: Catalog, tmp_path: Path) -> None:
    top = trees.swarmui(tmp_path / "swarm")
    trees.write(top / "Data/Settings.fds", f"Paths:\n\tModelRoot: Models;{top}\n")
    proposal = propose(catalog, top, with_extra=True)
    assert names(proposal) == ["swarm"]
    assert "overlaps" in proposal.notes[0]


def test_exactly_this_folder(catalog: Catalog, shared: Path) -> None:
    (addition,) = propose(catalog, shared, as_it_is=True).additions
    assert (addition.root.path, addition.root.layout) == (shared, Layout.PLAIN)


def test_a_tool_without_models(catalog: Catalog, tmp_path: Path) -> None:
    top = trees.tree(tmp_path / "invokeai", "invokeai.yaml")
    with pytest.raises(LibraryError, match="without any models folder"):
        propose(catalog, top)


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("ComfyUI", "ComfyUI"),
        ("ComfyUI/models", "ComfyUI-models"),
        ("ComfyUI/models/loras", "models-loras"),
        ("odd", "odd"),
        ("SwarmUI", "SwarmUI"),
    ],
)
def test_names(catalog: Catalog, tmp_path: Path, folder: str, name: str) -> None:
    trees.comfyui(tmp_path / "ComfyUI")
    trees.swarmui(tmp_path / "SwarmUI")
    trees.tree(tmp_path, "odd/")
    assert names(propose(catalog, tmp_path / folder)) == [name]


def test_a_web_ui_is_one_library_without_its_clutter(catalog: Catalog, tmp_path: Path) -> None:
    top = trees.web_ui(tmp_path / "webui")
    for place in ("models/Lora", "embeddings", "venv/lib", "outputs", "my-environment", ".git"):
        lora(top / place / "x.safetensors")
    library = add_library(catalog, top, ignore=("models/VAE",))
    scan_all(catalog)
    assert {os.fsdecode(path) for path in catalog.files.known_files(library.id)} == {
        "models/Lora/x.safetensors",
        "embeddings/x.safetensors",
    }
    assert "models/VAE" in library.ignore


def test_links_between_libraries(catalog: Catalog, tmp_path: Path) -> None:
    """A link into another library is left to it; a later one counts each file once."""
    disk = trees.tree(tmp_path / "disk", "loras/", "other/")
    first = lora(disk / "loras/x.safetensors")
    second = lora(disk / "other/y.safetensors", seed=1)
    add_library(catalog, disk / "loras")
    top = trees.tree(tmp_path / "ComfyUI", "folder_paths.py", "models/checkpoints/")
    (top / "models/loras").symlink_to(disk / "loras")
    (top / "models/mine").symlink_to(disk / "other")
    proposal = propose(catalog, top)
    assert proposal.notes == ("loras is a link into the library disk-loras and stays with it.",)
    add_proposed(catalog, proposal)
    add_library(catalog, disk / "other")
    scan_all(catalog)
    rows = {row.path: row.copies for row in catalog.search("").rows}
    assert sorted(rows.values()) == [1, 1]
    remove_library(catalog, "other")
    assert {row.state for row in catalog.search("").rows} == {"present"}
    assert first.exists()
    assert second.exists()


def test_a_root_that_is_a_link_is_known_by_where_it_is(catalog: Catalog, tmp_path: Path) -> None:
    trees.comfyui(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    library = add_library(catalog, tmp_path / "link")
    assert library.root == str(tmp_path / "real/models")
    with pytest.raises(LibraryError, match="already"):
        add_library(catalog, tmp_path / "real")
    with pytest.raises(LibraryError, match="lies inside"):
        add_library(catalog, tmp_path / "link/models/loras")


def test_folder_names_that_are_no_unicode(catalog: Catalog, tmp_path: Path) -> None:
    top = trees.tree(tmp_path / "models", os.fsdecode(b"l\xff/"), "loras/")
    library = add_library(catalog, top)
    catalog.libraries.set_folders(library.id, {os.fsdecode(b"l\xff"): K.LORA})
    assert catalog.libraries.folders(library.id) == {"l\udcff": K.LORA}
