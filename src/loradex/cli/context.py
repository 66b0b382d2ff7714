"""What every command gets: the home folder, and the catalog and settings when it asks for them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

import click

from loradex.domain.progress import CancelToken
from loradex.paths import Home

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.plugin_manager import Plugins
    from loradex.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """The state of one call of the program."""

    home: Home
    debug: bool

    def settings(self) -> Settings:
        """Return the settings in force."""
        from loradex.settings import load_settings  # noqa: PLC0415

        return load_settings(self.home)

    @contextmanager
    def catalog(self) -> Iterator[Catalog]:
        """Give the catalog, made on first use, and close it."""
        from loradex.catalog.catalog import Catalog  # noqa: PLC0415

        with Catalog.open(self.home) as catalog:
            yield catalog

    def plugins(self) -> Plugins:
        """Return the plugins that load, with the problems of those that do not."""
        from loradex.plugin_manager import load_plugins  # noqa: PLC0415

        return load_plugins(self.home, self.settings().disabled_plugins)


pass_context = click.make_pass_decorator(Context)


@contextmanager
def stoppable() -> Iterator[CancelToken]:
    """Give a token that Ctrl-C sets: work stops at the next safe place. A second one kills it."""
    token = CancelToken()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if token.cancelled:
            raise KeyboardInterrupt
        token.cancel()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield token
    finally:
        signal.signal(signal.SIGINT, before)
