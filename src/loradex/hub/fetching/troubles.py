"""What stops one try at fetching, and whether another may help."""

from __future__ import annotations

import http.client
import ssl

import httpx

from loradex.errors import DownloadError, HubUnreachable
from loradex.hub.failures import Failure, connection_failure
from loradex.hub.fetching.wire import Stalled, TooNear

_AGAIN_HINT = "Try again later; what came so far is kept."


class Setback(Exception):
    """One try failed. `crowded`: the server may only be asked by too many connections."""

    def __init__(self, failure: Failure, *, crowded: bool = False) -> None:
        super().__init__(failure.error.message)
        self.failure = failure
        self.crowded = crowded


class Changed(Exception):
    """What the server has is no longer what our part is a part of: start over."""


def no_connection(error: BaseException, label: str, seconds: float) -> Failure:
    """Return what an exchange that failed before its answer's head came means."""
    if isinstance(error, TooNear):
        return Failure(
            HubUnreachable(
                f"{label} was not asked: it lies in a private network, and whoever sent us there "
                "does not.",
                hint="The hub or a proxy may be broken or hostile.",
            ),
            retry=False,
        )
    return connection_failure(_as_httpx(error), label, seconds)


def cut_off(error: BaseException | None, label: str, seconds: float) -> Failure:
    """Return what a body that ended too early means; `error` is None when it just ended."""
    if isinstance(error, ssl.SSLError):
        reason = "the connection was damaged on the way"
    elif isinstance(error, Stalled):
        reason = f"next to nothing came for {seconds:g} s"
    else:
        reason = "the connection was cut"
    return Failure(
        HubUnreachable(f"The file could not be had from {label}: {reason}.", hint=_AGAIN_HINT),
        retry=True,
    )


def _as_httpx(error: BaseException) -> httpx.HTTPError:
    """Return the error that tells the same, for the one place that finds words for them."""
    kind: type[httpx.TransportError]
    if isinstance(error, Stalled):
        kind = httpx.ReadTimeout
    elif isinstance(error, TimeoutError):
        kind = httpx.ConnectTimeout
    elif isinstance(error, http.client.HTTPException) and not isinstance(error, OSError):
        kind = httpx.RemoteProtocolError
    elif isinstance(error, ConnectionResetError | BrokenPipeError):
        kind = httpx.ReadError
    else:
        kind = httpx.ConnectError
    told = kind("")
    told.__cause__ = error
    return told


def cannot_write(name: str, error: OSError) -> DownloadError:
    """Return the error for a part that the disk does not take, except for want of room."""
    reason = error.strerror or type(error).__name__
    return DownloadError(
        f"{name} cannot be written: {reason}.", hint="Check the disk and the folder's permissions."
    )
