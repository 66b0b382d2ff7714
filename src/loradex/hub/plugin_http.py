"""Requests for the hubs that plugins bring: our own care for hosts and answers, no key."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import httpx

from loradex.domain.progress import CancelToken
from loradex.errors import HubBadRequest, HubOffline
from loradex.hub.origin import Origin
from loradex.hub.pacing import Pacer
from loradex.hub.transport import HubTransport
from loradex.settings import Settings


class PluginHttp:
    """The `HubHttp` of the plugin API. Safe to share between threads; close it after use.

    `sleep` and `clock` are for tests.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        cancel: CancelToken,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = replace(settings, hub_token=None)
        self._cancel = cancel
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._transports: dict[Origin, HubTransport] = {}

    def get_json(self, url: str) -> object:
        """Return the document at an https address (http on this machine only)."""
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise HubBadRequest("A plugin asked for something that is no web address.") from error
        origin = Origin.of(address)
        if not origin.may_hold_key or address.userinfo or not address.host:
            raise HubBadRequest(f"A plugin may not ask {origin.label or 'that address'}.")
        if self._settings.offline:
            raise HubOffline(f"{origin.label} is not asked: loradex is offline.")
        return self._transport(origin).get(address.path.lstrip("/"), dict(address.params))

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
                    pacer=Pacer(cancel=self._cancel, sleep=self._sleep, clock=self._clock),
                    cancel=self._cancel,
                )
            return self._transports[origin]
