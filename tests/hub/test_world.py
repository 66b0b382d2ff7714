"""The world file, and the program that serves it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from loradex.demo.hub_server import main
from loradex.demo.hub_world import World


def test_a_world_survives_its_file(world: World, tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text(world.to_json(), encoding="utf-8")

    assert World.load(path) == world


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "world must be an object"),
        ('{"modls": []}', "unknown key 'modls'"),
        ('{"models": {}}', "world.models must be a list"),
        ('{"models": [{"id": 1}]}', "world.models[0] lacks a key"),
        (
            '{"models": [{"id": 1, "name": "a", "versions": [{"id": 1, "name": "v", "x": 1}]}]}',
            "world.models[0].versions[0] has an unknown key 'x'",
        ),
        ("{", "Expecting"),
    ],
)
def test_a_wrong_world_says_where(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "world.json"
    path.write_text(text)

    with pytest.raises(ValueError, match=re.escape(words)):
        World.load(path)
    assert main(["--world", str(path)]) == 1
    assert words in capsys.readouterr().err


def test_the_program_prints_its_address_and_serves(world: World, tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text(world.to_json(), encoding="utf-8")
    command = [sys.executable, "-m", "loradex.demo.hub_server", "--world", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            url = program.stdout.readline().strip()
            model = json.loads(httpx.get(f"{url}/api/v1/models/100", trust_env=False).text)
            assert model["name"] == "Paper Lantern 紙灯り"
        finally:
            program.kill()
