"""Walks: what counts as a model, links, downloads, and helpers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from files_kit import lora
from loradex.domain.progress import CancelToken
from loradex.operations.walk import walk


@pytest.mark.parametrize(
    "case", ["same", "failing", "no_process", "no_zombies", "stopped", "orphaned"]
)
def test_helpers(tmp_path: Path, case: str) -> None:
    for number in range(60):
        lora(tmp_path / "a" / str(number) / f"{number}.safetensors", seed=number)
        (tmp_path / "b" / str(number)).mkdir(parents=True)
    (tmp_path / "a" / "7" / "half.safetensors.part").touch()
    (tmp_path / "a" / "9" / "dead.safetensors").symlink_to("nowhere")
    (tmp_path / "b" / "3" / "again").symlink_to(tmp_path / "a")
    script = Path(__file__).with_name("walk_alone.py")
    done = subprocess.run(
        [sys.executable, script, case, tmp_path],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("names", "lacking"),
    [
        (["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"], {}),
        (["m-00001-of-00002.gguf"], {"m-00001-of-00002.gguf": "Shard 2 of 2 is missing."}),
        (["m-00002-of-00003.bin"], {"m-00002-of-00003.bin": "Shard 1 of 3 is missing."}),
        (["m-1-of-3.bin", "m-3-of-3.bin"], {"m-1-of-3.bin": "Shard 2 of 3 is missing."}),
        (["m-00001-of-00002.gguf", "m-00002-of-00002.safetensors"],
         {"m-00001-of-00002.gguf": "Shard 2 of 2 is missing.",
          "m-00002-of-00002.safetensors": "Shard 1 of 2 is missing."}),
        (["m-00001-of-00002.gguf", "m-00001-of-00002.gguf.aria2"], {}),
        (["m-00001-of-00002.gguf", "out-m-00002-of-00002.gguf"],
         {"m-00001-of-00002.gguf": "Shard 2 of 2 is missing.",
          "out-m-00002-of-00002.gguf": "Shard 1 of 2 is missing."}),
        (["m-00001-of-00002.gguf", "left/m-00002-of-00002.gguf"],
         {"m-00001-of-00002.gguf": "Shard 2 of 2 is missing.",
          "left/m-00002-of-00002.gguf": "Shard 1 of 2 is missing."}),
    ],
)  # fmt: skip
def test_models_that_lack_shards(tmp_path: Path, names: list[str], lacking: dict[str, str]) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    seen = walk(os.fsencode(tmp_path), (), CancelToken())
    paths = {stamp[0] for stamp in seen.stamps}
    told = {os.fsdecode(path): text for path, text in seen.incomplete.items() if path in paths}
    assert told == lacking


def test_a_shard_that_is_left_out_is_there_all_the_same(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"m-0000{number}-of-00002.gguf").write_bytes(b"x")
    seen = walk(os.fsencode(tmp_path), ("*-00002-of-*",), CancelToken())
    assert [stamp[0] for stamp in seen.stamps] == [b"m-00001-of-00002.gguf"]
    assert seen.incomplete == {}


@pytest.mark.parametrize(
    ("names", "models", "downloads"),
    [
        (["a.safetensors", "a.safetensors.aria2"], [], 1),
        (["a.safetensors", "b.safetensors.part", "c.tmp", "d.crdownload"], ["a.safetensors"], 3),
        (["A.SAFETENSORS", "b.Ckpt", ".hidden.safetensors"], ["A.SAFETENSORS", "b.Ckpt"], 0),
        (["optimizer.bin", "weights.bin"], ["weights.bin"], 0),
        (["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"], ["m-00001-of-00002.gguf"], 0),
        (["m-00002-of-00002.bin"], ["m-00002-of-00002.bin"], 0),
        (["best-of-all.safetensors"], ["best-of-all.safetensors"], 0),
        (["style.safetensors", "style.v2.safetensors", "style.json"],
         ["style.safetensors", "style.v2.safetensors"], 0),
    ],
)  # fmt: skip
def test_which_names_are_models(
    tmp_path: Path, names: list[str], models: list[str], downloads: int
) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    seen = walk(os.fsencode(tmp_path), (), CancelToken())
    assert sorted(os.fsdecode(found.raw_path) for found in seen.found) == models
    assert seen.downloads == downloads
