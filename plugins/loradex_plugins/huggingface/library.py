"""The one place that calls huggingface_hub: what is asked of it, and its errors in our words.

Releases 1.x and 2.x raise the errors of different HTTP clients; both derive `HfHubHTTPError` from
that client's own base class, which is how failed connections are told here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from logging import CRITICAL
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import urlsplit

from loradex.domain.secret import Secret
from loradex.errors import (
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
from loradex.plugin_api import HubContext
from loradex_plugins.huggingface.waiting import Patience

if TYPE_CHECKING:
    from huggingface_hub import HfApi, ModelInfo
    from huggingface_hub.errors import HfHubHTTPError

_T = TypeVar("_T")

DEFAULT_ENDPOINT = "https://huggingface.co"
ListingSort = Literal["created_at", "downloads", "likes"]

_RATE_LIMIT = re.compile(r";\s*r\s*=\s*(\d{1,9})\s*;\s*t\s*=\s*(\d{1,9})")
_LOG_IN = "Log in with `hf auth login`, or set HF_TOKEN."
_ODD = "Try again later; if it stays so, the Hub has changed and loradex needs an upgrade."


@dataclass(frozen=True, slots=True)
class Listing:
    """One search as the Hub understands it: all of these have to hold."""

    tags: tuple[str, ...] = ()
    text: str | None = None
    author: str | None = None
    pipeline_tag: str | None = None
    sort: ListingSort = "downloads"


@dataclass
class Library:
    """huggingface_hub for one piece of work. `endpoint` is the Hub's address."""

    context: HubContext
    endpoint: str = field(default_factory=lambda: os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT)
    patience: Patience = field(init=False)

    def __post_init__(self) -> None:
        self.endpoint = self.endpoint.rstrip("/")
        self.patience = Patience(self.host, self.context)

    @property
    def host(self) -> str:
        """The Hub's name in sentences, with its port if that is unusual."""
        return urlsplit(self.endpoint).netloc.rpartition("@")[2]

    def model(self, slug: str, revision: str | None = None) -> ModelInfo:
        """Return a repository at a revision, with sizes and hashes of its files."""

        def ask() -> ModelInfo:
            return self._api.model_info(slug, revision=revision, files_metadata=True, timeout=30.0)

        return self._ask(ask, slug)

    def models(self, listing: Listing, limit: int) -> list[ModelInfo]:
        """Return the first `limit` repositories of a search, their files without sizes."""

        def ask() -> list[ModelInfo]:
            found = self._api.list_models(
                filter=list(listing.tags) or None,
                search=listing.text,
                author=listing.author,
                pipeline_tag=listing.pipeline_tag,
                sort=listing.sort,
                limit=limit,
                full=True,
                cardData=True,
            )
            return list(found)

        return self._ask(ask, "the search")

    def check_file(self, url: str, slug: str) -> None:
        """Raise from the `HubError` tree if the file at `url` cannot be had."""

        def ask() -> None:
            self._api.get_hf_file_metadata(url=url, timeout=30.0)

        self._ask(ask, slug)

    def token(self) -> Secret | None:
        """Return the token that the library finds; None when there is none, or the way is open."""
        if not self._private_way:
            return None
        from huggingface_hub import constants, get_token  # noqa: PLC0415

        if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN:
            return None
        token = get_token()
        return Secret(token) if token else None

    @cached_property
    def _api(self) -> HfApi:
        from huggingface_hub import HfApi, constants  # noqa: PLC0415 - it takes half a second
        from huggingface_hub.utils import logging  # noqa: PLC0415

        # HF_HUB_DISABLE_TELEMETRY does the same, but only for who imports it first.
        constants.HF_HUB_DISABLE_TELEMETRY = True
        # Its warnings would be written across the screen of whoever asks.
        logging.set_verbosity(CRITICAL)
        return HfApi(
            endpoint=self.endpoint,
            # Over a line that others can read, the library would send the token as well.
            token=None if self._private_way else False,
            library_name="loradex",
            library_version=self.context.version,
        )

    @property
    def _private_way(self) -> bool:
        parts = urlsplit(self.endpoint)
        here = parts.hostname in {"127.0.0.1", "::1", "localhost"}
        return parts.scheme == "https" or (parts.scheme == "http" and here)

    def _ask(self, work: Callable[[], _T], slug: str) -> _T:
        if self.context.offline:
            raise HubOffline(
                f"{self.host} is not asked about {slug}: loradex is offline.",
                hint="Run it again without --offline.",
            )
        return self.patience.ask(lambda: self._translated(work, slug))

    def _translated(self, work: Callable[[], _T], slug: str) -> _T:
        from huggingface_hub import errors  # noqa: PLC0415

        client_error = _client_error(errors.HfHubHTTPError.__bases__)
        try:
            return work()
        except errors.OfflineModeIsEnabled as error:
            raise HubOffline(
                f"{self.host} is not asked: HF_HUB_OFFLINE is set.", hint="Unset it and try again."
            ) from error
        except errors.HFValidationError as error:
            raise HubBadRequest(f"{slug!r} is no name on {self.host}: write owner/name.") from error
        except errors.HfHubHTTPError as error:
            raise self._refusal(error, slug) from error
        except (client_error, OSError) as error:
            raise HubUnreachable(
                f"{self.host} cannot be reached ({type(error).__name__}).",
                hint="Check the network and try again.",
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            # The library takes answers apart without looking: so does whatever is odd in one.
            raise HubUnexpectedAnswer(
                f"{self.host} sent an answer about {slug} that cannot be read.", hint=_ODD
            ) from error

    def _refusal(self, error: HfHubHTTPError, slug: str) -> HubError:
        from huggingface_hub import errors  # noqa: PLC0415

        status = error.response.status_code
        page = f"{self.endpoint}/{slug}"
        match error:
            case errors.GatedRepoError():
                return HubForbidden(
                    f"{slug} is gated: its owner wants you to accept conditions first.",
                    status=status,
                    hint=f"Accept them at {page}. {_LOG_IN}",
                )
            case errors.RepositoryNotFoundError():
                return HubNotFound(
                    f"{self.host} has no {slug}, or it is private.",
                    status=status,
                    hint=f"Look at {page}. {_LOG_IN}",
                )
            case errors.RevisionNotFoundError():
                return HubNotFound(f"{slug} has no such revision.", status=status)
            case errors.RemoteEntryNotFoundError():
                return HubNotFound(f"{slug} has no such file.", status=status)
            case errors.DisabledRepoError():
                return HubForbidden(f"{slug} was taken down by {self.host}.", status=status)
        return self._by_status(status, error.response.headers, slug)

    def _by_status(self, status: int, headers: Mapping[str, str], slug: str) -> HubError:
        if status == 429:
            return HubRateLimited(
                f"{self.host} asks for a pause.", retry_after=_pause_in(headers), hint=_LOG_IN
            )
        if status == 401:
            return HubAuthRequired(
                f"{self.host} does not accept the token.", status=status, hint=_LOG_IN
            )
        kinds: Sequence[tuple[bool, type[HubError], str]] = (
            (status == 403, HubForbidden, f"{self.host} refuses {slug} to us."),
            (status == 404, HubNotFound, f"{self.host} has no {slug}."),
            (status == 451, HubRegionBlocked, f"{self.host} does not give {slug} to this country."),
            (status >= 500, HubUnavailable, f"{self.host} is in trouble (status {status})."),
        )
        for fits, kind, text in kinds:
            if fits:
                return kind(text, status=status)
        return HubBadRequest(f"{self.host} does not accept the request.", status=status)


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
