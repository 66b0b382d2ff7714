"""CivArchive: what it kept of models that are gone from CivitAI, and mirrors of their files.

It has no published contract, so it is asked only by those who name it in their settings, and
believed only where a hash agrees. It never gets to see anybody's key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loradex.plugin_api import HubContext, hookimpl

if TYPE_CHECKING:
    from loradex_plugins.civarchive.hub import CivArchiveHub

LORADEX_API = "1.1"


@hookimpl
def hub_source(context: HubContext) -> CivArchiveHub | None:
    """Return the hub if the settings name it."""
    if not context.enabled("civarchive"):
        return None
    from loradex_plugins.civarchive.hub import CivArchiveHub  # noqa: PLC0415 - only when wanted

    return CivArchiveHub(context)
