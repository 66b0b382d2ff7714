"""Which names are models, unfinished downloads and sidecars."""

from __future__ import annotations

import pytest

from loradex.formats.model_files import (
    MODEL_SUFFIXES,
    SIDECAR_SUFFIXES,
    SidecarRole,
    is_being_downloaded,
    is_download,
    is_model_file,
    model_stem,
    sidecars,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.safetensors", True), ("A.SAFETENSORS", True), ("x.y.z.sft", True), ("m.gguf", True),
        ("m.ckpt", True), ("m.pt", True), ("m.pth", True), ("pytorch_model.bin", True),
        ("風景.safetensors", True), ("a.safetensors.part", False), ("a.json", False),
        (".safetensors", False), ("._a.safetensors", False), ("safetensors", False), ("", False),
        ("optimizer.bin", False), ("Training_Args.bin", False), ("a.safetensors.index.json", False),
        ("a.preview.png", False),
    ],
)  # fmt: skip
def test_model_names(name: str, expected: bool) -> None:
    assert is_model_file(name) is expected


@pytest.mark.parametrize(
    "name", ["a.safetensors.part", "x.TMP", "Unconfirmed 12.crdownload", "a.download", "a.aria2"]
)
def test_downloads(name: str) -> None:
    assert is_download(name)
    assert not is_model_file(name)


def test_a_control_file_tells_of_a_download_under_the_final_name() -> None:
    beside = {"a.safetensors", "a.safetensors.aria2", "b.safetensors"}
    assert is_being_downloaded("a.safetensors", beside)
    assert not is_being_downloaded("b.safetensors", beside)
    assert not is_download("department.safetensors")


def test_stems() -> None:
    assert model_stem("foo.v2.safetensors") == "foo.v2"
    assert model_stem("notes.txt") == "notes.txt"


def test_sidecars_by_known_suffix_only() -> None:
    beside = [
        "foo.safetensors", "foo.ckpt", "foo.v2.safetensors", "foo.v2.json", "food.json",
        "foo.civitai.info", "foo.json", "foo.preview.png", "foo.PNG", "foo.txt",
        "foo.safetensors.rgthree-info.json", "foo.ckpt.rgthree-info.json", "foo.sha256",
        "foo.safetensors.sha256", "foo.unknown", "Foo.json", "foo", "foo.safetensors.index.json",
    ]  # fmt: skip
    found = {sidecar.name: sidecar.suffix.role for sidecar in sidecars("foo.safetensors", beside)}
    assert found == {
        "foo.civitai.info": SidecarRole.INFO,
        "foo.json": SidecarRole.INFO,
        "foo.safetensors.rgthree-info.json": SidecarRole.INFO,
        "foo.sha256": SidecarRole.INFO,
        "foo.safetensors.sha256": SidecarRole.INFO,
        "foo.txt": SidecarRole.TEXT,
        "foo.preview.png": SidecarRole.PREVIEW,
        "foo.PNG": SidecarRole.PREVIEW,
    }
    assert [s.name for s in sidecars("foo.v2.safetensors", beside)] == ["foo.v2.json"]


def test_the_table_is_sound() -> None:
    ways = [(suffix.suffix, suffix.after_full_name) for suffix in SIDECAR_SUFFIXES]
    assert len(ways) == len(set(ways))
    for suffix, _ in ways:
        assert suffix == suffix.lower()
        assert not any(suffix.endswith(model) for model in MODEL_SUFFIXES)
