"""Models side by side: what differs is told, what is the same is not in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from loradex.catalog.catalog import Catalog
from loradex.cli.main import cli
from loradex.errors import UsageError
from loradex.operations.model_comparison import compare_models
from loradex.paths import Home
from tui.shelf import few, grid, shelf


@pytest.fixture
def catalog(home: Home, tmp_path: Path) -> Catalog:
    catalog = shelf(home, few(), root=bytes(tmp_path))
    catalog.person.add_tags([1, 2], ["neon"])
    catalog.person.add_tags([1], ["style"])
    catalog.person.set_rating([2], 4)
    catalog.preferences.set([2], {"strength": 0.8, "strength_min": 0.5, "strength_max": 1.0})
    return catalog


def test_facts_tell_what_differs(catalog: Catalog, tmp_path: Path) -> None:
    with catalog:
        id_ = grid(catalog, tmp_path / "grid")
        found = compare_models(catalog, [1, 2])
        facts = {fact.id: fact for fact in found.facts}
        assert [model.row.id for model in found.models] == [1, 2]
        assert facts["kind"].values == (("LoRA",), ("LoRA",))
        assert not facts["kind"].differs
        assert facts["base"].values == (("SDXL",), ("SDXL pony",))
        assert facts["tags"].values == (("neon", "style"), ("neon",))
        assert facts["tags"].differs
        assert facts["tags"].shared("neon")
        assert not facts["tags"].shared("style")
        assert facts["strength"].values == ((), ("0.8",))
        assert facts["range"].values[1] == ("0.5–1",)
        assert facts["rating"].values == ((), ("★★★★",))
        assert "note" not in facts, "nobody wrote any"
        assert found.grids == (), "the grid has only one of them"
        assert compare_models(catalog, [1, 6]).grids == (id_,)


@pytest.mark.parametrize("ids", [[1], [1, 1], [1, 2, 3, 4, 5], []])
def test_two_to_four_are_compared(catalog: Catalog, ids: list[int]) -> None:
    with catalog, pytest.raises(UsageError, match="Only 2 to 4 models"):
        compare_models(catalog, ids)


def test_the_command_prints_differences_and_counts_the_rest(catalog: Catalog, home: Home) -> None:
    catalog.close()
    base = ["--home", str(home.root), "compare", "1", "2"]
    plain = CliRunner().invoke(cli, base, catch_exceptions=False).output.splitlines()
    assert plain[0].split("\t") == ["", "neon_knight_v3", "neon_alley"]
    assert "Tags\tneon, style\tneon" in plain
    assert not any(line.startswith("Kind") for line in plain)
    whole = CliRunner().invoke(cli, [*base, "--all"], catch_exceptions=False).output
    assert "Kind\tLoRA\tLoRA" in whole
    told = json.loads(CliRunner().invoke(cli, [*base, "--json"], catch_exceptions=False).output)
    assert {"fact": "rating", "differs": True, "values": [[], ["★★★★"]]} in told["facts"]
