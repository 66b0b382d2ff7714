"""The Hugging Face Hub: search, names, downloads, and where files in its cache came from.

It cannot be asked by hash, so it matches nothing by itself. All requests for facts go through the
huggingface_hub library, which finds the person's token by itself; loradex keeps no copy of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loradex.plugin_api import HubContext, hookimpl

if TYPE_CHECKING:
    from loradex_plugins.huggingface.hub import HuggingFaceHub

LORADEX_API = "1.1"


@hookimpl
def hub_source(context: HubContext) -> HuggingFaceHub | None:
    """Return the hub if the settings name it; the library is loaded when it is first asked."""
    if not context.enabled("huggingface"):
        return None
    from loradex_plugins.huggingface.hub import HuggingFaceHub  # noqa: PLC0415 - only when wanted

    return HuggingFaceHub(context)
