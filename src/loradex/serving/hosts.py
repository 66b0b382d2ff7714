"""Which `Host` and `Origin` are ours: a web page must not use a browser to reach this server.

A page whose name an attacker points to this address (DNS rebinding) comes with the attacker's name
as `Host`; a page elsewhere comes with its own `Origin`. Numbers as `Host` are no names, so they
cannot be rebound.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_HOST = re.compile(
    r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(?::(?P<port>\d{1,5}))?", re.ASCII
)


def is_loopback(host: str) -> bool:
    """Tell whether an address to listen on can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Hosts:
    """The names this server answers to: its address, this machine's name, and those allowed."""

    def __init__(self, bound: str, allowed: Iterable[str] = ()) -> None:
        names = {bound, *allowed}
        if is_loopback(bound):
            names.update(_LOCAL_NAMES)
        else:
            own = socket.gethostname()
            names.update((own, f"{own}.local"))
        self._names = {_bare(name) for name in names}

    def is_ours(self, header: str, reached: str) -> bool:
        """Tell whether a `Host` header names this server; `reached` is the address that was."""
        match = _HOST.fullmatch(header)
        if match is None:
            return False
        name = _bare(match["name"])
        return name in self._names or _same_address(name, reached)


def is_foreign(origin: str | None, fetch_site: str | None, scheme: str, host: str) -> bool:
    """Tell whether a request comes from a page of another origin.

    `origin` and `fetch_site` are what the browser says (`Origin`, `Sec-Fetch-Site`); programs that
    are no browsers send neither.
    """
    if fetch_site is not None and fetch_site not in ("same-origin", "none"):
        return True
    return origin is not None and origin.lower() != f"{scheme}://{host}".lower()


def checked_name(text: str) -> str:
    """Return a host name as it was given; raise `ValueError` for what cannot be one."""
    if _HOST.fullmatch(text) is None or urlsplit(f"//{text}").port is not None:
        raise ValueError(text)
    return text


def _bare(name: str) -> str:
    return name.strip("[]").rstrip(".").lower()


def _same_address(name: str, reached: str) -> bool:
    try:
        return ipaddress.ip_address(name) == ipaddress.ip_address(reached)
    except ValueError:
        return False
