"""A plugin's hub has just those abilities that the plugin gave it, and every answer is checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from loradex.domain.content_level import ContentLimit
from loradex.domain.hub import HubFile, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_search import HubQuery
from loradex.domain.hub_source import (
    HubDownloads,
    HubNames,
    HubPlaces,
    HubSearch,
    HubSource,
    PlaceClaim,
)
from loradex.errors import Cancelled, HubEarlyAccess, HubUnavailable
from loradex.paths import Home
from loradex.plugin_api import HubContext
from loradex.plugin_manager import Plugins, load_plugins

HEAD = """
from dataclasses import replace
from loradex.domain.hub import *
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_search import HubPage
from loradex.domain.hub_source import FetchStart
from loradex.domain.secret import Secret
from loradex.errors import Cancelled, HubEarlyAccess
from loradex.plugin_api import *

LORADEX_API = "1.1"

FILE = HubFile(
    id=1, name="a.safetensors", type="Model", size_bytes=5, sha256=None, autov3=None, primary=True,
    format=None, precision=None, download_url=None, hashes={"SHA256": "ab"},
)
IMAGE = HubImage(1, "https://x.example/a.png", "image", 1, None, None, None)
VERSION = HubVersion(
    id=5, model_id=1, name="v", base_model="SDXL 1.0", trained_words=("w",), content_level=1,
    description=None, published_at=None, air=None, usage_control=None, files=(FILE,),
    images=(IMAGE,), model_name=None, model_type=None, raw="",
)
MODEL = HubModel(
    id=1, name="m", type="LORA", description=None, tags=(), creator=None, content_level=1,
    mode=None, licence={}, versions=(VERSION,), raw="",
)

class Hub:
    name = "mirror"
    def page_url(self, model_id, version_id=None): return ""
    def ids_by_hash(self, sha256s): return []
    def versions_by_hash(self, sha256s): return []
    def version_by_hash(self, digest): return VERSION
    def models(self, ids): return [MODEL]
    def model(self, model_id): return MODEL

@hookimpl
def hub_source(context):
    return Able()
"""
QUERY = HubQuery(text="x")
REFERENCE = HubReference("mirror", model_id=1)

METHODS = {
    HubSearch: "def search(self, query, cursor=None): ",
    HubNames: "def recognise(self, text): pass\n    def look_up(self, reference): ",
    HubDownloads: "def download_start(self, version, file): ",
    HubPlaces: "def versions_by_place(self, claims): ",
}

Make = Callable[[str], tuple[Plugins, HubSource]]


@pytest.fixture
def make(write: Callable[..., Path], home: Home, context: HubContext) -> Make:
    """Load a hub with these methods besides the usual ones, behind its fence."""

    def make(methods: str) -> tuple[Plugins, HubSource]:
        write("able.py", f"class Able(Hub):\n    {methods or 'pass'}\n", head=HEAD)
        plugins = load_plugins(home, ["filename_tags", "huggingface", "civarchive"])
        (hub,) = plugins.hubs(context)
        return plugins, hub

    return make


@pytest.mark.parametrize("ability", [*METHODS, None])
def test_abilities_are_those_of_the_plugin(make: Make, ability: type | None) -> None:
    _, hub = make(METHODS[ability] + "pass" if ability else "")

    assert isinstance(hub, HubSource)
    assert [each for each in METHODS if isinstance(hub, each)] == ([ability] if ability else [])


def test_all_of_them_together(make: Make) -> None:
    methods = "\n    ".join(f"{method}pass" for method in METHODS.values())
    _, hub = make(methods)

    assert all(isinstance(hub, ability) for ability in METHODS)


def test_a_search_is_passed_on_within_its_limit(make: Make) -> None:
    _, hub = make(
        METHODS[HubSearch] + "return HubPage((MODEL, replace(MODEL, id=2, content_level=28),"
        " replace(MODEL, id=3, content_level=0)), cursor, hidden=2)"
    )
    assert isinstance(hub, HubSearch)

    page = hub.search(QUERY, "next")

    assert [model.id for model in page.models] == [1]
    assert (page.cursor, page.hidden) == ("next", 4)
    everything = hub.search(HubQuery(content_limit=ContentLimit.ALL))
    assert [model.id for model in everything.models] == [1, 2, 3]


def test_names_are_passed_on_as_the_hubs_own(make: Make) -> None:
    _, hub = make(
        "def recognise(self, text): return HubReference('civitai', slug=text)\n"
        "    def look_up(self, reference): return MODEL, None"
    )
    assert isinstance(hub, HubNames)

    assert hub.recognise("a/b") == HubReference("mirror", slug="a/b")
    found = hub.look_up(REFERENCE)
    assert found is not None
    assert (found[0].id, found[1]) == (1, None)


def test_downloads_and_places_are_passed_on(make: Make) -> None:
    _, hub = make(
        METHODS[HubDownloads]
        + "return FetchStart('https://x.example/' + file.name, Secret('k'), True)\n    "
        + METHODS[HubPlaces]
        + "return [VERSION] * len(claims)"
    )
    assert isinstance(hub, HubDownloads)
    assert isinstance(hub, HubPlaces)
    version, file = the_version(hub)

    start = hub.download_start(version, file)

    assert (start.url, start.sha256_required) == ("https://x.example/a.safetensors", True)
    assert start.key is not None
    assert start.key.reveal() == "k"
    assert [v.id for v in hub.versions_by_place([PlaceClaim(1, "a", "a/b", "main", "x")])] == [5]


def the_version(hub: HubSource) -> tuple[HubVersion, HubFile]:
    version = hub.version_by_hash("a")
    assert version is not None
    return version, version.files[0]


SEARCHED = [
    ("return None", "None where a HubPage was due"),
    ("return HubPage((5,), None)", "5 where a HubModel was due"),
    ("return HubPage(5, None)", "HubPage.models is 5"),
    ("return HubPage((), 5)", "HubPage.cursor is 5"),
    ("return HubPage((), None, True)", "HubPage.hidden is True"),
    ("return HubPage((replace(MODEL, id='x'),), None)", "HubModel.id is 'x'"),
    ("return HubPage((replace(MODEL, id=2**63),), None)", "HubModel.id is 9223"),
    ("return HubPage((replace(MODEL, tags='abc'),), None)", "HubModel.tags is 'abc'"),
    ("return HubPage((replace(MODEL, tags=(1,)),), None)", "HubModel.tags is 1"),
    ("return HubPage((replace(MODEL, tags=('t',) * 20_001),), None)", "HubModel.tags is"),
    ("return HubPage((replace(MODEL, licence={'a': 1}),), None)", "HubModel.licence is 1"),
    ("return HubPage((replace(MODEL, licence=[]),), None)", "HubModel.licence is"),
    ("return HubPage((replace(MODEL, raw='x' * (2**24 + 1)),), None)", "HubModel.raw is"),
    (
        "return HubPage((replace(MODEL, versions=(replace(VERSION, paid=1),)),), None)",
        "HubVersion.paid is 1",
    ),
    (
        "return HubPage((replace(MODEL, versions=(replace(VERSION, files=(IMAGE,)),)),), None)",
        "where a HubFile was due",
    ),
    ("raise OSError('down')", "OSError: down"),
]


@pytest.mark.parametrize(("body", "message"), SEARCHED)
def test_every_field_is_checked(make: Make, body: str, message: str) -> None:
    plugins, hub = make(METHODS[HubSearch] + body)
    assert isinstance(hub, HubSearch)

    with pytest.raises(HubUnavailable) as caught:
        hub.search(QUERY)

    assert message in str(caught.value)
    (problem,) = plugins.problems
    assert problem.plugin == "able"


def test_lists_in_the_place_of_tuples_are_taken(make: Make) -> None:
    _, hub = make(METHODS[HubSearch] + "return HubPage([replace(MODEL, tags=['a'])], None)")
    assert isinstance(hub, HubSearch)

    page = hub.search(QUERY)

    assert page.models[0].tags == ("a",)
    assert isinstance(page.models, tuple)


@pytest.mark.parametrize(
    "body", ["return MODEL", "return (MODEL,)", "return MODEL, MODEL", "return 5, None"]
)
def test_a_look_up_gives_two_records(make: Make, body: str) -> None:
    _, hub = make(METHODS[HubNames] + body)
    assert isinstance(hub, HubNames)

    with pytest.raises(HubUnavailable, match="due"):
        hub.look_up(REFERENCE)


@pytest.mark.parametrize(
    "start",
    [
        "None",
        "'https://x.example'",
        "FetchStart('http://x.example/a', Secret('k'))",
        "FetchStart('http://127.0.0.1.x.example/a')",
        "FetchStart('file:///etc/passwd')",
        "FetchStart('https:///a')",
        "FetchStart('https://u:secret@x.example/a')",
        "FetchStart('https://[x/a')",
        "FetchStart('https://x.example/a', 'secret')",
        "FetchStart(b'https://x.example/a')",
        "FetchStart('https://x.example/a', mirrors=('http://x.example/a',))",
        "FetchStart('https://x.example/a', told_by='ftp://x.example')",
    ],
)
def test_a_download_starts_at_a_safe_place(make: Make, start: str) -> None:
    _, hub = make(f"{METHODS[HubDownloads]}return {start}")
    assert isinstance(hub, HubDownloads)

    with pytest.raises(HubUnavailable) as caught:
        hub.download_start(*the_version(hub))
    assert "secret@" not in str(caught.value)


def test_a_download_may_start_on_this_machine(make: Make) -> None:
    _, hub = make(METHODS[HubDownloads] + "return FetchStart('http://127.0.0.1:8/a', Secret('k'))")
    assert isinstance(hub, HubDownloads)

    assert hub.download_start(*the_version(hub)).url == "http://127.0.0.1:8/a"


def test_its_own_refusals_and_a_persons_stop_pass_through(make: Make) -> None:
    plugins, hub = make(
        METHODS[HubDownloads]
        + "raise HubEarlyAccess('soon', until='2027')\n    "
        + METHODS[HubPlaces]
        + "raise Cancelled('Stopped.')"
    )
    assert isinstance(hub, HubDownloads)
    assert isinstance(hub, HubPlaces)

    with pytest.raises(HubEarlyAccess) as caught:
        hub.download_start(*the_version(hub))
    assert caught.value.until == "2027"
    with pytest.raises(Cancelled):
        hub.versions_by_place([])
    assert plugins.problems == ()


def test_a_plugin_gets_the_context_or_does_without(
    write: Callable[..., Path], home: Home, context: HubContext
) -> None:
    hook = "def hub_source(context):\n    return Able()"
    hooks = {
        "old": "def hub_source():\n    return Able()",
        "never": "def hub_source(context):\n    return None",
        "new": "def hub_source(context):\n    return New() if context.enabled('mirror') else None",
    }
    for name, other in hooks.items():
        body = "class Able(Hub): pass\nclass New(Hub): name = 'new'\n"
        write(f"{name}.py", body, head=HEAD.replace(hook, other))

    plugins = load_plugins(home, ["filename_tags", "huggingface", "civarchive"])

    assert [hub.name for hub in plugins.hubs(context)] == ["new", "mirror"]
    assert [hub.name for hub in plugins.hubs(HubContext(context.http))] == ["mirror"]
    assert plugins.problems == ()
