"""`STEM.civitai.info`: what the CivitAI Helper family keeps, the hub's own record of the version.

An object without an id means that the tool asked the hub, which did not have the file.
"""

from __future__ import annotations

from collections.abc import Mapping

from loradex.domain.sidecar_hub import version_claims
from loradex.plugin_api import SidecarClaims, SidecarDocument, SidecarKey, SidecarModel, hookimpl

LORADEX_API = "1.2"


class CivitaiInfo:
    """The dialect of CivitAI Helper."""

    name = "civitai-helper"
    label = "CivitAI Helper"
    suffix = ".civitai.info"
    after_full_name = False
    rank = 10
    tools = ("civitai-helper",)
    indent = 4
    adds_to: tuple[str, ...] = ()

    def read(self, document: SidecarDocument) -> SidecarClaims | None:
        """Return what the hub told the tool."""
        return version_claims(document.value)

    def keys(self, model: SidecarModel, _existing: Mapping[str, object]) -> list[SidecarKey]:
        """Return the hub's record; nothing for a model of which it is not known.

        The tool would take a part of it for the whole, and not ask the hub any more.
        """
        if model.hub is None or not model.hub.whole:
            return []
        return [SidecarKey(key, value) for key, value in model.hub.version.items()]


@hookimpl
def sidecar_dialect() -> list[CivitaiInfo]:
    """Return the dialect."""
    return [CivitaiInfo()]
