"""One run through the download queue, drawn for whoever called: shared by `get` and `downloads`."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from loradex.cli.context import Context
from loradex.cli.hub_get_text import files_text
from loradex.cli.progress import JsonSink
from loradex.domain.hub_waiting import HubWait
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.text import display_text
from loradex.errors import HubOffline
from loradex.operations.downloads.run import FileProgress

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.operations.downloads.run import RunReport
    from loradex.operations.hubs import Hubs
    from loradex.settings import Settings

_MIB = 1024 * 1024
_CONNECTIONS = 8
"""Most connections in all, so that no server has to bear more of one person."""


class FilesSink:
    """Shows how each file comes along in the place where others show the name of one."""

    def __init__(self, sink: ProgressSink) -> None:
        self._sink = sink
        self._files = ""

    def progress(self, event: Progress) -> None:
        """Pass it on; in place of a name it tells of all files that come."""
        of_bytes = event.unit == "bytes" and self._files
        self._sink.progress(replace(event, item=self._files) if of_bytes else event)

    def problem(self, event: Problem) -> None:
        """Pass it on."""
        self._sink.problem(event)

    def show_files(self, files: tuple[FileProgress, ...]) -> None:
        """Take where the files are; a program gets an event for each."""
        self._files = files_text(files)
        if isinstance(self._sink, JsonSink):
            for file in files:
                self._sink.tell(
                    "file",
                    download=file.id,
                    name=file.name,
                    done=file.done,
                    total=file.total,
                    rate=None if file.rate is None else round(file.rate),
                    seconds_left=file.seconds_left and round(file.seconds_left, 1),
                )


class Session:
    """The hubs that are asked and the connections that fetch; a context manager."""

    def __init__(
        self, context: Context, settings: Settings, sink: ProgressSink, cancel: CancelToken
    ) -> None:
        self._settings = settings
        self._sink = sink
        self._cancel = cancel
        self._plugins = cache(context.plugins)
        self._home = context.home
        self._open = ExitStack()

    def __enter__(self) -> Session:
        from loradex.operations.hubs import open_hubs  # noqa: PLC0415

        self.hubs: Hubs = self._open.enter_context(
            open_hubs(
                self._settings,
                self._home,
                plugins=self._plugins,
                cancel=self._cancel,
                tell=self._tell_wait,
            )
        )
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def run(self, catalog: Catalog, speed: float | None, parallel: int | None) -> RunReport:
        """Download what is queued; `speed` in MiB a second and `parallel` beat the settings."""
        from loradex.hub.fetching import Fetcher, FetchOptions, SpeedLimit  # noqa: PLC0415
        from loradex.hub.roots import Roots  # noqa: PLC0415
        from loradex.operations.downloads.run import RunOptions  # noqa: PLC0415
        from loradex.operations.downloads.running import run_queue  # noqa: PLC0415

        settings = self._settings
        if settings.offline:
            raise HubOffline(
                "Nothing can be downloaded offline.", hint="Take `offline` out of the settings."
            )
        limit = settings.speed_limit if speed is None else speed
        at_once = parallel or settings.downloads
        fetching = FetchOptions(
            stall_seconds=settings.hub_timeout,
            tries=settings.hub_retries + 1,
            connections=min(max(_CONNECTIONS // at_once, 1), 4),
        )
        sink = FilesSink(self._sink)
        speeds, roots = SpeedLimit(limit * _MIB or None), Roots.of(settings)
        with Fetcher(options=fetching, speed=speeds, roots=roots) as fetcher:
            return run_queue(
                catalog,
                self.hubs,
                fetcher,
                RunOptions(at_once=at_once),
                plugins=self._plugins,
                sink=sink,
                cancel=self._cancel,
                show_files=sink.show_files,
            )

    def _tell_wait(self, wait: HubWait) -> None:
        stage = f"Waiting {wait.seconds:.0f} s: {wait.reason}"
        self._sink.progress(Progress(display_text(stage), 0, None, "files", wait.host))
