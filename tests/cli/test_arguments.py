"""What people type: negated terms, examples from the help, and bytes that are no names."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest

from catalog_kit import look
from cli.kit import Run
from loradex.catalog.catalog import Catalog
from loradex.cli.listing_commands import QUERY_HELP
from loradex.paths import Home

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^ *loradex (list .+?)(?:  +#.*)?$", QUERY_HELP + README, re.MULTILINE)
NOT_UNICODE = os.fsdecode(b"caf\xe9")


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6
    assert any(" -tag:" in example for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_help_run(run: Run, filled: Home, example: str) -> None:
    ended = run(*shlex.split(example))
    assert ended.code == 0
    assert ended.err.strip() in {"", "Nothing matches.", "0 models in all."}


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["-kind:lora"], 2),
        (["-tag:style", "-rating:5"], 3),
        (["-neon"], 3),
        (["-lora"], 2),  # three letters of which are options
        (['-"neon knight"'], 3),
        (["-100%"], 4),
        (["kind:vae", ",", "-kind:lora", "kind:checkpoint"], 1),
        (["--", "-kind:lora"], 2),
        (["--", "-l"], 4),
        (["-kind:lora", "--limit=1"], 2),
        (["-l", "1", "-kind:lora"], 2),
    ],
)
def test_negated_terms_are_no_options(
    run: Run, filled: Home, arguments: list[str], count: int
) -> None:
    ended = run("list", "--count", *arguments)
    assert (ended.code, ended.out.strip()) == (0, str(count)), ended.err


@pytest.mark.parametrize("command", [["list"], ["plan", "trash"], ["export"]])
def test_the_option_of_other_commands_is_no_term(
    run: Run, filled: Home, command: list[str]
) -> None:
    ended = run(*command, "-q", "kind:lora")
    assert (ended.code, "leave out -q" in ended.err) == (2, True)


@pytest.mark.parametrize("command", ["list", "duplicates"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--paths", "--json"], "--json and --paths do not go together"),
        (["-0"], "-0 is for paths only"),
        (["-neon", "-0"], "-0 is for paths only"),
        (["--json", "-0"], "-0 is for paths only"),
        (["-l", "0"], "range"),
        (["-l", "99999999999999999999"], "range"),
    ],
)
def test_options_that_would_be_ignored(
    run: Run, filled: Home, command: str, arguments: list[str], said: str
) -> None:
    ended = run(command, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_count_has_one_form(run: Run, filled: Home) -> None:
    for other in ("--json", "--paths"):
        ended = run("list", "--count", other)
        assert (ended.code, ended.out) == (2, "")
        assert "--count do not go together" in ended.err
    assert len(run("list", "-neon", "-0", "--paths").out.split("\0")) == 4


@pytest.mark.parametrize("arguments", [["list", "--nope"], ["show", "-x", "1"], ["list", "-l"]])
def test_wrong_options_are_still_refused(run: Run, filled: Home, arguments: list[str]) -> None:
    ended = run(*arguments)
    assert ended.code == 2
    assert "option" in ended.err.lower()


def test_a_query_means_the_same_in_every_command(run: Run, filled: Home) -> None:
    with Catalog.open(filled) as catalog:
        catalog.looks.record(1, [look("loras/knight_in_neon_city.safetensors", 20)], "1")
    for query, count in (("neon knight", 2), ('"neon knight"', 1)):
        assert run("list", "--count", query).out.strip() == str(count)
        assert f": {count} model" in run("tag", "-n", "-q", query, "x").out


@pytest.mark.parametrize(
    "reference",
    [
        "~nobody-of-this-name",
        "\udcff",
        f"{NOT_UNICODE}/x",
        "https://civitai.com/models/12345678901234567890123",
        "https://civitai.com/models/7012345678901",
        "https://civitai.com/models/70?modelVersionId=12345678901234567890123",
        f"civitai:{'7' * 5000}",
        f"civitai:70@{'7' * 5000}",
        "9" * 5000,
    ],
    ids=lambda reference: ascii(reference[:60]),
)
def test_references_that_can_name_nothing(run: Run, filled: Home, reference: str) -> None:
    ended = run("show", reference)
    assert ended.code == 2
    assert "names no model" in ended.err


def test_a_name_that_is_no_unicode_is_found(run: Run, filled: Home) -> None:
    with Catalog.open(filled) as catalog:
        catalog.looks.record(1, [look(b"caf\xe9.safetensors", 30)], "1")
    for reference in (
        NOT_UNICODE,
        f"{NOT_UNICODE}.safetensors",
        f"/models/{NOT_UNICODE}.safetensors",
    ):
        assert "caf\\udce9" in run("show", reference).out
    assert run("list", "--count", NOT_UNICODE).out.strip() == "1"
    assert run("list", "--count", f"path:{NOT_UNICODE}").out.strip() == "1"


def test_problems_lists_what_could_not_be_read(run: Run, filled: Home) -> None:
    ended = run("problems")
    assert (ended.code, ended.out) == (3, "/models/broken.safetensors\tIt is cut short.\n")
    ended = run("problems", "--json")
    assert ended.code == 3
    assert json.loads(ended.out) == [
        {"path": "/models/broken.safetensors", "problem": "It is cut short."}
    ]


def test_no_problems_is_exit_code_zero(run: Run, home: Home) -> None:
    assert run("problems").code == 0
    ended = run("problems", "--json")
    assert (ended.code, json.loads(ended.out)) == (0, [])


def test_a_scan_names_the_command_that_lists_problems(run: Run, home: Home, tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"\x00" * 100)
    run("library", "add", str(tmp_path))
    assert "1 cannot be read: loradex problems." in run("scan").out
    assert run("problems").code == 3
    (tmp_path / "broken.safetensors").unlink()
    run("scan")
    assert run("problems").code == 0
