"""Requests that are wrong end with 2, a world that is wrong with 1, and both say what to do."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from cli.kit import Run
from loradex.catalog.faults import translate
from loradex.paths import Home
from loradex.settings import load_settings

NOT_UNICODE = os.fsdecode(b"bad\xff")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["scan", "nosuch"], 2, "no library 'nosuch'"),
        (["library", "remove", "nosuch"], 2, "no library 'nosuch'"),
        (["library", "add", ""], 2, "name is empty"),
        (["library", "detect", ""], 2, "name is empty"),
        (["library", "add", "/nonexistent"], 1, "There is no folder"),
        (["library", "detect", "/nonexistent"], 1, "There is no folder"),
        (["library", "add", "~nobody-of-this-name/x"], 1, "There is no folder"),
        (["library", "detect", "/dev/null"], 1, "not a folder"),
        (["--home", "", "list"], 2, "names no folder"),
        (["library", "add", ".", "--name", ""], 2, "name is empty"),
        (["library", "add", ".", "--ignore", " "], 2, "glob of --ignore is empty"),
        (["library", "add", ".", "--ignore", "["], 2, "never closed"),
        (["library", "add", ".", "--ignore", "[a]/[!]x"], 2, "never closed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_whose_fault_it_is(
    run: Run, filled: Home, arguments: list[str], code: int, words: str
) -> None:
    ended = run(*arguments)
    assert ended.code == code, ended.err
    assert words in ended.err
    assert "loradex failed" not in ended.err
    assert len(ended.err.splitlines()) == 2, "a sentence and a next step"


def test_a_link_that_leads_to_itself_is_no_library(run: Run, home: Home, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    ended = run("library", "add", str(tmp_path / "loop"))
    assert ended.code == 1
    assert "symbolic links" in ended.err


def test_a_library_whose_name_is_no_unicode(run: Run, home: Home, tmp_path: Path) -> None:
    folder = tmp_path / NOT_UNICODE
    folder.mkdir()
    assert run("library", "add", str(folder)).code == 0
    (library,) = json.loads(run("library", "list", "--json").out)
    assert library["root"] == str(folder)
    assert library["name"] == "bad\\udcff"
    assert run("library", "remove", NOT_UNICODE).code == 0
    assert run("library", "add", str(folder), "--name", NOT_UNICODE).code == 0
    assert run("library", "remove", str(folder)).code == 0


def test_a_root_is_given_to_programs_as_it_is(run: Run, home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b\u202eb"
    folder.mkdir()
    run("library", "add", str(folder))
    out = run("library", "list", "--json").out
    assert json.loads(out)[0]["root"] == str(folder)
    assert "\x1b" not in out
    assert "\u202e" not in out


@pytest.mark.parametrize("below", ["file", "file/home", "loop", "x" * 300])
@pytest.mark.parametrize("command", [["list"], ["tag", "1", "x"], ["config"], ["problems"]])
def test_a_home_that_cannot_be_used(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str, command: list[str]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.setenv("LORADEX_HOME", str(tmp_path / below))
    ended = run(*command)
    assert ended.code == 1
    assert "LORADEX_HOME" in ended.err
    assert "loradex failed" not in ended.err


def test_a_home_of_somebody_who_is_not_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORADEX_HOME", "~nobody-of-this-name/loradex")
    ended = run("list")
    assert ended.code == 2
    assert "Set it to a folder of yours" in ended.err


def test_a_home_whose_name_is_no_unicode(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORADEX_HOME", str(tmp_path / NOT_UNICODE))
    (tmp_path / "models").mkdir()
    assert run("library", "add", str(tmp_path / "models")).code == 0
    assert run("list").err.strip() == "The catalog is empty. Fill it: loradex scan"
    assert (tmp_path / NOT_UNICODE / "catalog.db").exists()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("hub_timeout = nan", "more than 0"),
        ("hub_timeout = inf", "at most 3600"),
        ("workers = 65", "whole number from 1 to 64"),
        ('hub_token = "s3cret"', "as LORADEX_HUB_TOKEN"),
        ('civitai_api_key = "s3cret"', "as LORADEX_HUB_TOKEN"),
    ],
)
def test_settings_that_cannot_be_meant(run: Run, home: Home, setting: str, words: str) -> None:
    home.settings.write_text(setting)
    ended = run("config")
    assert ended.code == 1
    assert words in ended.err
    assert "s3cret" not in ended.err
    assert "Did you mean" not in ended.err


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LORADEX_WORKERS", "99999", "is '99999'; it has to be a whole number from 1 to 64.\n"),
        ("LORADEX_WORKERS", "abc", "Error: LORADEX_WORKERS is 'abc'; it has to be"),
        ("LORADEX_HUB_TIMEOUT", "nan", "more than 0"),
        ("LORADEX_HUB_TIMEOUT", "-inf", "more than 0"),
    ],
)
def test_an_environment_that_cannot_be_meant(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    ended = run("config")
    assert ended.code == 1
    assert name in ended.err
    assert words in ended.err


def test_the_largest_settings_are_accepted(home: Home) -> None:
    settings = load_settings(home, {"LORADEX_WORKERS": "64", "LORADEX_HUB_TIMEOUT": "3600"})
    assert (settings.workers, settings.hub_timeout) == (64, 3600.0)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("SQLITE_IOERR_READ", "disk I/O error", "still mounted"),
        ("SQLITE_MISMATCH", "datatype mismatch", "--debug"),
    ],
)
def test_every_trouble_with_the_catalog_has_a_next_step(name: str, text: str, words: str) -> None:
    cause = sqlite3.OperationalError(text)
    cause.sqlite_errorname = name  # a real disk that fails is hard to come by
    error = translate(cause, Path("/home/catalog.db"))
    assert text in error.message
    assert words in (error.hint or "")
