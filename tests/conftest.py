"""What all tests share: a home of their own, no network, and the `--long` option."""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loradex.catalog import upgrade
from loradex.paths import Home

if TYPE_CHECKING:
    from grid_stock import Stock
    from loradex.catalog.catalog import Catalog

# What would let the machine's own settings reach into a test. Proxies would also catch loopback.
_STRAY = ("CIVITAI_API_KEY", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
_STRAY_PREFIXES = ("LORADEX_", "XDG_")
_STRAY_SUFFIXES = ("_PROXY",)


class NetworkRefused(RuntimeError):
    """A test reached for the network. Not an OSError, so that no code takes it for one."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that take minutes, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    skip = pytest.mark.skip(reason="takes minutes: --long")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(skip)


def pytest_configure() -> None:
    # Before torch is imported, and for the programs that tests start. Pictures this small gain
    # nothing from a second thread, and as many threads as cores in each of several processes wait
    # for one another most of the time.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # A run in the background of a script is born deaf to SIGINT, and so would be every program it
    # starts: Ctrl-C could not be tested.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    # Ten thousand tests and all they import stay to the end: no collection need look at them again.
    # Giving up a checkpoint collects, hundreds of times.
    gc.collect()
    gc.freeze()


def _is_stray(name: str) -> bool:
    name = name.upper()
    return name in _STRAY or name.startswith(_STRAY_PREFIXES) or name.endswith(_STRAY_SUFFIXES)


@pytest.fixture(scope="session", autouse=True)
def _own_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Turn HOME to an empty folder and refuse the network, for fixtures of every scope."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if _is_stray(name)]:
            patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("user")))
        patch.setenv("LORADEX_HOME", str(tmp_path_factory.mktemp("shared-home")))
        patch.setenv("HF_HUB_OFFLINE", "1")
        # Nothing of a test may get into the keyring of whoever runs it.
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))
        yield


@pytest.fixture(scope="session", autouse=True)
def _ready_made_catalogs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run the schema revisions once, and copy what they made for every new catalog after that.

    A tenth of a second each, in some three thousand tests. Catalogs that are upgraded, and those
    that other processes make, are not copies.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            upgrade, "_upgrade", ReadyMade(tmp_path_factory.mktemp("schema"), upgrade._upgrade)
        )
        yield


class ReadyMade:
    """`loradex.catalog.upgrade._upgrade`, quicker for catalogs that are not there yet."""

    def __init__(self, folder: Path, upgrade: Callable[[Path], None]) -> None:
        self._model = folder / "catalog.db"
        self._upgrade = upgrade

    def __call__(self, path: Path) -> None:
        if path.exists() and path.stat().st_size:
            self._upgrade(path)
            return
        if not self._model.exists():
            self._upgrade(self._model)
        with (
            closing(sqlite3.connect(self._model)) as model,
            closing(sqlite3.connect(path)) as copy,
        ):
            model.backup(copy)


@pytest.fixture(autouse=True)
def _fresh_gates() -> Iterator[None]:
    """Let no host that a test brought down be left alone in the next, which may get its port."""
    yield
    gates = sys.modules.get("loradex.hub.gates")
    if gates is not None:
        gates.PROCESS_GATES.forget()


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty LORADEX_HOME, outside `tmp_path`."""
    root = Path(tmp_path_factory.mktemp("home"))
    monkeypatch.setenv("LORADEX_HOME", str(root))
    return Home(root)


def _is_local(host: object) -> bool:
    """True for this machine."""
    if host is None or not isinstance(host, str | bytes):
        return host is None
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if text in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def _guarded(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_local(address[0]):
            raise NetworkRefused(f"a test tried to connect to {address}")
        return connect(self, address)

    return guarded


def _guarded_lookup(getaddrinfo: Any) -> Any:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(host, str) and host.endswith(".invalid"):  # RFC 6761: never resolves
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not _is_local(host):
            raise NetworkRefused(f"a test tried to look up {host!r}")
        return getaddrinfo(host, *args, **kwargs)

    return guarded


@pytest.fixture
def catalog(home: Home) -> Iterator[Catalog]:
    """An empty catalog, open for as long as the test runs."""
    from loradex.catalog.catalog import Catalog  # noqa: PLC0415 - few tests need the database

    with Catalog.open(home) as opened:
        yield opened


@pytest.fixture(scope="session")
def grid_stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """Tiny models that really draw, indexed once for all tests of grids."""
    from grid_stock import make_stock  # noqa: PLC0415 - torch is behind this

    stock = make_stock(tmp_path_factory.mktemp("stock"))
    gc.freeze()
    return stock


@pytest.fixture
def stocked(grid_stock: Stock, home: Home) -> Stock:
    """Those models in the catalog of this test's home."""
    grid_stock.into(home)
    return grid_stock
