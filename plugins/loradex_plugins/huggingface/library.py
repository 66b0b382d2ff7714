"""The one place that asks huggingface_hub: through its client, its session and its token."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from logging import CRITICAL
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from loradex.domain.secret import Secret
from loradex.errors import HubOffline
from loradex.plugin_api import HubContext
from loradex_plugins.huggingface.refusals import host_of, translated
from loradex_plugins.huggingface.waiting import Patience

if TYPE_CHECKING:
    from huggingface_hub import HfApi, ModelInfo

_T = TypeVar("_T")

DEFAULT_ENDPOINT = "https://huggingface.co"
ListingSort = Literal["created_at", "downloads", "likes"]

_SECONDS = 30.0
"""Longest silence of the Hub in one answer."""
_SORTS = {"created_at": "createdAt", "downloads": "downloads", "likes": "likes"}


class _Response(Protocol):
    """What is used of an answer, whichever HTTP client the library has."""

    @property
    def links(self) -> dict[str, dict[str, str]]:
        """Addresses in its `Link` header, by their relation."""

    def json(self) -> list[dict[str, object]]:
        """Return its document."""


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
        """The Hub's name in sentences."""
        return host_of(self.endpoint)

    def model(self, slug: str, revision: str | None = None) -> ModelInfo:
        """Return a repository at a revision, with sizes and hashes of its files."""

        def ask() -> ModelInfo:
            return self._api.model_info(
                slug, revision=revision, files_metadata=True, timeout=_SECONDS
            )

        return self._ask(ask, slug)

    def models(self, listing: Listing, limit: int) -> list[ModelInfo]:
        """Return the first `limit` repositories of a search, their files without sizes.

        Asked page by page with the library's own session: its `list_models` would sit out the
        Hub's pauses, for minutes, without a word to anybody.
        """
        found: list[ModelInfo] = []
        query = [*_parameters(listing), ("limit", str(limit))]
        url: str | None = f"{self.endpoint}/api/models?{urlencode(query)}"
        while url is not None and len(found) < limit:
            page, url = self._ask(partial(self._page, url), "the search")
            found += page
        return found[:limit]

    def check_file(self, url: str, slug: str) -> None:
        """Raise from the `HubError` tree if the file at `url` cannot be had.

        A redirect is enough of an answer. It is not followed: library releases before 2 follow one
        to another port of the same host, and take the token along.
        """
        self._ask(partial(self._request, "HEAD", url), slug)

    def token(self) -> Secret | None:
        """Return the token that the library finds; None when there is none, or the way is open."""
        if not self._private_way:
            return None
        from huggingface_hub import constants, get_token  # noqa: PLC0415

        if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN:
            return None
        token = get_token()
        return Secret(token) if token else None

    def _page(self, url: str) -> tuple[list[ModelInfo], str | None]:
        """Return the repositories on a page, and the address of the next one."""
        from huggingface_hub import ModelInfo  # noqa: PLC0415

        response = self._request("GET", url)
        rest = response.links.get("next", {}).get("url")
        # The token goes to the Hub only, whatever it says comes next.
        same = rest is not None and rest.startswith(f"{self.endpoint}/")
        build: Callable[..., ModelInfo] = ModelInfo
        return [build(**item) for item in response.json()], rest if same else None

    def _request(self, method: str, url: str) -> _Response:
        """Return the answer to one request in the library's own session, with its headers."""
        from huggingface_hub.utils import (  # type: ignore[attr-defined] # noqa: PLC0415
            build_hf_headers,
            get_session,
            hf_raise_for_status,
        )

        api = self._api
        headers = build_hf_headers(
            token=api.token, library_name=api.library_name, library_version=api.library_version
        )
        response = get_session().request(
            method, url, headers=headers, timeout=_SECONDS, follow_redirects=False
        )
        hf_raise_for_status(response)
        return cast("_Response", response)

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
        return self.patience.ask(lambda: translated(work, slug, self.endpoint))


def _parameters(listing: Listing) -> list[tuple[str, str]]:
    """Return what is always asked for, and what a listing says."""
    named = (
        ("search", listing.text),
        ("author", listing.author),
        ("pipeline_tag", listing.pipeline_tag),
        ("sort", _SORTS[listing.sort]),
        ("full", "true"),
        ("cardData", "true"),
    )
    tags = [("filter", tag) for tag in listing.tags]
    return tags + [(name, value) for name, value in named if value]
