"""A hub with files, a library to put them in, and the two joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.domain.progress import CancelToken
from loradex.hub.fetching import Fetcher, FetchOptions, SpeedLimit
from loradex.operations.downloads.plan import DownloadOptions, DownloadPlan
from loradex.operations.downloads.planning import plan_downloads
from loradex.operations.downloads.queue import enqueue
from loradex.operations.downloads.run import FileProgress, RunOptions, RunReport
from loradex.operations.downloads.running import run_queue
from loradex.operations.hubs import Hubs, open_hubs
from loradex.paths import Home
from loradex.plugin_manager import load_plugins
from loradex.settings import Secret, Settings
from operations.downloads.world import KEY, make_library, make_world
from progress_kit import Recorder


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Where the hub's files lie."""
    return tmp_path / "shelf"


@pytest.fixture
def hub(shelf: Path) -> Iterator[LocalHub]:
    with LocalHub(make_world(shelf)) as hub:
        yield hub


@pytest.fixture
def models(catalog: Catalog, tmp_path: Path) -> Path:
    """The root of the only library."""
    return make_library(catalog, tmp_path / "models")


@dataclass
class Station:
    """Plans and runs downloads from the hub into the catalog."""

    catalog: Catalog
    home: Home
    hubs: Hubs
    settings: Settings
    sink: Recorder = field(default_factory=Recorder)
    cancel: CancelToken = field(default_factory=CancelToken)
    files: list[FileProgress] = field(default_factory=list)
    speed: SpeedLimit = field(default_factory=SpeedLimit)
    run_options: RunOptions = field(default_factory=lambda: RunOptions(pauses=(0.0,), patience=0.5))

    def plan(self, *texts: str, options: DownloadOptions | None = None) -> DownloadPlan:
        return plan_downloads(
            self.catalog,
            self.hubs,
            texts,
            options or DownloadOptions(),
            self.settings,
            sink=self.sink,
            cancel=self.cancel,
        )

    def queue(self, *texts: str, options: DownloadOptions | None = None) -> list[int]:
        return enqueue(self.catalog, self.plan(*texts, options=options).files)

    def run(self) -> RunReport:
        fetching = FetchOptions(stall_seconds=5.0, tries=1)
        with Fetcher(options=fetching, speed=self.speed) as fetcher:
            return run_queue(
                self.catalog,
                self.hubs,
                fetcher,
                self.run_options,
                plugins=cache(lambda: load_plugins(self.home, ())),
                sink=self.sink,
                cancel=self.cancel,
                show_files=self.files.extend,
            )

    def get(self, *texts: str, options: DownloadOptions | None = None) -> RunReport:
        self.queue(*texts, options=options)
        return self.run()


Connect = Callable[..., Station]


@pytest.fixture
def connect(catalog: Catalog, home: Home, hub: LocalHub) -> Iterator[Connect]:
    """Open stations; their connections are closed at the end."""
    opened: list[Hubs] = []

    def make(*, key: str | None = KEY, retries: int = 0, **more: object) -> Station:
        settings = Settings(
            hub_url=hub.url,
            hub_token=Secret(key) if key else None,
            hub_timeout=5.0,
            hub_retries=retries,
            hubs=("civitai",),
            **more,  # type: ignore[arg-type]
        )
        cancel = CancelToken()
        hubs = open_hubs(settings, home, plugins=lambda: load_plugins(home, ()), cancel=cancel)
        opened.append(hubs)
        return Station(catalog, home, hubs, settings, cancel=cancel)

    yield make
    for hubs in opened:
        hubs.civitai.close()


@pytest.fixture
def station(connect: Connect, models: Path) -> Station:
    return connect()
