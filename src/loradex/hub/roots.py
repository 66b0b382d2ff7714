"""Whose certificates are trusted: those of the system, and for a hub of one's own its own root."""

from __future__ import annotations

import functools
import ssl
from dataclasses import dataclass
from typing import Self

import httpx

from loradex.errors import SettingsError
from loradex.hub.origin import hub_address
from loradex.settings import Settings, is_civitai


@dataclass(frozen=True, slots=True)
class Roots:
    """The trusted roots. The PEM file `ca` counts beside them, for connections to `host` alone.

    Who has the key of a studio's root cannot pose as anybody else on the internet that way.
    """

    host: str = ""
    ca: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the roots for the hub of `settings`; CivitAI needs none of its own."""
        if not settings.hub_ca or is_civitai(settings.hub_url):
            return cls()
        return cls(hub_address(settings.hub_url).host, settings.hub_ca)

    def context(self, host: str, *, http2: bool) -> ssl.SSLContext:
        """Return what connections to `host` are made with; raise `SettingsError` for a bad `ca`.

        It is shared, and offers HTTP/1.1, or HTTP/2 as well.
        """
        return _context(self.ca if host == self.host else "", http2)


@functools.cache
def _context(ca: str, http2: bool) -> ssl.SSLContext:
    """Return httpx's own context, loaded once: it takes longer than the rest of a client.

    One for each protocol: httpx itself sets what a context offers when it connects.
    """
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["h2", "http/1.1"] if http2 else ["http/1.1"])
    if ca:
        try:
            context.load_verify_locations(cafile=ca)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"The certificate in hub_ca, {ca}, cannot be used: {error.strerror or error}.",
                hint="It has to be the hub's root certificate in PEM: BEGIN CERTIFICATE …",
            ) from error
    return context
