"""`loradex hub refresh`, as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.kit import Run
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.demo import hub_trouble
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import World, WorldFile, WorldModel, WorldVersion
from loradex.formats.hashing import hash_file
from loradex.hub import gates
from loradex.operations.libraries import add_library
from loradex.paths import Home

WORDS = "newly gone in whole or in part"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORADEX_HUB_RETRIES", "0")
    monkeypatch.setattr(gates, "REQUESTS_PER_SECOND", 1000.0)


@pytest.fixture
def neon(home: Home, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> WorldModel:
    """A model of the hub that is owned and matched."""
    path = lora(tmp_path / "models" / "neon.safetensors", seed=1)
    file = WorldFile(id=9, name=path.name, hashes={"SHA256": hash_file(path).sha256})
    model = WorldModel(
        id=500,
        name="Neon Knight",
        versions=(WorldVersion(id=501, name="v2", base_model="Pony", files=(file,)),),
    )
    with Catalog.open(home) as catalog:
        add_library(catalog, tmp_path / "models")
    assert run("scan").code == 0
    with LocalHub(World(models=(model,))) as hub:
        monkeypatch.setenv("LORADEX_HUB_URL", hub.url)
        assert run("hub", "match").code == 0
    return model


@pytest.mark.parametrize("options", [[], ["--all"]])
def test_nothing_that_is_matched_is_told(run: Run, options: list[str]) -> None:
    ended = run("hub", "refresh", *options)
    assert ended.code == 0
    assert "none of these models is matched" in ended.out


def test_what_was_deleted_is_told(
    run: Run, neon: WorldModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalHub(World()) as hub:
        monkeypatch.setenv("LORADEX_HUB_URL", hub.url)
        ended = run("hub", "refresh")
        assert (ended.code, hub.requests) == (0, [])
        assert "asked for lately" in ended.out
        assert WORDS in run("hub", "refresh", "--all", "neon").out
        shown = run("show", "neon").out
        assert "Neon Knight · v2" in shown
        assert "deleted on the hub since 20" in shown
        assert json.loads(run("show", "neon", "--json").out)["match"]["gone_at"] > 0
        assert "none of these models is matched" in run("hub", "refresh", "--all", "kind:vae").out
    with LocalHub(World(models=(neon,))) as hub:
        monkeypatch.setenv("LORADEX_HUB_URL", hub.url)
        (told,) = json.loads(run("hub", "refresh", "--all", "--json").out)["hubs"]
        assert (told["present"], told["gone"], told["back"]) == (1, 0, 1)
        assert "deleted on the hub" not in run("show", "neon").out


def test_a_hub_that_does_not_answer_is_one_sentence(
    run: Run, neon: WorldModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalHub(World()) as hub:
        monkeypatch.setenv("LORADEX_HUB_URL", hub.url)
        hub.trouble(hub_trouble.overloaded(None), times=9)
        ended = run("hub", "refresh", "--all")
    assert ended.code == 1
    assert "is in trouble" in ended.err
    assert "Traceback" not in ended.err
    assert "deleted on the hub" not in run("show", "neon").out
