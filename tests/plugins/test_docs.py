"""The examples in docs/plugins.md run as they stand, and every hook is described there."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from loradex.domain.kinds import ModelKind
from loradex.paths import Home
from loradex.plugin_api import API_VERSION, HubContext, ScanFinished, TaggerInput, hooks
from loradex.plugin_manager import load_plugins

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
HOOKS = [
    name
    for name, spec in inspect.getmembers(hooks, inspect.isfunction)
    if hasattr(spec, "loradex_spec")
]


def test_the_examples_run(home: Home, write: Callable[..., Path], context: HubContext) -> None:
    for number, example in enumerate(EXAMPLES):
        write(f"example{number}.py", example, head="")
    plugins = load_plugins(home, disabled=["filename_tags", "huggingface", "civarchive"])
    assert len(plugins.names) == len(EXAMPLES) >= 3
    model = TaggerInput("a.safetensors", "styles/Ink", ModelKind.LORA, None)
    assert [tag.tag for tag in plugins.propose_tags(model)] == ["ink"]
    assert [hub.versions_by_hash(["0" * 64]) for hub in plugins.hubs(context)] == [[]]
    plugins.notify(ScanFinished(("main",), new=2, changed=0, missing=1, failed=0))
    log = (Path.home() / "loradex-scans.log").read_text(encoding="utf-8")
    assert log == "main: 2 new, 1 missing\n"
    assert plugins.problems == ()


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_described(hook: str) -> None:
    assert f"`{hook}(" in PAGE


def test_the_version_is_the_present_one() -> None:
    assert f"now {API_VERSION} (" in PAGE
