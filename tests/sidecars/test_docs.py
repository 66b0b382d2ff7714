"""What docs/sidecars.md shows works: every command on it is run, and every dialect is described."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cli.kit import Run
from files_kit import lora
from loradex.formats.hashing import hash_file
from loradex.paths import Home
from loradex.plugin_manager import load_plugins

PAGE = (Path(__file__).parents[2] / "docs" / "sidecars.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


@pytest.fixture
def shown(run: Run, tmp_path: Path) -> Path:
    """The library of the page."""
    import json  # noqa: PLC0415

    root = tmp_path / "models"
    path = lora(root / "neon.safetensors")
    document = {
        "sha256": hash_file(path).sha256,
        "model_name": "Neon Knight",
        "base_model": "Pony",
        "sub_type": "lora",
        "notes": "best at night",
        "favorite": True,
        "usage_tips": '{"strength": 0.7}',
        "tags": ["style", "night"],
        "civitai": {
            "id": 7,
            "modelId": 70,
            "name": "v2",
            "trainedWords": ["neonkn", "glowing armor"],
            "model": {"name": "Neon Knight", "type": "LORA"},
        },
    }
    (root / "neon.metadata.json").write_text(json.dumps(document), "utf-8")
    assert run("library", "add", str(root)).code == 0
    assert run("scan").code == 0
    return root


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shown_can_be_run(run: Run, command: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "loradex"
    if arguments[1] == "undo" and "--list" not in arguments:
        assert run("sidecar", "export", "--for", "a1111", "neon").code == 0
    ended = run(*arguments)
    assert ended.code == 0, ended.err


def test_what_it_shows_is_what_is_printed(run: Run, shown: Path) -> None:
    blocks = re.findall(r"^```console\n\$ loradex (.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    command, _, wanted = blocks[0].partition("\n")
    out = run(*shlex.split(command)).out
    assert out.replace(str(shown), "/models") == wanted


@pytest.mark.parametrize("command", ["import", "export", "undo"])
def test_it_names_every_flag(run: Run, command: str) -> None:
    flags = set(re.findall(r"--[a-z-]+", run("sidecar", command, "--help").out))
    named = {flag for flag in flags if flag in PAGE}
    assert flags - named <= {"--help", "--progress", "--query"}


def test_its_table_has_every_dialect(home: Home) -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|(.*?)\| `NAME(.*?)` \|", PAGE, re.MULTILINE)
    told = [
        (name, tuple(re.findall(r"`([a-z0-9-]+)`", tools)), suffix.removeprefix(".safetensors"))
        for name, tools, suffix in rows
    ]
    dialects = load_plugins(home).sidecar_dialects()
    assert told == [(each.name, each.tools, each.suffix) for each in dialects]


def test_commands_were_found() -> None:
    assert len(COMMANDS) > 10
