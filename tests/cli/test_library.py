"""`loradex library`: what a person sees and what scripts get."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from cli.kit import Run
from files_kit import lora
from layouts import trees
from loradex.operations.layouts import usual
from loradex.paths import Home

HOSTILE = os.fsdecode("evil \x1b]0;owned\x07 it's [red]\u202egnp $HOME ".encode() + b"\xff")


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A ComfyUI that also uses LoRAs on another disk, in a place with an unpleasant name."""
    top = trees.comfyui(tmp_path / HOSTILE)
    lora(top / "models/loras/x.safetensors")
    trees.tree(tmp_path, "disk/loras/")
    trees.write(top / "extra_model_paths.yaml", f"my:\n  loras: {tmp_path}/disk/loras\n")
    return top


def libraries(run: Run) -> list[dict[str, object]]:
    told: list[dict[str, object]] = json.loads(run("library", "list", "--json").out)
    return told


def test_add_tells_what_else_the_tool_uses(run: Run, shared: Path, tmp_path: Path) -> None:
    tried = run("library", "add", str(shared), "--dry-run")
    assert tried.out.startswith("Would add evil")
    assert libraries(run) == []
    ended = run("library", "add", str(shared), "--name", "comfy")
    assert ended.code == 0
    assert "Added comfy (" in ended.out
    assert "layout comfyui." in ended.out
    assert f"  {tmp_path}/disk/loras (named in extra_model_paths.yaml)" in ended.out
    assert "\x1b" not in ended.out
    assert ended.out.endswith("Next: loradex scan\n")
    again = run("library", "add", str(shared), "--with-extra")
    assert "Added disk-loras" in again.out
    assert [library["name"] for library in libraries(run)] == ["comfy", "disk-loras"]


def test_the_command_that_detect_prints_can_be_pasted(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    ended = run("library", "detect", str(shared))
    line = next(line for line in ended.out.splitlines() if "loradex library add" in line)
    words = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {line.strip()}"],
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout.split(b"\0")
    assert words[:3] == [b"loradex", b"library", b"add"]
    assert words[3] == os.fsencode(shared)
    assert words[4:] == [b"--with-extra", b""]


def test_detect_says_what_is_a_library_already(run: Run, shared: Path) -> None:
    run("library", "add", str(shared), "--name", "comfy")
    told = json.loads(run("library", "detect", str(shared), "--json").out)
    (tool,) = told
    assert (tool["layout"], tool["title"]) == ("comfyui", "ComfyUI")
    assert [root["library"] for root in tool["roots"]] == ["comfy", None]
    assert tool["roots"][1]["folders"] == {"": "lora"}
    assert tool["command"].endswith(" --with-extra")
    run("library", "add", str(shared), "--with-extra")
    ended = run("library", "detect", str(shared))
    assert "(in the library comfy)" in ended.out
    assert "loradex library add" not in ended.out


def test_detect_in_the_usual_places(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(usual, "_MOUNTS", {})
    monkeypatch.setattr(usual, "_LOOKED_INTO", ("~",))
    assert "No image tool" in run("library", "detect").out
    assert json.loads(run("library", "detect", "--json").out) == []
    top = trees.web_ui(tmp_path / "webui")
    assert run("library", "detect").out.splitlines() == [
        f"Stable Diffusion web UI: {top}",
        f"  {top}",
        f"  loradex library add {shlex.quote(str(top))}",
    ]


def test_removing_says_what_stays(run: Run, tmp_path: Path) -> None:
    lora(tmp_path / "main/x.safetensors")
    run("library", "add", str(tmp_path / "main"))
    run("scan", "--hash", "later")
    for more, said in ((["-n"], "Would forget"), ([], "Forgot")):
        out = run("library", "remove", "main", *more).out
        assert out == f"{said} main; what is known of its 1 file is kept.\n"


def test_globs_that_mean_something_are_taken(run: Run, tmp_path: Path) -> None:
    globs = ["old/*", "[[]x", "[]]", "[!]]*", "a]", "[ab]?", "x[a][b]"]
    (tmp_path / "m").mkdir()
    ignore = [word for glob in globs for word in ("--ignore", glob)]
    assert run("library", "add", str(tmp_path / "m"), *ignore).code == 0
    assert libraries(run)[0]["ignore"] == globs


def test_a_folder_around_a_library_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out/er/in/ner").mkdir(parents=True)
    run("library", "add", str(tmp_path / "out/er/in"))
    assert "out/er contains the library 'in'" in run("library", "add", str(tmp_path / "out/er")).err
    told = run("library", "add", str(tmp_path / "out/er/in/ner")).err
    assert "ner lies inside the library 'in'" in told


def test_the_help_is_whole(run: Run) -> None:
    assert "..." not in run("library", "--help").out.partition("Commands:")[2]


def test_notes_about_settings_go_to_standard_error(run: Run, tmp_path: Path) -> None:
    top = trees.comfyui(tmp_path / "c")
    trees.write(top / "extra_model_paths.yaml", "a: [")
    for command in ("detect", "add"):
        ended = run("library", command, str(top))
        assert ended.code == 0
        assert "  note: " in ended.err
        assert "read safely" in ended.err
        assert "read safely" not in ended.out


def test_list_counts_files_and_sees_what_is_away(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usual, "_MOUNTS", {str(tmp_path / "mnt"): False})
    file = lora(tmp_path / "mnt/a/models/x.safetensors")
    size = file.stat().st_size
    run("library", "add", str(tmp_path / "mnt/a/models"), "--name", "main")
    run("scan", "--hash", "later")
    (library,) = libraries(run)
    assert (library["files"], library["size"]) == (1, size)
    assert (library["online"], library["found_at"]) == (True, None)
    (tmp_path / "mnt/a").rename(tmp_path / "mnt/b")
    (library,) = libraries(run)
    assert (library["online"], library["found_at"]) == (False, str(tmp_path / "mnt/b/models"))
    ended = run("library", "list")
    assert "(offline)" in ended.out
    assert f"loradex library move main {tmp_path}/mnt/b/models" in ended.err
    dry = run("library", "move", "main", str(tmp_path / "mnt/b/models"), "-n")
    assert "main would be" in dry.out
    assert libraries(run)[0]["online"] is False
    ended = run("library", "move", "main", str(tmp_path / "mnt/b/models"))
    assert "1 of 1 known file there, 1 with the same bytes." in ended.out
    assert libraries(run)[0]["online"] is True


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["move", "nosuch", "/"], 2, "no library 'nosuch'"),
        (["move", "main", "/nonexistent"], 1, "There is no folder"),
        (["move", "main", ""], 2, "name is empty"),
        (["move", "main", "{other}"], 1, "0 of 1 known files"),
        (["detect", ""], 2, "name is empty"),
        (["detect", "/nonexistent"], 1, "There is no folder"),
        (["add", "{main}"], 1, "a library already"),
    ],
)
def test_what_is_refused(
    run: Run, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    lora(tmp_path / "main/x.safetensors")
    trees.tree(tmp_path, "other/")
    run("library", "add", str(tmp_path / "main"))
    run("scan", "--hash", "later")
    filled = [word.format(main=tmp_path / "main", other=tmp_path / "other") for word in arguments]
    ended = run("library", *filled)
    assert ended.code == code
    assert said in ended.err


def test_a_model_whose_library_was_removed_lies_in_none(run: Run, filled: Home) -> None:
    assert "in no library" not in run("show", "1").out
    assert run("library", "remove", "main").code == 0
    assert "Files          in no library at present" in run("show", "1").out
    assert run("list", "is:missing", "neon").out.rstrip().endswith("missing")
