"""Walks: what counts as a model, links, downloads, and helpers."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from files_kit import lora
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled
from loradex.operations.walk import walk
from loradex.operations.walk_helpers import may_help


def test_helpers_find_the_same(tmp_path: Path) -> None:
    for number in range(60):
        lora(tmp_path / "a" / str(number) / f"{number}.safetensors", seed=number)
        (tmp_path / "b" / str(number)).mkdir(parents=True)
    (tmp_path / "a" / "7" / "half.safetensors.part").touch()
    (tmp_path / "a" / "9" / "dead.safetensors").symlink_to("nowhere")
    (tmp_path / "b" / "3" / "again").symlink_to(tmp_path / "a")
    root = os.fsencode(tmp_path)
    assert may_help()  # else nothing is compared here
    alone = walk(root, (), CancelToken())
    together = walk(root, (), CancelToken(), helpers=2)
    assert together.stamps == alone.stamps
    assert len(together.stamps) == 60
    assert (together.downloads, together.broken, together.unread) == (
        alone.downloads,
        alone.broken,
        alone.unread,
    )
    assert alone.broken == [(b"a/9/dead.safetensors", "It is a link that leads nowhere.")]


def test_what_a_helper_fails_to_do_is_done_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        lora(tmp_path / str(number) / f"{number}.safetensors", seed=number)

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("loradex.operations.walk._Walker.walk_below", die)
    assert len(walk(os.fsencode(tmp_path), (), CancelToken(), helpers=1).stamps) == 60


def test_a_walk_that_is_stopped_leaves_no_helper(tmp_path: Path) -> None:
    for number in range(60):
        lora(tmp_path / str(number) / f"{number}.safetensors", seed=number)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        walk(os.fsencode(tmp_path), (), token, helpers=2)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


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
