"""`loradex hub match`: one hub that fails does not stop the others."""

from __future__ import annotations

import json

import pytest

from catalog_kit import add_library, hashes, look
from cli.kit import Run
from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import World
from loradex.paths import Home

BROKEN = '''
"""A hub that is down."""
from loradex.errors import HubUnreachable
from loradex.plugin_api import hookimpl

LORADEX_API = "1.1"


class Broken:
    name = "broken"

    def page_url(self, model_id, version_id=None):
        return ""

    def ids_by_hash(self, sha256s):
        raise HubUnreachable("No way to hub.example.", hint="Look at your network.")

    versions_by_hash = version_by_hash = models = model = ids_by_hash


@hookimpl
def hub_source(context):
    return Broken()
'''


@pytest.fixture
def hashed(home: Home) -> Home:
    """A catalog with one hashed model, and a plugin whose hub is down."""
    home.plugins.mkdir(parents=True)
    (home.plugins / "broken.py").write_text(BROKEN)
    with Catalog.open(home) as catalog:
        catalog.looks.record(add_library(catalog), [look("neon.safetensors", 1)], "1")
        catalog.looks.record_hashes([(catalog.files.to_hash()[0], hashes("a"))])
    return home


def test_a_catalog_without_hashes_is_told_what_to_do(home: Home, run: Run) -> None:
    ended = run("hub", "match")
    assert ended.code == 0
    assert ended.out == "Nothing to ask: no model has been read in full yet. Try: loradex scan\n"


def test_one_hub_that_fails_leaves_the_others(
    hashed: Home, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalHub(World()) as hub:
        monkeypatch.setenv("LORADEX_HUB_URL", hub.url)
        ended = run("hub", "match", "--json")
    told = json.loads(ended.out)
    assert ended.code == 3
    assert "broken: No way to hub.example. Look at your network." in ended.err
    assert told["problems"] == [
        {
            "hub": "broken",
            "message": "No way to hub.example.",
            "hint": "Look at your network.",
        }
    ]
    assert next(each for each in told["hubs"] if each["hub"] == "civitai")["unknown"] == 1
