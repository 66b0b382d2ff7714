"""The hooks: a plugin implements any of them, under the same name and marked `@hookimpl`.

Hooks run on a thread that belongs to the plugin alone. One that raises, answers in a wrong type
or does not come back is reported and skipped; loradex goes on.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from loradex.domain.hub_source import HubSource
from loradex.plugin_api.events import GridFinished, MatchFinished, ScanFinished
from loradex.plugin_api.hub_context import HubContext
from loradex.plugin_api.measures import PictureMeasure
from loradex.plugin_api.sidecars import SidecarDialect
from loradex.plugin_api.tagging import TaggerInput, TagProposal

API_VERSION = "1.3"
"""A plugin runs when its `LORADEX_API` has the same major number and no larger minor one."""

PROJECT = "loradex"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of the hook with its name."""


@hookspec
def propose_tags(model: TaggerInput) -> Iterable[TagProposal]:
    """Return tags that fit `model`; called for every model that is scanned, so be quick."""
    raise NotImplementedError


@hookspec
def hub_source(context: HubContext) -> HubSource | None:
    """Return a hub to ask for models that the built-in one does not know; None for no hub now.

    Called once for each piece of work on hubs, with a context of its own; ask nobody yet. What
    the hub can do besides look-ups by hash (`HubSearch`, `HubNames`, `HubAbsence`, `HubDownloads`,
    `HubPlaces`) is told by the methods it has. Hubs are asked from the plugin's own thread, one
    call at a time.
    """
    raise NotImplementedError


@hookspec
def sidecar_dialect() -> Iterable[SidecarDialect]:
    """Return the dialects of sidecars that the plugin reads; what can be written, too, has the
    methods of `SidecarWriter`.

    A dialect is asked about one file at a time, thousands in a row, and opens none itself.
    """
    raise NotImplementedError


@hookspec
def probe_measure() -> Iterable[PictureMeasure]:
    """Return measures of the pictures that `loradex probe` draws.

    A measure is asked about one picture at a time, some hundred in a row. One that raises is not
    asked again in that probe.
    """
    raise NotImplementedError


@hookspec
def on_scan_finished(event: ScanFinished) -> None:
    """Take note that a scan was stored."""


@hookspec
def on_match_finished(event: MatchFinished) -> None:
    """Take note that a hub was asked and its answers were stored."""


@hookspec
def on_grid_finished(event: GridFinished) -> None:
    """Take note that a grid was drawn and stored."""
