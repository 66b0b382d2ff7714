"""What plugins may rely on. Everything named here follows semantic versioning.

A plugin is a module (or package) that says which version it was written for and marks the hooks
it implements:

    from loradex.plugin_api import TaggerInput, TagProposal, hookimpl

    LORADEX_API = "1.1"

    @hookimpl
    def propose_tags(model: TaggerInput) -> list[TagProposal]:
        ...

`loradex.domain` and `loradex.errors` may be imported too; nothing else of loradex.
"""

from __future__ import annotations

from loradex.domain.hub_source import (
    FetchStart,
    HubAbsence,
    HubDownloads,
    HubNames,
    HubPlaces,
    HubSearch,
    HubSource,
    PlaceClaim,
)
from loradex.domain.preferences import Preferences
from loradex.domain.sidecars import (
    KeyRule,
    SidecarClaims,
    SidecarDocument,
    SidecarHub,
    SidecarKey,
    SidecarModel,
)
from loradex.plugin_api.events import Event, GridFinished, MatchFinished, ScanFinished
from loradex.plugin_api.hooks import API_VERSION, hookimpl
from loradex.plugin_api.hub_context import HubContext, HubHttp
from loradex.plugin_api.measures import MeasuredPicture, PictureMeasure
from loradex.plugin_api.sidecars import SidecarDialect, SidecarWriter
from loradex.plugin_api.tagging import TaggerInput, TagProposal

__all__ = [
    "API_VERSION",
    "Event",
    "FetchStart",
    "GridFinished",
    "HubAbsence",
    "HubContext",
    "HubDownloads",
    "HubHttp",
    "HubNames",
    "HubPlaces",
    "HubSearch",
    "HubSource",
    "KeyRule",
    "MatchFinished",
    "MeasuredPicture",
    "PictureMeasure",
    "PlaceClaim",
    "Preferences",
    "ScanFinished",
    "SidecarClaims",
    "SidecarDialect",
    "SidecarDocument",
    "SidecarHub",
    "SidecarKey",
    "SidecarModel",
    "SidecarWriter",
    "TagProposal",
    "TaggerInput",
    "hookimpl",
]
