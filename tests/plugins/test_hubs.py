"""A plugin's hub answers like the built-in one, and whatever it does wrong stays its problem."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from loradex.errors import HubNotFound, HubUnavailable
from loradex.paths import Home
from loradex.plugin_api import HubContext
from loradex.plugin_manager import Plugins, load_plugins

Write = Callable[..., Path]


@pytest.fixture
def load(home: Home) -> Callable[[], Plugins]:
    return lambda: load_plugins(home, disabled=["filename_tags", "huggingface", "civarchive"])


HUB = """
from loradex.errors import HubNotFound

VERSION = HubVersion(
    id=5, model_id=1, name="v", base_model="SDXL 1.0", trained_words=(), content_level=1,
    description=None, published_at=None, air=None, usage_control=None, files=(), images=(),
    model_name=None, model_type=None, raw="",
)

class Hub:
    name = {name!r}
    def page_url(self, model_id, version_id=None):
        return f"https://hub.example/{{model_id}}"
    def ids_by_hash(self, sha256s): return []
    def versions_by_hash(self, sha256s): {body}
    def version_by_hash(self, digest): {body}
    def models(self, ids): {body}
    def model(self, model_id): {body}

@hookimpl
def hub_source():
    return Hub()
"""


def test_a_hub_answers_like_the_built_in_one(
    write: Write, load: Callable[[], Plugins], context: HubContext
) -> None:
    write("mirror.py", HUB.format(name="mirror", body="return [VERSION]"))
    plugins = load()
    (hub,) = plugins.hubs(context)
    assert hub.name == "mirror"
    assert hub.page_url(3) == "https://hub.example/3"
    assert hub.ids_by_hash(["a" * 64]) == []
    assert [version.id for version in hub.versions_by_hash(["a" * 64])] == [5]
    assert plugins.problems == ()


BAD_ANSWERS = [
    pytest.param("return 5", "HubVersion was due", id="a number"),
    pytest.param("raise OSError('down')", "OSError: down", id="raises"),
    pytest.param("raise SystemExit(1)", "SystemExit: 1", id="exits"),
]


@pytest.mark.parametrize(("body", "message"), BAD_ANSWERS)
def test_every_failure_of_a_hub_is_a_hub_error(
    write: Write, load: Callable[[], Plugins], context: HubContext, body: str, message: str
) -> None:
    write("bad.py", HUB.format(name="bad", body=body))
    plugins = load()
    (hub,) = plugins.hubs(context)
    with pytest.raises(HubUnavailable, match=message):
        hub.version_by_hash("a" * 64)
    for ask in (lambda: hub.versions_by_hash(["a" * 64]), lambda: hub.models([1])):
        with pytest.raises(HubUnavailable):
            ask()
    with pytest.raises(HubUnavailable):
        hub.model(1)
    (problem,) = plugins.problems
    assert (problem.plugin, problem.task, problem.times) == ("bad", "hub_source", 4)


def test_a_list_with_something_else_in_it_is_refused(
    write: Write, load: Callable[[], Plugins], context: HubContext
) -> None:
    write("bad.py", HUB.format(name="bad", body="return [VERSION, None]"))
    (hub,) = load().hubs(context)
    with pytest.raises(HubUnavailable, match="None where a HubVersion was due"):
        hub.versions_by_hash(["a" * 64])


def test_a_hub_error_of_the_plugin_is_passed_on(
    write: Write, load: Callable[[], Plugins], context: HubContext
) -> None:
    write("strict.py", HUB.format(name="strict", body="raise HubNotFound('gone', status=410)"))
    plugins = load()
    with pytest.raises(HubNotFound) as caught:
        plugins.hubs(context)[0].model(1)
    assert caught.value.status == 410
    assert plugins.problems == ()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", None, 5])
def test_an_address_that_is_none_is_left_out(
    write: Write, load: Callable[[], Plugins], context: HubContext, url: object
) -> None:
    body = HUB.format(name="odd", body="return None")
    write("odd.py", body.replace('f"https://hub.example/{model_id}"', repr(url)))
    assert load().hubs(context)[0].page_url(1) == ""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 'https://hub.example'", "HubSource was due"),
        ("1 / 0", "ZeroDivisionError"),
        ("class Hub: name = 'half'\n    return Hub()", "HubSource was due"),
    ],
)
def test_what_is_no_hub_is_reported(
    write: Write, load: Callable[[], Plugins], context: HubContext, body: str, message: str
) -> None:
    write("bad.py", f"@hookimpl\ndef hub_source():\n    {body}")
    plugins = load()
    assert plugins.hubs(context) == ()
    assert message in plugins.problems[0].message


@pytest.mark.parametrize("name", ["two words", "", None, "\x1b"])
def test_a_hub_needs_a_name_that_can_be_typed(
    write: Write, load: Callable[[], Plugins], context: HubContext, name: str | None
) -> None:
    write("bad.py", HUB.format(name=name, body="return None"))
    plugins = load()
    assert plugins.hubs(context) == ()
    assert "cannot be called" in plugins.problems[0].message
