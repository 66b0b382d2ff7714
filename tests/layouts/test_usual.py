"""The usual places are looked at in time, also when one of them never answers."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from layouts import trees
from loradex.operations.layouts import usual
from loradex.operations.layouts.usual import drives, survey


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    mounts = {str(tmp_path / "mnt"): False, str(tmp_path / "media"): True}
    monkeypatch.setattr(usual, "_MOUNTS", mounts)
    monkeypatch.setattr(usual, "_LOOKED_INTO", ("~", "~/Documents", str(tmp_path / "opt")))
    return tmp_path


def test_tools_in_home_on_drives_and_in_the_cache(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees.comfyui(places / "home/ComfyUI")
    trees.web_ui(places / "home/Documents/webui")
    trees.sdnext(places / "mnt/d/sdnext")
    trees.stability_matrix(places / "media/me/stick")
    trees.swarmui(places / "opt/swarm")
    trees.tree(places / "home/pictures", "loras/")
    trees.hugging_face(places / "hf/hub", "a/b", "r", {"x.bin": b"x"})
    monkeypatch.setenv("HF_HOME", str(places / "hf"))
    told = survey(seconds=60)
    assert told.silent == ()
    assert {os.path.relpath(folder, places): tool.title for folder, tool in told.found} == {
        "hf": "Hugging Face cache",
        "home/ComfyUI": "ComfyUI",
        "home/Documents/webui": "Stable Diffusion web UI",
        "media/me/stick": "Stability Matrix",
        "mnt/d/sdnext": "SD.Next",
        "opt/swarm": "SwarmUI",
    }


def test_one_tool_reached_by_two_ways_is_told_once(places: Path) -> None:
    trees.comfyui(places / "home/ComfyUI")
    (places / "home/also").symlink_to(places / "home/ComfyUI")
    assert len(survey(seconds=60).found) == 1


def test_a_place_that_never_answers(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = trees.tree(places / "mnt/dead", "x/")
    enough = threading.Event()
    detect = usual.detect_tool

    def hang(folder: Path) -> object:
        if folder == dead:
            enough.wait(60)
        return detect(folder)

    monkeypatch.setattr(usual, "detect_tool", hang)
    told = survey(seconds=1)
    enough.set()
    assert dead in told.silent


def test_where_drives_are_mounted(places: Path) -> None:
    trees.tree(places, "mnt/d/x/", "media/me/stick/")
    assert [os.path.relpath(drive, places) for drive in drives()] == [
        "mnt/d", "media/me", "media/me/stick",
    ]  # fmt: skip
