"""Which server is the hub, and who may see the key: that server and nobody else."""

from __future__ import annotations

import ipaddress
from collections.abc import Generator
from dataclasses import dataclass

import httpx

from loradex.errors import SettingsError
from loradex.settings import Secret

_DEFAULT_PORTS = {"https": 443, "http": 80}
_LONGEST_HOST = 253


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: the three that must all be equal to be the same server."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def of(cls, url: httpx.URL) -> Origin:
        """Return the origin of `url`, with the scheme's own port filled in."""
        return cls(url.scheme, url.host, url.port or _DEFAULT_PORTS.get(url.scheme))

    @property
    def loopback(self) -> bool:
        """True when the server is this very machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def may_hold_key(self) -> bool:
        """True when what is sent there cannot be read on the way."""
        return self.scheme == "https" or (self.scheme == "http" and self.loopback)

    @property
    def label(self) -> str:
        """The name a person knows it by: `civitai.com`, `127.0.0.1:8000`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS.get(self.scheme) else f"{host}:{self.port}"

    @property
    def text(self) -> str:
        """The origin as text: `https://civitai.com`, `http://127.0.0.1:8000`."""
        return f"{self.scheme}://{self.label}"


def web_address(text: str, seen_from: httpx.URL | None = None) -> httpx.URL:
    """Return the address in `text`, which may be relative to `seen_from`.

    Raises `httpx.InvalidURL` for whatever could not be asked. httpx itself finds some of that only
    when it is used, with errors of other kinds: a host that is no name, a port that is none.
    """
    try:
        url = httpx.URL(text) if seen_from is None else seen_from.join(text)
        url.raw_host.decode("ascii").encode("idna")  # as the socket will
        usable = len(url.host) <= _LONGEST_HOST and (url.port is None or 0 < url.port < 65536)
    except ValueError:  # all trouble with names of hosts
        usable = False
    if not usable:
        raise httpx.InvalidURL("an address that cannot be asked")
    return url


def hub_address(text: str) -> httpx.URL:
    """Return the hub's address from the settings; raise `SettingsError` if it cannot be one.

    User names, queries and fragments are refused: they have no meaning for a hub, and a password
    in an address ends up in logs.
    """
    hint = "LORADEX_HUB_URL takes an address such as https://civitai.com."
    try:
        url = web_address(text)
    except httpx.InvalidURL as error:
        raise SettingsError("The hub address is not a web address.", hint=hint) from error
    if url.userinfo or url.query or url.fragment:
        raise SettingsError(
            "The hub address must not hold a user name, a query or a fragment.", hint=hint
        )
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        raise SettingsError(f"The hub address {text!r} is not a web address.", hint=hint)
    return url


class OriginAuth(httpx.Auth):
    """Adds the key to requests that go to the hub's own origin, and to no other.

    httpx asks it for every request that leaves, so a redirect that somebody follows is judged
    again by its own address.
    """

    def __init__(self, hub: Origin, key: Secret | None) -> None:
        if key is not None and not _can_be_a_key(key.reveal()):
            raise SettingsError(
                "The hub key has spaces or other characters that no key has.",
                hint="Copy it again from your account settings on the hub.",
            )
        self._hub = hub
        self._key = key

    @property
    def key(self) -> Secret | None:
        """The key, where it may be sent to the hub."""
        return self._key if self.sends_key else None

    @property
    def sends_key(self) -> bool:
        """True when requests to the hub carry a key."""
        return self._key is not None and self._hub.may_hold_key

    @property
    def withholds_key(self) -> bool:
        """True when there is a key, but the way to the hub is not private."""
        return self._key is not None and not self._hub.may_hold_key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield `request`, with the key if it goes to the hub itself."""
        if self._key is not None and self.sends_key and Origin.of(request.url) == self._hub:
            request.headers["Authorization"] = f"Bearer {self._key.reveal()}"
        yield request


def _can_be_a_key(text: str) -> bool:
    return text.isascii() and text.isprintable() and not any(c.isspace() for c in text)
