"""Options that commands asking hubs share: offline, content limit, and the hubs themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context
from loradex.domain.content_level import ContentLimit
from loradex.domain.hub_waiting import HubWait
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.operations.hubs import Hubs
    from loradex.plugin_manager import Plugins
    from loradex.settings import Settings

offline_option = click.option(
    "--offline", is_flag=True, help="Ask nobody: show what hubs told before."
)
limit_option = click.option(
    "--content-limit",
    type=click.Choice([limit.value for limit in ContentLimit], case_sensitive=False),
    help="The most mature content that is shown, for this once; `content_limit` in loradex.toml"
    " or LORADEX_CONTENT_LIMIT for always.",
)


def hub_settings(context: Context, *, offline: bool, content_limit: str | None = None) -> Settings:
    """Return the settings in force with what this call's options say."""
    settings = context.settings()
    if offline:
        settings = replace(settings, offline=True)
    if content_limit is not None:
        settings = replace(settings, content_limit=ContentLimit(content_limit.lower()))
    return settings


@contextmanager
def asked_hubs(
    context: Context,
    settings: Settings,
    sink: ProgressSink,
    cancel: CancelToken,
    *,
    refresh: bool = False,
    plugins: Callable[[], Plugins] | None = None,
) -> Iterator[Hubs]:
    """Give the hubs that may be asked; the sink shows whenever one keeps us waiting.

    With `refresh` no answer is given that was kept from before. `plugins` are those that are
    loaded already.
    """
    from loradex.operations.hubs import open_hubs  # noqa: PLC0415 - httpx is behind it

    def tell(wait: HubWait) -> None:
        stage = f"Waiting {wait.seconds:.0f} s: {display_text(wait.host)} {wait.reason}"
        sink.progress(Progress(display_text(stage), 0, None, "requests"))

    with open_hubs(
        settings,
        context.home,
        plugins=plugins or cache(context.plugins),
        cancel=cancel,
        tell=tell,
        refresh=refresh,
    ) as hubs:
        yield hubs
