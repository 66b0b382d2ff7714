"""The examples in docs/plugins.md run as they stand, and every hook is described there."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from loradex.demo.hub_http import LoopbackServer, json_reply
from loradex.domain.kinds import ModelKind
from loradex.domain.progress import CancelToken
from loradex.hub.plugin_http import PluginHttp
from loradex.hub.transport import Surroundings
from loradex.paths import Home
from loradex.plugin_api import (
    API_VERSION,
    HubContext,
    HubDownloads,
    HubNames,
    HubPlaces,
    HubSearch,
    MeasuredPicture,
    ScanFinished,
    SidecarClaims,
    SidecarDocument,
    SidecarModel,
    TaggerInput,
    hooks,
)
from loradex.plugin_manager import Plugins, load_plugins
from loradex.plugin_manager.discovery import find_installed
from loradex.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
HOOKS = [
    name
    for name, spec in inspect.getmembers(hooks, inspect.isfunction)
    if hasattr(spec, "loradex_spec")
]


SHA256 = "ab" * 32
LISTED = {"name": "lantern", "file": "lantern.safetensors", "sha256": SHA256.upper()}


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackServer]:
    """The web server of the page's studio."""
    document = {"models": [LISTED | {"base": "SDXL 1.0", "words": ["lntrn"]}]}
    server = LoopbackServer(lambda request: json_reply(document))
    server.open()
    monkeypatch.setenv("STUDIO_URL", server.url)
    yield server
    server.close()


@pytest.fixture
def context() -> Iterator[HubContext]:
    """What a hub gets, with requests that really leave."""
    cancel = CancelToken()
    http = PluginHttp(Settings(), Surroundings(cancel))
    yield HubContext(http, cancel=cancel)
    http.close()


@pytest.fixture
def plugins(home: Home, write: Callable[..., Path]) -> Plugins:
    for number, example in enumerate(EXAMPLES):
        write(f"example{number}.py", example, head="")
    plugins = load_plugins(home, disabled=[plugin.name for plugin in find_installed()])
    assert len(plugins.names) == len(EXAMPLES) >= 4
    return plugins


def test_the_tagger_and_the_listener_run(plugins: Plugins) -> None:
    model = TaggerInput("a.safetensors", "styles/Ink", ModelKind.LORA, None)
    assert [tag.tag for tag in plugins.propose_tags(model)] == ["ink"]
    plugins.notify(ScanFinished(("main",), new=2, changed=0, missing=1, failed=0))
    log = (Path.home() / "loradex-scans.log").read_text(encoding="utf-8")
    assert log == "main: 2 new, 1 missing\n"
    assert plugins.problems == ()


def test_the_hub_runs(studio: LoopbackServer, plugins: Plugins, context: HubContext) -> None:
    (hub,) = plugins.hubs(context)
    able = [a for a in (HubSearch, HubNames, HubDownloads, HubPlaces) if isinstance(hub, a)]
    assert able == [HubNames, HubDownloads]
    assert isinstance(hub, HubNames)
    assert isinstance(hub, HubDownloads)

    assert [hit.sha256 for hit in hub.ids_by_hash([SHA256, "0" * 64])] == [SHA256]
    version = hub.version_by_hash(SHA256)
    assert version is not None
    assert (version.base_model, version.trained_words) == ("SDXL 1.0", ("lntrn",))
    assert hub.version_by_hash("0" * 64) is None
    assert [model.name for model in hub.models([version.model_id])] == ["lantern"]
    reference = hub.recognise("studio:lantern")
    assert reference is not None
    assert hub.recognise("lantern") is None
    found = hub.look_up(reference)
    assert found is not None
    start = hub.download_start(version, found[0].versions[0].files[0])
    assert (start.url, start.sha256_required) == (f"{studio.url}/files/lantern.safetensors", True)
    assert plugins.problems == ()


def test_the_dialect_runs(plugins: Plugins) -> None:
    (card,) = plugins.sidecar_dialects()
    assert (card.name, card.tools) == ("studio-card", ("studio",))
    documents = [SidecarDocument("a", value=value) for value in ({"title": "Ink"}, {}, [])]
    told, *others = card.read(documents)
    assert isinstance(told, SidecarClaims)
    assert (told.title, others) == ("Ink", [None, None])
    model = SidecarModel("a.sft", "/a.sft", 1, 0.0, 0.0, 0.0, name="Ink", note="soft")
    assert {key.key: key.value for key in card.keys(model, {})} == {
        "title": "Ink",
        "remark": "soft",
    }
    assert plugins.problems == ()


def test_the_measure_runs(plugins: Plugins, tmp_path: Path) -> None:
    image = Image.new("RGB", (4, 4), "white")
    image.paste("black", (0, 0, 4, 1))
    image.save(tmp_path / "picture.png")
    (shadow,) = plugins.measures()
    assert shadow.measure([MeasuredPicture(tmp_path / "picture.png", "", 0, 0.0)]) == [25.0]
    assert plugins.problems == ()


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_described(hook: str) -> None:
    assert f"`{hook}(" in PAGE


def test_the_version_is_the_present_one() -> None:
    assert f"now {API_VERSION} (" in PAGE
