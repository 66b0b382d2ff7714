"""A Hugging Face cache: each blob is one place, and its name is the repository's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from files_kit import lora
from layouts import trees
from loradex.catalog.catalog import Catalog
from loradex.domain.library import Layout
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.layouts.detecting import detect
from loradex.operations.layouts.facts import import_facts
from loradex.operations.layouts.huggingface_facts import name_of
from loradex.operations.layouts.walking import left_out
from loradex.operations.libraries import add_library
from loradex.operations.scan import scan
from loradex.operations.walk import walk


def walked(catalog: Catalog) -> set[str]:
    """Return what a walk with the library's globs, and those found at each scan, meets."""
    (library,) = catalog.files.libraries()
    seen = walk(os.fsencode(library.root), (*library.ignore, *left_out(library)), CancelToken())
    assert (seen.broken, seen.unread) == ([], [])
    return {os.fsdecode(file.raw_path) for file in seen.found}


def test_only_the_newest_place_of_a_blob(catalog: Catalog, tmp_path: Path) -> None:
    cache = tmp_path / "hub"
    trees.hugging_face(
        cache, "org/model", "old", {"a.safetensors": b"1", "b.safetensors": b"2", "[c].bin": b"3"}
    )
    trees.hugging_face(
        cache, "org/model", "new", {"a.safetensors": b"1", "b.safetensors": b"changed"}
    )
    pipeline = {"model_index.json": b"{}", "unet/x.safetensors": b"4"}
    trees.hugging_face(cache, "org/pipe", "first", {**pipeline, "README.md": b"old"})
    trees.hugging_face(cache, "org/pipe", "second", {**pipeline, "README.md": b"new"})
    trees.tree(cache, "datasets--x--y/snapshots/r/data.bin", ".locks/models--org--model/x.pt")
    add_library(catalog, cache)
    assert walked(catalog) == {
        "models--org--model/snapshots/new/a.safetensors",
        "models--org--model/snapshots/new/b.safetensors",
        "models--org--model/snapshots/old/b.safetensors",
        "models--org--model/snapshots/old/[c].bin",
        "models--org--pipe/snapshots/second",
    }


def test_sdnext_keeps_such_a_cache_inside(catalog: Catalog, tmp_path: Path) -> None:
    top = trees.sdnext(tmp_path / "sdnext")
    for revision in ("old", "new"):
        trees.hugging_face(
            top / "models/Diffusers", "a/b", revision,
            {"model_index.json": b"{}", "unet/x.bin": b"1"},
        )  # fmt: skip
    add_library(catalog, top)
    assert walked(catalog) == {"Diffusers/models--a--b/snapshots/new"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("models--org--name/snapshots/abc", "org/name"),
        ("models--gpt2/snapshots/abc/model.safetensors", "gpt2: model"),
        ("models--a--b--c/snapshots/r/unet/x.fp16.safetensors", "a/b--c: unet/x.fp16"),
        ("models--/snapshots/r/x.bin", None),
        ("models--a--b/blobs/x.bin", None),
        ("loose.safetensors", None),
    ],
)
def test_names(path: str, name: str | None) -> None:
    assert name_of(path) == name


def test_models_are_named_after_their_repository(catalog: Catalog, tmp_path: Path) -> None:
    file = lora(tmp_path / "x.safetensors").read_bytes()
    cache = trees.hugging_face(
        tmp_path / "home/huggingface/hub", "org/fine-lora", "r1",
        {"pytorch_lora_weights.safetensors": file},
    )  # fmt: skip
    assert detect(cache.parent) == detect(cache)
    library = add_library(catalog, cache.parent)
    assert (library.name, library.layout) == ("huggingface", Layout.HUGGING_FACE)
    scan(catalog, [library], workers=1, sink=SilentSink(), cancel=CancelToken())
    (row,) = catalog.search("").rows
    assert row.name == "org/fine-lora: pytorch_lora_weights"
    assert row.copies == 1
    assert import_facts(catalog, library) == 0
