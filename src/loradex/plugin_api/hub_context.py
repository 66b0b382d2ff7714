"""What a plugin that brings a hub is given, so that it needs nothing of the core."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from loradex import __version__
from loradex.domain.hub_waiting import TellWait, nobody_told
from loradex.domain.progress import CancelToken


class HubHttp(Protocol):
    """Polite requests for JSON, without anybody's key.

    Hosts are spared: few requests at once and a second, `Retry-After` obeyed, failures of the
    server tried again with growing pauses, none at all while a host is down. Answers are bounded
    in size and time, kept for a while, and given again without asking.
    """

    def get_json(self, url: str) -> object:
        """Return the document at an https address (http on this machine only).

        Redirects to another host are not followed. Raises from the `HubError` tree (`HubNotFound`
        for 404 and 410, `HubRateLimited` when the host asks for a long pause) and `Cancelled`.
        """


@dataclass(frozen=True, slots=True)
class HubContext:
    """One piece of work on hubs: what it may do, and how it is stopped."""

    http: HubHttp
    names: tuple[str, ...] = ()
    """Hubs that the person named in the settings."""
    offline: bool = False
    """Nobody may be asked: answer from what is known, or raise `HubOffline`."""
    cancel: CancelToken = field(default_factory=CancelToken)
    """Look at it between requests and in every wait."""
    tell: TellWait = nobody_told
    """Call it before every wait of more than a moment. `http` does so by itself."""
    version: str = __version__
    """loradex's own version, for a User-Agent."""

    def enabled(self, name: str) -> bool:
        """Tell whether the person named this hub."""
        return name in self.names
