"""What docs/queries.md shows works: every command on it, one after the other, in one catalog."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cli.kit import Run
from loradex.catalog.catalog import Catalog
from loradex.catalog.query.compiler import MAX_LIMIT
from loradex.catalog.query.fields import ALIASES, FIELDS
from loradex.catalog.query.sorts import SORTS
from loradex.catalog.query.words import STATES
from loradex.paths import Home

PAGE = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def rated(filled: Home) -> None:
    with Catalog.open(filled) as catalog:
        catalog.person.set_rating([1], 5)


@pytest.mark.usefixtures("rated")
@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_command_shown_can_be_run(run: Run, block: str) -> None:
    for line in block.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "loradex"
        ended = run(*arguments)
        assert ended.code == 0, f"{line}: {ended.err}"


def test_commands_were_found() -> None:
    assert sum(len(block.splitlines()) for block in BLOCKS) > 40


@pytest.mark.parametrize("words", [FIELDS, SORTS, [*STATES]], ids=["fields", "orders", "states"])
def test_it_names_every_word(words: list[str]) -> None:
    named = set(re.findall(r"[a-z0-9_]+", PAGE))
    assert [word for word in words if word not in named and word != "favorite"] == []


def test_other_words_lead_to_fields(filled: Home) -> None:
    assert set(ALIASES.values()) <= {*FIELDS}
    assert not set(ALIASES) & set(FIELDS)
    assert MAX_LIMIT > 100
