"""The library's errors in our words.

Releases 1.x and 2.x raise the errors of different HTTP clients; both derive `HfHubHTTPError` from
that client's own base class, which is how failed connections are told here.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from loradex.domain.text import display_text
from loradex.errors import (
    HubArchived,
    HubAuthRequired,
    HubBadRequest,
    HubError,
    HubForbidden,
    HubNotFound,
    HubOffline,
    HubRateLimited,
    HubRegionBlocked,
    HubUnavailable,
    HubUnexpectedAnswer,
    HubUnreachable,
)

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

_T = TypeVar("_T")

_RATE_LIMIT = re.compile(r";\s*r\s*=\s*(\d{1,9})\s*;\s*t\s*=\s*(\d{1,9})")
_REASONS: Sequence[tuple[frozenset[str], str]] = (
    (frozenset({"ConnectTimeout"}), "no connection in time"),
    (frozenset({"TimeoutException", "Timeout", "TimeoutError"}), "it said nothing for too long"),
    (frozenset({"ProxyError"}), "the proxy does not let us through"),
    (
        frozenset({"RemoteProtocolError", "ChunkedEncodingError"}),
        "it broke off or did not speak HTTP",
    ),
    (frozenset({"ReadError", "WriteError"}), "the connection was cut"),
)
_LOG_IN = "Log in with `hf auth login`, or set HF_TOKEN."
_ODD = "Try again later; if it stays so, the Hub has changed and loradex needs an upgrade."


def host_of(endpoint: str) -> str:
    """Return the Hub's name in sentences, with its port if that is unusual."""
    return urlsplit(endpoint).netloc.rpartition("@")[2]


def translated(work: Callable[[], _T], slug: str, endpoint: str) -> _T:
    """Return what `work` returns; raise from the `HubError` tree whatever the library raises.

    `slug` is the repository it is about, `endpoint` the Hub's address.
    """
    from huggingface_hub import errors  # noqa: PLC0415

    host = host_of(endpoint)
    client_error = _client_error(errors.HfHubHTTPError.__bases__)
    try:
        return work()
    except errors.OfflineModeIsEnabled as error:
        raise HubOffline(
            f"{host} is not asked: HF_HUB_OFFLINE is set.", hint="Unset it and try again."
        ) from error
    except errors.HFValidationError as error:
        raise HubBadRequest(f"{slug!r} is no name on {host}: write owner/name.") from error
    except errors.HfHubHTTPError as error:
        raise _refusal(error, slug, endpoint) from error
    except (client_error, OSError) as error:
        raise HubUnreachable(
            f"{host} cannot be reached: {_reason(error)}.",
            hint="Check the network and try again.",
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        # The library takes answers apart without looking: this is what odd ones end in.
        raise HubUnexpectedAnswer(
            f"{host} sent an answer about {slug} that cannot be read.", hint=_ODD
        ) from error


def _refusal(error: HfHubHTTPError, slug: str, endpoint: str) -> HubError:
    from huggingface_hub import errors  # noqa: PLC0415

    status = error.response.status_code
    host = host_of(endpoint)
    page = f"{endpoint}/{slug}"
    match error:
        case errors.GatedRepoError():
            return HubForbidden(
                f"{slug} is gated: its owner wants you to accept conditions first.",
                status=status,
                hint=f"Accept them at {page}. {_LOG_IN}",
            )
        case errors.RepositoryNotFoundError():
            return HubNotFound(
                f"{host} has no {slug}, or it is private.",
                status=status,
                hint=f"Look at {page}. {_LOG_IN}",
            )
        case errors.RevisionNotFoundError():
            return HubNotFound(f"{slug} has no such revision.", status=status)
        case errors.RemoteEntryNotFoundError():
            return HubNotFound(f"{slug} has no such file.", status=status)
        case errors.DisabledRepoError():
            return HubArchived(f"{slug} was taken down by {host}.", status=status)
    return _by_status(status, error.response.headers, slug, host)


def _by_status(status: int, headers: Mapping[str, str], slug: str, host: str) -> HubError:
    if status == 429:
        return HubRateLimited(
            f"{host} asks for a pause.", retry_after=_pause_in(headers), hint=_LOG_IN
        )
    if status == 401:
        return HubAuthRequired(f"{host} does not accept the token.", status=status, hint=_LOG_IN)
    kinds: Sequence[tuple[bool, type[HubError], str]] = (
        (status == 403, HubForbidden, f"{host} refuses {slug} to us."),
        (status == 404, HubNotFound, f"{host} has no {slug}."),
        (status == 451, HubRegionBlocked, f"{host} does not give {slug} to this country."),
        (status >= 500, HubUnavailable, f"{host} is in trouble (status {status})."),
    )
    for fits, kind, text in kinds:
        if fits:
            return kind(text, status=status)
    return HubBadRequest(f"{host} does not accept the request.", status=status)


def _reason(error: BaseException) -> str:
    """Return why no answer came: the client's own errors tell it by their names only.

    Both clients that releases use call these alike; the system's words are the best there are.
    """
    kinds = {kind.__name__ for kind in type(error).__mro__}
    for names, words in _REASONS:
        if not names.isdisjoint(kinds):
            return words
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not trusted"
        if isinstance(cause, OSError) and cause.strerror:
            return display_text(cause.strerror, 200)
        seen.append(cause)
        cause = cause.__cause__ or cause.__context__
    return "no connection"


def _client_error(bases: tuple[type, ...]) -> type[Exception]:
    """Return what the library's HTTP client raises, whichever client that is."""
    for base in bases:
        if issubclass(base, Exception) and not issubclass(base, OSError):
            return base
    return ConnectionError


def _pause_in(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a 429 asks for; None if it does not say.

    `RateLimit` is the IETF's draft header, as in `"api";r=0;t=55`: what is left, and until when.
    """
    limit = _RATE_LIMIT.search(headers.get("ratelimit", ""))
    if limit is not None and int(limit[1]) == 0:
        return float(limit[2])
    after = headers.get("retry-after", "").strip()
    return float(after[:9]) if after.isascii() and after.isdigit() else None
