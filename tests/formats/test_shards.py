"""Models in several files: the first shard tells the whole, and nothing missing is fatal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loradex.domain.header import FileFormat, Shard
from loradex.errors import FormatError
from loradex.formats.headers import read_header
from loradex.formats.shards import (
    MOST_SHARDS,
    is_shards_problem,
    merged,
    shard_name,
    shards_problem,
    siblings,
)

from .making import safetensors, table


def weights(*names: str) -> bytes:
    return safetensors(table({name: ("F16", [2]) for name in names}))


def write(folder: Path, name: str, *tensors: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(weights(*tensors))
    return path


@pytest.mark.parametrize(
    ("name", "number", "of", "whole"),
    [
        ("model-00002-of-00003.safetensors", 2, 3, "model.safetensors"),
        ("model.fp16-00001-of-00002.safetensors", 1, 2, "model.fp16.safetensors"),
        ("model-00001-of-00002.fp16.safetensors", 1, 2, "model.fp16.safetensors"),
        ("qwen-Q4_K_M-00001-of-00002.gguf", 1, 2, "qwen-Q4_K_M.gguf"),
        ("pytorch_model-00001-of-00002.bin", 1, 2, "pytorch_model.bin"),
        ("a-1-of-4.safetensors", 1, 4, "a.safetensors"),
    ],
)
def test_names_of_shards(name: str, number: int, of: int, whole: str) -> None:
    found = shard_name(name)
    assert found is not None
    assert (found.number, found.of, found.whole) == (number, of, whole)
    assert found.sibling(number) == name


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors",
        "best-of-3.safetensors",
        "model-00004-of-00003.safetensors",
        "model-00000-of-00003.safetensors",
        "model-00001-of-00001.safetensors",
        f"model-00001-of-{MOST_SHARDS + 1:05d}.safetensors",
        "-00001-of-00002",
    ],
)
def test_names_of_others(name: str) -> None:
    assert shard_name(name) is None


def test_the_first_shard_has_all_tensors_and_another_its_own_and_the_firsts(tmp_path: Path) -> None:
    paths = [write(tmp_path, f"m-0000{n}-of-00003.safetensors", f"t{n}") for n in (1, 2, 3)]
    first, second = read_header(paths[0]), read_header(paths[1])
    assert list(first.tensors) == ["t1", "t2", "t3"]
    assert first.shard == Shard(1, 3, "m.safetensors")
    assert list(second.tensors) == ["t2", "t1"]
    assert second.shard == Shard(2, 3, "m.safetensors")
    alone = read_header(write(tmp_path, "alone.safetensors", "t"))
    assert alone.shard is None


def test_the_header_stays_the_files_own(tmp_path: Path) -> None:
    paths = [write(tmp_path, f"m-0000{n}-of-00002.safetensors", f"t{n}" * n) for n in (1, 2)]
    for path in paths:
        length = int.from_bytes(path.read_bytes()[:8], "little")
        assert read_header(path).tensor_offset == 8 + length


@pytest.mark.parametrize("harm", ["missing", "cut", "no model"])
def test_a_shard_that_is_not_there_is_told_and_not_fatal(tmp_path: Path, harm: str) -> None:
    paths = [write(tmp_path, f"m-0000{n}-of-00003.safetensors", f"t{n}") for n in (1, 2, 3)]
    if harm == "missing":
        paths[1].unlink()
    else:
        paths[1].write_bytes(paths[1].read_bytes()[:-1] if harm == "cut" else b"<html>")
    header = read_header(paths[0])
    assert list(header.tensors) == ["t1", "t3"]
    broken = () if harm == "missing" else (2,)
    assert header.shard == Shard(1, 3, "m.safetensors", (2,), broken)
    assert header.notes == (f"Shard 2 of 3 is {'broken' if broken else 'missing'}.",)
    assert len(siblings(paths[0])) == 1 + len(broken)


@pytest.mark.parametrize(
    ("missing", "broken", "said"),
    [
        ([], [], None),
        ([2], [], "Shard 2 of 9 is missing."),
        ([2, 3], [], "Shards 2 and 3 of 9 are missing."),
        ([2, 3, 4], [9], "Shards 2, 3 and 4 of 9 are missing. Shard 9 of 9 is broken."),
    ],
)
def test_what_is_lacking_is_said(missing: list[int], broken: list[int], said: str | None) -> None:
    assert shards_problem(missing, broken, 9) == said
    assert said is None or is_shards_problem(said)


def test_a_first_shard_that_is_broken_itself_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, "m-00001-of-00002.safetensors", "t")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FormatError, match="cut short"):
        read_header(path)


def test_a_lonely_middle_shard(tmp_path: Path) -> None:
    header = read_header(write(tmp_path, "m-00002-of-00003.safetensors", "t"))
    assert list(header.tensors) == ["t"]
    assert header.shard == Shard(2, 3, "m.safetensors", (1,))


def test_merging_is_bounded_and_keeps_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loradex.formats.shards.MAX_TENSORS", 3)
    tables = [{"a": 1, "b": 2}, {"a": 3, "c": 4, "d": 5}]
    assert merged(tables) == {"a": 1, "b": 2, "c": 4}  # type: ignore[arg-type]


# Folders of one component


def component(folder: Path, config: object, *names: str) -> Path:
    for index, name in enumerate(names):
        write(folder, name, f"t{index}")
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"_class_name": "FluxTransformer2DModel", "in_channels": 64}, "FluxTransformer2DModel"),
        ({"architectures": ["Qwen3ForCausalLM"], "hidden_size": 64}, "Qwen3ForCausalLM"),
        ({"architectures": []}, None),
        ({}, None),
    ],
)
def test_a_component_folder(tmp_path: Path, config: object, name: str | None) -> None:
    folder = component(tmp_path / "unet", config, "model.safetensors", "model.fp16.safetensors")
    header = read_header(folder)
    assert header.format is FileFormat.DIFFUSERS
    assert list(header.tensors) == ["t0"]
    assert header.config.get("_class_name") == name
    assert header.shard is None


def test_a_component_in_shards_and_one_shard_less(tmp_path: Path) -> None:
    names = [f"model-0000{n}-of-00003.safetensors" for n in (1, 2, 3)]
    folder = component(tmp_path / "te", None, *names)
    assert read_header(folder).shard == Shard(0, 3, "model.safetensors")
    (folder / names[1]).unlink()
    header = read_header(folder)
    assert list(header.tensors) == ["t0", "t2"]
    assert header.shard == Shard(0, 3, "model.safetensors", (2,))


def test_a_folder_of_models_is_no_model(tmp_path: Path) -> None:
    folder = component(tmp_path / "loras", None, "one.safetensors", "two.safetensors")
    with pytest.raises(FormatError, match="not a diffusers model"):
        read_header(folder)


def test_a_configuration_without_weights_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(FormatError, match="not a diffusers model"):
        read_header(tmp_path)
