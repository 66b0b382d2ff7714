"""Textual inversion embeddings of every layout, and what is refused."""

# ruff: noqa: PLC0415 - torch is imported only by tests that run

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from loradex.errors import LoraMismatch, NotRenderable

pytestmark = pytest.mark.render


def write(path: Path, stored: Any) -> Path:
    import torch
    from safetensors.torch import save

    if path.suffix == ".safetensors":
        path.write_bytes(save(stored))
    else:
        torch.save(stored, path)
    return path


@pytest.mark.parametrize(
    ("name", "layout", "widths"),
    [
        ("a.safetensors", "emb_params", {"clip_l": 768}),
        ("b.safetensors", "<word>", {"clip_l": 1024}),
        ("c.pt", "a1111", {"clip_l": 768}),
        ("d.bin", "<word>", {"clip_l": 768}),
        ("e.safetensors", "sdxl", {"clip_l": 768, "clip_g": 1280}),
        ("f.pt", "sdxl", {"clip_l": 768, "clip_g": 1280}),
        ("g.bin", "one vector", {"clip_l": 768}),
    ],
)
def test_a_layout_is_read(name: str, layout: str, widths: dict[str, int], tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from loradex.render.embeddings import read_embedding

    rows = {key: torch.randn(2 + (key == "clip_g"), width) for key, width in widths.items()}
    only = rows["clip_l"]
    stored: Any = {
        "emb_params": {"emb_params": only},
        "<word>": {"<word>": only},
        "a1111": {"string_to_token": {"*": 265}, "string_to_param": {"*": only}, "step": 100},
        "sdxl": rows,
        "one vector": {"<word>": only[0]},
    }[layout]
    embedding = read_embedding(write(tmp_path / name, stored))
    assert embedding.name == name[0]
    fitted = embedding.for_encoders(widths)
    assert set(fitted) == set(widths)
    assert all(len(one) == embedding.count for one in fitted.values())
    for key, one in fitted.items():
        wanted = rows[key][:1] if layout == "one vector" else rows[key]
        assert torch.equal(one[: len(wanted)], wanted)
        assert not one[len(wanted) :].any()


@pytest.mark.parametrize(
    ("widths", "hint"),
    [({"clip_l": 1024}, "SD 1.x"), ({"clip_l": 768, "clip_g": 1280}, "SD 1.x")],
)
def test_another_family_is_told(widths: dict[str, int], hint: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from loradex.render.embeddings import read_embedding

    path = write(tmp_path / "a.safetensors", {"emb_params": torch.zeros(1, 768)})
    with pytest.raises(LoraMismatch, match="768") as caught:
        read_embedding(path).for_encoders(widths)
    assert hint in str(caught.value)


class Evil:
    """Would leave a file behind if it were ever unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def test_code_in_a_pickle_is_never_run(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from loradex.render.embeddings import read_embedding

    mark = tmp_path / "mark"
    torch.save({"string_to_param": {"*": torch.zeros(1, 768)}, "x": Evil(mark)}, tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(pickle.dumps(Evil(mark)))
    for name in ("a.pt", "b.pt"):
        with pytest.raises(NotRenderable, match="bare tensors"):
            read_embedding(tmp_path / name)
    assert not mark.exists()


@pytest.mark.parametrize("case", ["two tensors", "no tensors", "whole numbers", "three dimensions"])
def test_what_is_no_embedding_is_refused(case: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from loradex.render.embeddings import read_embedding

    stored = {
        "two tensors": {"a": torch.zeros(1, 768), "b": torch.zeros(1, 768)},
        "no tensors": {},
        "whole numbers": {"a": torch.zeros(1, 768, dtype=torch.int64)},
        "three dimensions": {"a": torch.zeros(1, 2, 768)},
    }[case]
    path = write(tmp_path / "a.safetensors", stored)
    with pytest.raises(NotRenderable, match="not a textual inversion"):
        read_embedding(path)


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
def test_a_file_of_something_else_is_refused(name: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from loradex.render.embeddings import read_embedding

    (tmp_path / name).write_bytes(b"<html>not found</html>")
    with pytest.raises(NotRenderable):
        read_embedding(tmp_path / name)
    with pytest.raises(NotRenderable, match="cannot be read"):
        read_embedding(tmp_path / f"missing-{name}")
