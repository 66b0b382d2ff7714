"""Requests for the hubs that plugins bring: our own care for hosts and answers, no key."""

from __future__ import annotations

import threading
from dataclasses import replace

import httpx

from loradex.errors import (
    HubAuthRequired,
    HubBadRequest,
    HubError,
    HubUnexpectedAnswer,
    HubUnreachable,
)
from loradex.hub.origin import Origin, web_address
from loradex.hub.transport import HubTransport, Surroundings
from loradex.settings import Settings

KEEP_SECONDS = 600.0
"""How long an answer is given again without asking."""

_HINTS: tuple[tuple[type[HubError], str], ...] = (
    (HubUnreachable, "Check the network; what is not about this hub works without it."),
    (HubAuthRequired, "loradex has no key for it: what it gives to nobody in particular is all."),
    (HubBadRequest, "If it stays so, its plugin needs an upgrade."),
    (HubUnexpectedAnswer, "Try again later; if it stays so, its plugin needs an upgrade."),
)


class PluginHttp:
    """The `HubHttp` of the plugin API. Safe to share between threads; close it after use."""

    def __init__(self, settings: Settings, around: Surroundings) -> None:
        self._settings = replace(settings, hub_token=None, hub_ca="")
        self._around = around
        self._lock = threading.Lock()
        self._transports: dict[Origin, HubTransport] = {}

    def get_json(self, url: str) -> object:
        """Return the document at an https address (http on this machine only)."""
        try:
            address = web_address(url)
        except httpx.InvalidURL as error:
            raise HubBadRequest("A plugin asked for something that is no web address.") from error
        origin = Origin.of(address)
        if not origin.may_hold_key or address.userinfo or not address.host:
            raise HubBadRequest(f"A plugin may not ask {origin.label or 'that address'}.")
        transport = self._transport(origin)
        params = {name: address.params.get_list(name) for name in address.params}
        try:
            return transport.get(address.path.lstrip("/"), params, keep=KEEP_SECONDS)
        except HubError as error:
            # Neither its address nor a key for it is among the settings of the built-in hub.
            error.hint = next((h for kind, h in _HINTS if isinstance(error, kind)), error.hint)
            raise

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            transports = list(self._transports.values())
        for transport in transports:
            transport.close()

    def _transport(self, origin: Origin) -> HubTransport:
        with self._lock:
            if origin not in self._transports:
                self._transports[origin] = HubTransport(
                    replace(self._settings, hub_url=origin.text),
                    self._around,
                )
            return self._transports[origin]
