"""Which hubs are there, in which order, and who may not pose as whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import World, WorldModel
from loradex.domain.hub_source import HubNames, HubPlaces, HubSearch
from loradex.domain.progress import CancelToken
from loradex.errors import HubOffline, UsageError
from loradex.operations.hubs import Hubs, open_hubs
from loradex.paths import Home
from loradex.plugin_manager import Plugins, load_plugins
from loradex.settings import Settings

PLUGIN = """
from loradex.domain.hub_search import HubPage
from loradex.plugin_api import hookimpl

LORADEX_API = "1.1"

class Shelf:
    name = "{name}"
    def page_url(self, model_id, version_id=None): return "https://shelf.example"
    def ids_by_hash(self, sha256s): return []
    def versions_by_hash(self, sha256s): return []
    def version_by_hash(self, digest): return None
    def models(self, ids): return []
    def model(self, model_id): return None
    {more}

@hookimpl
def hub_source(context):
    return Shelf()
"""
SEARCH = "def search(self, query, cursor=None): return HubPage((), None)"


@pytest.fixture
def write(home: Home) -> Callable[..., None]:
    """Write a plugin that brings a hub."""

    def write(name: str, more: str = "") -> None:
        home.plugins.mkdir(exist_ok=True)
        text = PLUGIN.format(name=name, more=more)
        (home.plugins / f"own_{name}.py").write_text(text)

    return write


class Loading:
    """Loads this home's own plugins, and counts how often."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.times = 0

    def __call__(self) -> Plugins:
        self.times += 1
        return load_plugins(self.home, ("huggingface", "civarchive", "filename_tags"))


@pytest.fixture
def loading(home: Home) -> Loading:
    return Loading(home)


def opened(home: Home, loading: Loading, **more: object) -> Hubs:
    settings = Settings(**more)  # type: ignore[arg-type]
    return open_hubs(settings, home, plugins=loading, cancel=CancelToken())


def test_civitai_comes_first_then_plugins_by_name(
    home: Home, loading: Loading, write: Callable[..., None]
) -> None:
    for name in ("zebra", "huggingface", "attic", "civarchive"):
        write(name)

    with opened(home, loading) as hubs:
        names = [hub.name for hub in hubs]
        assert names == [hub.name for hub in hubs]

    # The settings name huggingface, not civarchive; who they do not know is always there.
    assert names == ["civitai", "attic", "huggingface", "zebra"]
    assert loading.times == 1


def test_a_plugin_cannot_pose_as_the_hub_that_has_the_key(
    home: Home, loading: Loading, write: Callable[..., None]
) -> None:
    write("civitai")
    with opened(home, loading) as hubs:
        assert [hub.name for hub in hubs] == ["civitai"]
        assert hubs.named("civitai") is hubs.civitai


def test_plugins_are_loaded_when_they_are_needed_only(home: Home, loading: Loading) -> None:
    with opened(home, loading) as hubs:
        assert hubs.named("civitai") is hubs.civitai
        assert next(iter(hubs)) is hubs.civitai
    assert loading.times == 0


def test_hubs_by_what_they_are_able_to(
    home: Home, loading: Loading, write: Callable[..., None]
) -> None:
    write("attic")
    write("shop", SEARCH)
    with opened(home, loading) as hubs:
        assert [hub.name for hub in hubs if isinstance(hub, HubSearch)] == ["civitai", "shop"]
        assert hubs.able(HubSearch) == [hubs.civitai, hubs.named("shop")]
        assert hubs.able(HubNames) == [hubs.civitai]
        assert hubs.able(HubPlaces) == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nowhere", "There is no hub 'nowhere'. Known hubs: civitai, attic."),
        ("civarchive", "The hub 'civarchive' is switched off. Add it to `hubs` in loradex.toml."),
    ],
)
def test_a_hub_that_is_not_there(
    home: Home, loading: Loading, write: Callable[..., None], name: str, sentence: str
) -> None:
    write("attic")
    with opened(home, loading) as hubs, pytest.raises(UsageError) as caught:
        hubs.named(name)

    assert str(caught.value) == sentence


def test_civitai_may_be_switched_off_and_still_has_its_key(home: Home, loading: Loading) -> None:
    with opened(home, loading, hubs=()) as hubs:
        assert list(hubs) == []
        assert hubs.civitai.name == "civitai"
        with pytest.raises(UsageError, match="switched off"):
            hubs.named("civitai")


def test_offline_no_plugin_is_asked_or_loaded(
    home: Home, loading: Loading, write: Callable[..., None]
) -> None:
    write("attic")
    with opened(home, loading, offline=True) as hubs:
        assert [hub.name for hub in hubs] == ["civitai"]
        with pytest.raises(HubOffline, match="attic"):
            hubs.named("attic")
    assert loading.times == 0


def test_answers_are_kept_from_one_piece_of_work_to_the_next(home: Home, loading: Loading) -> None:
    with LocalHub(World(models=(WorldModel(id=7, name="Fog"),))) as local:
        for more in ({}, {}, {"offline": True}):
            with opened(home, loading, hub_url=local.url, **more) as hubs:
                model = hubs.civitai.model(7)
                assert model is not None
                assert model.name == "Fog"
        assert len(local.requests) == 1
        settings = Settings(hub_url=local.url)
        with open_hubs(settings, home, plugins=loading, cancel=CancelToken(), refresh=True) as hubs:
            assert hubs.civitai.model(7) is not None
        assert len(local.requests) == 2


@pytest.mark.parametrize(
    ("text", "knows"),
    [
        ("version:102", "civitai"),
        ("model:1499999999", "civitai"),
        ("version:1500000000", "nas:8765"),
        ("https://nas:8765/models/2147483647", "nas:8765"),
        ("civitai:100@1500000000", None),
    ],
)
def test_another_loradex_is_two_hubs_by_their_numbers(
    home: Home, loading: Loading, text: str, knows: str | None
) -> None:
    with opened(home, loading, hub_url="https://nas:8765") as hubs:
        assert [hub.name for hub in hubs] == ["civitai", "nas:8765"]
        named = [hub.name for hub in hubs.able(HubNames) if hub.recognise(text) is not None]
    assert named == ([] if knows is None else [knows])
    with opened(home, loading) as hubs:
        assert [hub.name for hub in hubs] == ["civitai"]
