"""Quick fingerprints: the documented layout, and what they notice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from blake3 import blake3

from loradex.errors import FormatError
from loradex.formats.fingerprint import fingerprint_of, quick_fingerprint
from loradex.formats.headers import read_open
from loradex.formats.model_file import ModelFile

from .making import safetensors, small_lora, table

HEAD = 65536
BLOCK = 8192


def by_the_book(content: bytes, head: int) -> str:
    """The layout in the module's docstring, written out once more."""
    digest = blake3(len(content).to_bytes(8, "little") + content[:head])
    body = content[head:]
    if len(body) <= 8 * BLOCK:
        digest.update(body)
    else:
        for index in range(8):
            at = (len(body) - BLOCK) * index // 7
            digest.update(body[at : at + BLOCK])
    return "2-" + digest.hexdigest()[:32]


def patterned(count: int) -> bytes:
    return bytes(k * 7 % 251 for k in range(251)) * (count // 251 + 1)


def big(seed: int = 0) -> bytes:
    empty = safetensors(table({"w": ("F16", [1500, 1024])}), 0)
    return empty + patterned(3_072_000 + seed)[seed : seed + 3_072_000]


@pytest.mark.parametrize(
    ("content", "head"),
    [
        (small_lora({"a": "b"}), len(small_lora({"a": "b"})) - 514),
        (big(), len(big()) - 3_072_000),
        (patterned(1000)[:1000], 1000),
        (patterned(3_000_000)[:3_000_000], HEAD),
        (b"", 0),
    ],
)
def test_layout(tmp_path: Path, content: bytes, head: int) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert quick_fingerprint(path) == by_the_book(content, head)


def test_with_and_without_the_header_it_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(big())
    with ModelFile(path) as file:
        assert fingerprint_of(file, read_open(file)) == quick_fingerprint(path)


def changed_at(place: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize(
    "change",
    [
        changed_at(20),  # header
        lambda content: content[:-1] + b"\x99",  # last block
        changed_at(200),  # first block
        changed_at(1_316_000),  # one of the inner samples
        lambda content: content + b"\0",
        lambda content: content[:-1],
    ],
)
def test_a_change_is_noticed(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "x"
    path.write_bytes(big())
    before = quick_fingerprint(path)
    path.write_bytes(change(big()))
    assert quick_fingerprint(path) != before


def test_a_damaged_file_has_one_too(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(safetensors(b"{}", 0, length=2**60))
    assert len(quick_fingerprint(path)) == 34


def test_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    (folder / "unet" / "w.safetensors").write_bytes(small_lora())
    before = quick_fingerprint(folder)

    (folder / ".cache").mkdir()
    (folder / ".cache" / "lock").touch()
    (folder / "loop").symlink_to(folder)
    (tmp_path / "copy").symlink_to(folder)
    assert quick_fingerprint(folder) == quick_fingerprint(tmp_path / "copy") == before

    (folder / "unet" / "w.safetensors").rename(folder / "unet" / "v.safetensors")
    renamed = quick_fingerprint(folder)
    (folder / "unet" / "v.safetensors").write_bytes(small_lora({"a": "b"}))
    assert len({before, renamed, quick_fingerprint(folder)}) == 3


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is not there"):
        quick_fingerprint(tmp_path / "gone")
