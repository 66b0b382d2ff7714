"""Which files belong to a model by their names, and whose they are."""

from __future__ import annotations

import os
import sys

import pytest

from loradex.catalog.sidecar_store import ModelPlace
from loradex.domain.progress import Problem
from loradex.operations.sidecars.finding import Suffix, find_sidecars
from sidecars.conftest import Shelf

SUFFIXES = [
    Suffix(".civitai.info"),
    Suffix(".metadata.json"),
    Suffix(".json"),
    Suffix(".txt"),
    Suffix(".rgthree-info.json", after_full_name=True),
]


def _place(root: bytes, path: bytes, number: int = 1) -> ModelPlace:
    return ModelPlace(number, 1, root, path, 1, 1, 0.0, "safetensors", None, None, None)


def _found(folder: os.PathLike[str], *models: bytes) -> dict[str, list[bytes]]:
    root = os.fsencode(folder)
    problems: list[Problem] = []
    places = [_place(root, model, number) for number, model in enumerate(models)]
    found = find_sidecars(places, SUFFIXES, problems)
    assert problems == []
    return {each.name: [place.raw_path for place in each.owners] for each in found}


@pytest.mark.parametrize(
    ("names", "models", "wanted"),
    [
        # Known suffixes only: a common beginning means nothing.
        (["foo.v2.civitai.info", "foo.v2.json", "foo2.json"], ["foo.safetensors"], []),
        (["foo.json", "foo.txt"], ["foo.safetensors"], ["foo.json", "foo.txt"]),
        (["foo.CIVITAI.Info"], ["foo.safetensors"], ["foo.CIVITAI.Info"]),
        (["FOO.json"], ["foo.safetensors"], []),
        (["foo.v2.json"], ["foo.safetensors", "foo.v2.safetensors"], ["foo.v2.json"]),
        # The longer suffix says more: it is not the `.json` of a model called `foo.metadata`.
        (["foo.metadata.json"], ["foo.safetensors", "foo.metadata.ckpt"], ["foo.metadata.json"]),
        (["foo.safetensors.rgthree-info.json"], ["foo.safetensors"],
         ["foo.safetensors.rgthree-info.json"]),
        (["foo.rgthree-info.json"], ["foo.safetensors"], []),
        (["foo.jsonl", "foo.json.bak", "foo"], ["foo.safetensors"], []),
    ],
)  # fmt: skip
def test_names(tmp_path: os.PathLike[str], names: list[str], models: list[str], wanted: list[str]):  # type: ignore[no-untyped-def]
    for name in names:
        open(os.path.join(tmp_path, name), "w").close()  # noqa: PTH118, PTH123
    assert sorted(_found(tmp_path, *map(os.fsencode, models))) == sorted(wanted)


def test_the_longer_suffix_decides_whose_it_is(tmp_path: os.PathLike[str]) -> None:
    open(os.path.join(tmp_path, "foo.metadata.json"), "w").close()  # noqa: PTH118, PTH123
    found = _found(tmp_path, b"foo.metadata.ckpt", b"foo.safetensors")
    assert found == {"foo.metadata.json": [b"foo.safetensors"]}


@pytest.mark.skipif(sys.platform == "darwin", reason="names are UTF-8 there")
def test_names_that_are_no_utf8(shelf: Shelf) -> None:
    raw = os.fsdecode(b"caf\xe9")
    id_ = shelf.model(f"{raw}.safetensors")
    shelf.write(f"{raw}.txt", "A note")
    shelf.take_in()
    assert shelf.fact(id_, "description") == ("A note", "sidecar")
    report, _ = shelf.put_out("lora-manager", "a1111")
    assert report.refused == []
    assert os.path.exists(os.fsencode(shelf.root) + b"/caf\xe9.metadata.json")  # noqa: PTH110


def test_a_file_that_models_share_is_of_the_one_it_names(shelf: Shelf) -> None:
    one, two = shelf.model("foo.safetensors"), shelf.model("foo.sft")
    shelf.write("foo.metadata.json", {"sha256": shelf.sha256("foo.sft"), "notes": "of two"})
    shelf.write("foo.json", {"notes": "of nobody"})
    report = shelf.take_in()
    assert shelf.fact(one, "note") is None
    assert shelf.fact(two, "note") == ("of two", "sidecar")
    (problem,) = report.refused
    assert problem.message == (
        "It lies beside foo.safetensors and foo.sft, and does not say which of them it means."
    )


def test_a_file_is_shared_even_with_a_model_nobody_asked_about(shelf: Shelf) -> None:
    one = shelf.model("foo.safetensors")
    shelf.model("foo.sft")
    shelf.write("foo.json", {"notes": "whose?"})
    assert len(shelf.take_in(one).refused) == 1
    assert shelf.fact(one, "note") is None


def test_once_a_model_is_alone_its_file_is_read(shelf: Shelf) -> None:
    one = shelf.model("foo.safetensors")
    (shelf.root / "foo.ckpt").write_bytes(b"another model")
    shelf.write("foo.json", {"notes": "mine"})
    assert len(shelf.take_in().refused) == 1
    assert shelf.take_in().refused == []  # nothing has changed: told once
    (shelf.root / "foo.ckpt").unlink()
    shelf.take_in()
    assert shelf.fact(one, "note") == ("mine", "sidecar")


def test_a_folder_that_is_gone_is_told(shelf: Shelf) -> None:
    shelf.model("deep/foo.safetensors")
    shelf.model("bar.safetensors")
    shelf.write("bar.txt", "here")
    (shelf.root / "deep" / "foo.safetensors").unlink()
    (shelf.root / "deep").rmdir()
    report = shelf.take_in()
    assert dict(report.read) == {"text": 1}
    assert [problem.message for problem in report.refused] == [
        "It cannot be listed: No such file or directory."
    ]
