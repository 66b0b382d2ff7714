"""The commands by hand: what they print, what they change, how they end."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_kit import look
from cli.kit import HOSTILE, Run
from loradex.catalog.catalog import Catalog
from loradex.cli.main import COMMANDS
from loradex.cli.sections import SECTIONS
from loradex.domain.identity import Identity
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.paths import Home


def test_list_prints_tabs_for_pipes(run: Run, filled: Home) -> None:
    ended = run("list", "kind:lora")
    lines = ended.out.splitlines()
    assert ended.code == 0
    assert len(lines) == 2
    assert lines[1].split("\t")[1:5] == ["Neon Knight v2", "lora", "pony", "1 kB"]


@pytest.mark.parametrize(
    "command",
    [
        ["list"],
        ["list", "--json"],
        ["show", "2"],
        ["tag"],
        ["show", "2", "--json", "--why"],
    ],
)
def test_nothing_a_terminal_obeys_is_printed(run: Run, filled: Home, command: list[str]) -> None:
    run("tag", "2", HOSTILE.replace(",", ""))
    run("note", "2", HOSTILE)
    ended = run(*command)
    assert ended.code == 0
    for character in "\x1b\x07\x9b\u202e":
        assert character not in ended.out
        assert character not in ended.err


def test_list_json_has_its_documented_keys(run: Run, filled: Home) -> None:
    rows = json.loads(run("list", "--json").out)
    documented = (Path(__file__).parents[2] / "docs" / "json.md").read_text()
    assert len(rows) == 4
    for key in rows[0]:
        assert f"`{key}`" in documented
    details = json.loads(run("show", "1", "--json").out)
    for key in details:
        assert f"`{key}`" in documented
    assert details["match"]["model_name"] == "Neon Knight"
    assert details["hashes"]["sha256"] == "a" * 64


def test_paths_are_byte_for_byte_for_scripts(filled: Home) -> None:
    with Catalog.open(filled) as catalog:
        catalog.looks.record(1, [look(b"caf\xe9\n.safetensors", 77)], "1")
    command = [sys.executable, "-m", "loradex", "--home", str(filled.root), "list", "--paths", "-0"]
    out = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    assert b"/models/caf\xe9\n.safetensors" in out.split(b"\0")


def test_empty_lists_are_still_json(run: Run) -> None:
    assert json.loads(run("list", "--json").out) == []
    assert json.loads(run("grids", "--json").out) == []
    assert json.loads(run("library", "list", "--json").out) == []


def test_show_says_why(run: Run, filled: Home) -> None:
    out = run("show", "neon", "--why").out
    assert "its shapes say so" in out
    assert "the hub says Pony" in out
    assert "Neon Knight · v2 by maker (Pony)" in out


def test_show_says_why_there_are_no_hashes(run: Run, filled: Home) -> None:
    assert "the file is damaged or cannot be read" in run("show", "broken").out
    assert "not read yet: loradex scan" in run("show", "2").out


def test_show_has_names_that_people_know(run: Run, filled: Home) -> None:
    with Catalog.open(filled) as catalog:
        unknown = replace(
            look("odd.safetensors", 8, base=None, kind="unknown"),
            identity=Identity(ModelKind.UNKNOWN, candidates=(BaseModel.FLUX1, BaseModel.SD1)),
        )
        catalog.looks.record(1, [unknown], "1")
    out = run("show", "odd").out
    assert out.startswith("odd\n"), "nothing behind the name of what has no stars"
    assert "Unknown kind; base unknown, could be FLUX.1 or SD 1.5" in out


def test_tagging_by_reference_and_by_query(run: Run, filled: Home) -> None:
    assert "tagged +style +keep: 1 model" in run("tag", "neon", "style", "keep").out
    assert "Would be tagged" in run("tag", "-q", "kind:lora", "bulk", "--dry-run").out
    assert run("list", "tag:bulk", "--count").out.strip() == "0"
    assert "2 models" in run("tag", "-q", "kind:lora", "bulk").out
    assert run("list", "tag:bulk", "--count").out.strip() == "2"
    run("tag", "neon", "-r", "night")
    assert json.loads(run("list", "tag:night", "--json").out) == []
    assert dict(line.split("\t")[:2] for line in run("tag").out.splitlines())["bulk"] == "2"


def test_tags_that_plugins_propose_are_shown_first(run: Run, filled: Home) -> None:
    with Catalog.open(filled) as catalog:
        catalog.looks.record(1, [look("loras/watercolor_style_v2.safetensors", 9)], "1")
    shown = run("tag", "--auto", "-n").out
    assert "watercolor" in shown
    assert run("list", "tag:watercolor", "--count").out.strip() == "0"
    run("tag", "watercolor_style_v2", "-r", "style")
    run("tag", "--auto")
    row = json.loads(run("list", "tag:watercolor", "--json").out)[0]
    assert "style" not in row["tags"]
    tags = json.loads(run("show", str(row["id"]), "--json").out)["tags"]
    (tag,) = (tag for tag in tags if tag["name"] == "watercolor")
    assert (tag["source"], tag["rule"]) == ("auto", "watercolor")
    assert "the word “watercolor”" in tag["reason"]


def test_notes_and_ratings(run: Run, filled: Home) -> None:
    assert run("note", "neon").err.strip() == "No note."
    run("note", "neon", "best at 0.7")
    run("note", "neon", "with care", "--append")
    assert run("note", "neon").out == "best at 0.7\nwith care\n"
    run("note", "neon", "--clear")
    assert run("note", "neon").err.strip() == "No note."
    run("rate", "neon", "4")
    run("favourite", "neon")
    row = json.loads(run("list", "rating:4.. is:favourite", "--json").out)[0]
    assert (row["rating"], row["favourite"]) == (4, True)
    run("rate", "neon", "0")
    run("favourite", "neon", "--off")
    assert run("list", "rating:", "is:favourite", "--count").out.strip() == "0"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["list", "bse:sdxl"], 2, ["There is no field 'bse'", "^^^^^^^^", "Did you mean base:?"]),
        (["show", "nothing"], 2, ["names no model", "loradex list"]),
        (["rate", "neon", "9"], 2, ["1 to 5"]),
        (["rate", "5"], 2, ["one model and a number"]),
        (["tag", "neon", "a,b"], 2, ["comma"]),
        (["tag", "-q", "tag:nope", "x"], 2, ["finds nothing"]),
        (["library", "add", "/no/such/folder"], 1, ["/no/such/folder", "Check the path"]),
        (["library", "remove", "x"], 2, ["no library 'x'", "main"]),
        (["scan", "nowhere"], 2, ["no library 'nowhere'"]),
        (["shw"], 2, ["no command 'shw'", "show"]),
        (["list", "--nope"], 2, ["No such option"]),
        (["identify", "/no/file.safetensors"], 1, ["/no/file.safetensors", "not there"]),
        (["hash", "/no/file.safetensors"], 1, ["/no/file.safetensors"]),
        (["grid", "neon", "--prompt", "x"], 1, ["loras/neon.safetensors", "is not there"]),
        (["grid", "ckpt/base"], 2, ["names no model"]),
    ],
)
def test_failures_are_one_sentence_and_a_next_step(
    run: Run, filled: Home, arguments: list[str], code: int, words: list[str]
) -> None:
    ended = run(*arguments)
    text = " ".join(ended.err.split())
    assert ended.code == code, ended.err
    for word in words:
        assert " ".join(word.split()) in text
    assert "Traceback" not in ended.err
    assert ended.out == ""


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ('hub_ulr = "https://x"', "Did you mean hub_url?"),
        ('hub_url = "ftp://x"', "starts with https://"),
        ("workers = 0", "workers in"),
        ("workers = ", "not valid TOML"),
    ],
)
def test_wrong_settings_are_named(run: Run, home: Home, setting: str, words: str) -> None:
    home.settings.write_text(setting)
    ended = run("config")
    assert ended.code == 1
    assert str(home.settings) in ended.err
    assert words in ended.err


def test_config_json_has_its_documented_keys(run: Run) -> None:
    documented = (Path(__file__).parents[2] / "docs" / "json.md").read_text()
    section = documented.partition("`loradex config --json`")[2].partition("\n## ")[0]
    keys = set(json.loads(run("config", "--json").out))
    assert keys - set(section.replace("`", " ").replace(";", " ").split()) == set()


def test_settings_are_changed_and_told(run: Run, home: Home) -> None:
    assert "content_limit = r (loradex.toml)" in run("config", "set", "content_limit", "r").out
    assert json.loads(run("config", "--json").out)["content_limit"] == "r"
    refused = run("config", "set", "content_limit", "q")
    assert refused.code == 1
    assert "one of pg, safe, r, x, all" in refused.err
    assert "built in" in run("config", "unset", "content_limit").out
    run("config", "key", "library.tags", "T,f4")
    assert json.loads(run("config", "--json").out)["keys"] == {"library.tags": "T,f4"}
    assert "its own keys again" in run("config", "key", "library.tags").out
    assert home.settings.read_text() == ""


def test_a_key_is_never_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORADEX_HUB_TOKEN", "s3cret-key")
    ended = run("config")
    assert "s3cret" not in ended.out + ended.err
    assert "set" in ended.out


def test_a_catalog_from_the_future_is_refused(run: Run, filled: Home) -> None:
    with closing(sqlite3.connect(filled.catalog)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    ended = run("list")
    assert ended.code == 1
    assert "newer loradex" in ended.err


def test_a_bug_is_one_sentence_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("boom \x1b[31m")

    monkeypatch.setattr("loradex.catalog.catalog.Catalog.open", explode)
    ended = run("list")
    assert ended.code == 1
    assert "RuntimeError: boom \\x1b[31m" in ended.err
    assert "--debug" in ended.err


def test_every_command_has_help(run: Run) -> None:
    for name in COMMANDS:
        ended = run(name, "--help")
        assert ended.code == 0, name
        assert "Usage: loradex" in ended.out or "Usage:" in ended.out


def test_every_command_stands_below_one_heading() -> None:
    assert sorted(name for names in SECTIONS.values() for name in names) == sorted(COMMANDS)
