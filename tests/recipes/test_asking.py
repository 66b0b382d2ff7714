"""Asking the hub what missing models are: by hash and version, once, over real HTTP."""

from __future__ import annotations

import pytest

from cli.kit import Run
from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import WorldFile
from loradex.domain.generation import ModelRole, NamedModel
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.recipes.asking import Asked, ask_hub
from loradex.paths import Home
from operations.hub_kit import hub_model, hub_version, opened, sha, world
from recipes.test_matching import keep, picture

LORA = ModelRole.LORA
FILE = WorldFile(
    id=70,
    name="7.safetensors",
    size_bytes=1007,
    hashes={"SHA256": sha(7), "AutoV2": sha(7)[:10]},
)
WORLD = world(
    hub_model(70, "Neon Knight", hub_version(7, "SDXL 1.0", "2024-01-01", files=(FILE,))),
    hub_model(80, "Rain", hub_version(8, "SDXL 1.0", "2024-01-01")),
)


def ask(catalog: Catalog, hub: LocalHub, home: Home) -> Asked:
    with opened(hub, home) as hubs:
        missing = catalog.recipes.missing()
        return ask_hub(catalog, hubs, missing, sink=SilentSink(), cancel=CancelToken())


def test_missing_models_are_found_by_hash_and_version(home: Home) -> None:
    with LocalHub(WORLD) as hub, Catalog.open(home) as catalog:
        keep(
            catalog,
            picture(1, NamedModel(LORA, "neon", sha(7)[:10]), NamedModel(LORA, "", "", 8)),
            picture(2, NamedModel(LORA, "nowhere", "9" * 12), NamedModel(LORA, "a name")),
            picture(3, NamedModel(LORA, "short", sha(7)[:8])),
        )
        asked = ask(catalog, hub, home)
        assert (asked.found, asked.unknown, asked.problems) == (2, 1, [])
        told = {
            each.name or each.version_id: [(p.model_name, p.known_by) for p in each.sources]
            for each in catalog.recipes.missing()
        }
        assert told == {
            "neon": [("Neon Knight", "hash")], 8: [("Rain", "version")],
            "nowhere": [], "a name": [], "short": [("Neon Knight", "hash")],
        }  # fmt: skip
        again = ask(catalog, hub, home)
        assert (again.found, again.unknown) == (0, 0)


def test_a_hub_in_trouble_is_told(home: Home) -> None:
    with Catalog.open(home) as catalog:
        keep(catalog, picture(1, NamedModel(LORA, "neon", sha(7)[:10])))
        with LocalHub(WORLD) as hub:
            pass
        asked = ask(catalog, hub, home)
    assert (asked.found, len(asked.problems)) == (0, 1)


def test_nobody_is_asked_unless_a_person_says_so(
    home: Home, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Catalog.open(home) as catalog:
        keep(catalog, picture(1, NamedModel(LORA, "neon", sha(7)[:10])))
    with LocalHub(WORLD) as hub:
        monkeypatch.setenv("LORADEX_HUB_URL", hub.url)
        assert "hub get" not in run("recipe", "missing").out
        assert hub.requests == []
        ended = run("recipe", "missing", "--ask")
    assert "loradex hub get version:7  # Neon Knight v7" in ended.out
    assert "knows 1 model more" in ended.err
