"""A plugins folder to write real plugin files into."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from loradex.errors import HubUnreachable
from loradex.paths import Home
from loradex.plugin_api import HubContext

HEAD = """
from loradex.domain.hub import HubVersion
from loradex.plugin_api import *

LORADEX_API = "1.0"
"""


class NoHttp:
    """Nobody is there to be asked."""

    def get_json(self, url: str) -> object:
        raise HubUnreachable(f"{url} is not there.")


@pytest.fixture
def write(home: Home) -> Callable[..., Path]:
    """Write a user plugin; `head` is what nearly every plugin begins with."""

    def write(name: str, body: str, *, head: str = HEAD) -> Path:
        path = home.plugins / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + textwrap.dedent(body), encoding="utf-8")
        return path

    return write


@pytest.fixture
def context() -> HubContext:
    """What a hub of a plugin gets when nobody can be asked."""
    return HubContext(NoHttp(), names=("mirror",))
