"""What docs/tagging.md shows works: every command, in its order, and every rule."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from catalog_kit import add_library, look
from cli.kit import Run
from loradex.catalog.catalog import Catalog
from loradex.operations.tagging.rule_file import default_rules
from loradex.operations.tagging.rule_reading import RULE_KEYS, SETTINGS, read_rules
from loradex.paths import Home

PAGE = (Path(__file__).parents[2] / "docs" / "tagging.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
FILES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def shelf(home: Home) -> Home:
    with Catalog.open(home) as catalog:
        library = add_library(catalog)
        words = ("neonkn", "glow")
        catalog.looks.record(library, [look("sdxl/neon.safetensors", 1, words=words)], "1")
    return home


def test_every_command_shown_can_be_run(run: Run, shelf: Home) -> None:
    assert len(COMMANDS) > 40
    for command in COMMANDS:
        program, *arguments = shlex.split(command, comments=True)
        assert program == "loradex"
        ended = run(*arguments)
        assert ended.code == 0, (command, ended.err)


def test_every_rule_shown_can_be_read() -> None:
    assert len(FILES) == 1
    assert read_rules(FILES[0], default_rules())[1] == []


def test_it_names_every_key_and_setting() -> None:
    assert [name for name in (*RULE_KEYS, *SETTINGS) if f"`{name}`" not in PAGE
            and f"\n{name} =" not in PAGE] == []  # fmt: skip


def test_copies_read_as_shown(run: Run, shelf: Home) -> None:
    run("edit", "neon", "strength=0.8")
    assert run("copy", "neon").out == "neonkn, glow\n"
    assert run("copy", "neon", "-f", "a1111").out == "<lora:neon:0.8> neonkn, glow\n"
    assert run("copy", "neon", "-f", "comfyui").out == (
        '{"lora_name": "sdxl/neon.safetensors", "strength_model": 0.8, "strength_clip": 0.8}\n'
    )
