"""Tell another loradex, which serves what it owns, from a hub that has everything."""

from __future__ import annotations

from loradex.errors import (
    HubAuthRequired,
    HubBadRequest,
    HubForbidden,
    HubNotFound,
    HubUnexpectedAnswer,
)
from loradex.hub.naming import FRONT_DOORS
from loradex.hub.transport import HubTransport

NAME = "loradex hub serve"
"""What it calls itself at its root (`loradex.serving`)."""
_KEEP_SECONDS = 600.0
_NO_SUCH_PAGE = (
    HubAuthRequired,
    HubBadRequest,
    HubForbidden,
    HubNotFound,
    HubUnexpectedAnswer,
)
"""How others answer at their root: with a page for people, or not at all."""


def is_shelf(transport: HubTransport) -> bool:
    """Tell whether a server says of itself that it is another loradex.

    Costs a request, but none to CivitAI. Raises from the `HubError` tree when it cannot be asked.
    """
    if transport.address.host.removeprefix("www.") in FRONT_DOORS:
        return False
    try:
        document = transport.get("", keep=_KEEP_SECONDS)
    except _NO_SUCH_PAGE:
        return False
    return isinstance(document, dict) and document.get("name") == NAME
