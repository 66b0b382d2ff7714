"""The guards of conftest.py hold: no test reaches a person's home or the network."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from loradex.paths import Home, default_home


def test_state_goes_to_a_home_of_the_test(
    home: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert default_home() == home
    assert list(home.root.iterdir()) == []
    for folder in (home.root, Path.home(), default_home().root):
        assert folder.is_relative_to(tmp_path_factory.getbasetemp())


def test_without_an_override_state_goes_below_the_test_home(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LORADEX_HOME")
    assert default_home().root.is_relative_to(Path.home())


def test_settings_of_the_machine_do_not_reach_in() -> None:
    assert [name for name in os.environ if name.startswith("LORADEX_")] == ["LORADEX_HOME"]
    assert "CIVITAI_API_KEY" not in os.environ
    assert [name for name in os.environ if name.lower().endswith("_proxy")] == []


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("civitai.com", 443)])
def test_the_network_is_refused(address: tuple[str, int]) -> None:
    with (
        pytest.raises(RuntimeError, match="a test tried to"),
        socket.create_connection(address, timeout=1),
    ):
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_open(host: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection((host, server.getsockname()[1])),
    ):
        pass


def test_a_name_that_does_not_exist_may_be_asked_for() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("hub.invalid", 443)
