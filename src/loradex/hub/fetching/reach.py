"""How far into private networks an address leads, so that nobody on the internet sends us there.

A hub may redirect anywhere. If it could redirect us to `127.0.0.1` or to the router, it could
make us ask servers that only we can reach. So nothing may lie nearer to us than the hub itself.
"""

from __future__ import annotations

import ipaddress
from enum import IntEnum


class Reach(IntEnum):
    """Where an address lies; the higher, the nearer to us."""

    INTERNET = 0
    PRIVATE = 1
    MACHINE = 2
    """This machine, and what only a machine's own neighbours have: link-local and the like."""


def reach_of(address: str) -> Reach:
    """Return where an IP address lies; raise `ValueError` if it is none."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is not None:
            return reach_of(str(inner))
    if ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast:
        return Reach.MACHINE
    return Reach.INTERNET if ip.is_global else Reach.PRIVATE


def reach_of_name(host: str) -> Reach:
    """Return where a host lies as far as its name alone tells."""
    if host == "localhost" or host.endswith(".localhost"):
        return Reach.MACHINE
    try:
        return reach_of(host)
    except ValueError:
        return Reach.INTERNET
