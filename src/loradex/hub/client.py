"""The CivitAI client: all that loradex asks of the hub, in one place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from loradex.domain.hub import HashHit, HubAccount, HubFile, HubModel, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_search import HubPage, HubQuery
from loradex.domain.hub_source import FetchStart
from loradex.domain.hub_waiting import TellWait, nobody_told
from loradex.domain.progress import CancelToken
from loradex.errors import HubUnexpectedAnswer
from loradex.hub.answer_cache import AnswerCache
from loradex.hub.by_hash import HashLookups
from loradex.hub.gates import PROCESS_GATES, HostGates
from loradex.hub.links import Links
from loradex.hub.many import ManyLookups
from loradex.hub.naming import recognise
from loradex.hub.payloads import AccountPayload
from loradex.hub.records import RecordLookups
from loradex.hub.searching import find_page
from loradex.hub.shelves import is_shelf
from loradex.hub.starting import download_address
from loradex.hub.translate import Translator
from loradex.hub.transport import HubTransport, Surroundings
from loradex.paths import Home
from loradex.settings import Settings


def surroundings(
    home: Home | None,
    cancel: CancelToken,
    tell: TellWait = nobody_told,
    *,
    refresh: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Surroundings:
    """Return what all requests of a piece of work share; a clock of one's own has its own gates."""
    cache = None if home is None else AnswerCache(home.cache / "hub-answers.db")
    gates = PROCESS_GATES if clock is time.monotonic else HostGates(clock)
    return Surroundings(cancel, tell, cache, refresh, gates, sleep)


class CivitaiHub:
    """CivitAI, or a server that speaks its protocol.

    A `HubSource` that is able to `HubSearch`, `HubNames`, `HubManyNames`, `HubDownloads`
    and `HubParts`; a context manager that closes its connections. Safe to share between threads.
    """

    name = "civitai"

    def __init__(self, transport: HubTransport) -> None:
        self._transport = transport
        self._links = Links(transport.address)
        self._translate = Translator(self._links)
        self._by_hash = HashLookups(transport, self._translate)
        self._records = RecordLookups(transport, self._translate)
        self._many = ManyLookups(self._records, self._by_hash)

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        *,
        home: Home | None = None,
        cancel: CancelToken | None = None,
        tell: TellWait = nobody_told,
        refresh: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        total_seconds: float | None = None,
    ) -> CivitaiHub:
        """Return a client for the hub in `settings`; raise `SettingsError` if it names none.

        Answers are kept below `home`, None keeps nothing; with `refresh` none is given without
        asking. `cancel` stops requests and waits, and `tell` hears of the longer ones. `sleep` and
        `clock` are for tests; `total_seconds` bounds one try (see `HubTransport`).
        """
        around = surroundings(
            home, cancel or CancelToken(), tell, refresh=refresh, sleep=sleep, clock=clock
        )
        return cls(HubTransport(settings, around, total_seconds=total_seconds))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def page_url(self, model_id: int, version_id: int | None = None) -> str:
        """Return the address of the page a person would open in a browser."""
        return self._links.page(model_id, version_id)

    def ids_by_hash(self, sha256s: Iterable[str]) -> list[HashHit]:
        """Return a hit for every version that holds one of these bytes; several per hash.

        One request per `IDS_PER_CALL` hashes. Works for archived models, too.
        """
        return self._by_hash.ids(sha256s)

    def versions_by_hash(self, sha256s: Iterable[str]) -> list[HubVersion]:
        """Return each version that has a file with one of these hashes, once.

        One request per `VERSIONS_PER_CALL` hashes. Versions of archived models list no files, so
        nothing proves them, and they are left out: ask `models` for those.
        """
        return self._by_hash.versions(sha256s)

    def version_by_hash(self, digest: str) -> HubVersion | None:
        """Return the version that holds this digest of any kind; None if the hub has none.

        Short digests find unrelated files, and answers may be wrong: a version none of whose
        files has the digest counts as not found.
        """
        return self._by_hash.version(digest)

    def models(self, ids: Iterable[int]) -> list[HubModel]:
        """Return the models the hub has; ids it does not have are missing from the list.

        One request per `MODELS_PER_CALL` ids, and one more for each that its list leaves out.
        """
        return self._records.models(ids)

    def model(self, model_id: int) -> HubModel | None:
        """Return one model with all its versions; None if the hub has no such model."""
        return self._records.model(model_id)

    def version(self, version_id: int) -> HubVersion | None:
        """Return one version; None if the hub does not show it."""
        return self._records.version(version_id)

    def is_partial(self) -> bool:
        """Tell whether this is another loradex, which has of the hub's models only what it owns."""
        return is_shelf(self._transport)

    def search(self, query: HubQuery, cursor: str | None = None) -> HubPage:
        """Return a page of what a query finds; nothing above its content limit.

        A page may be short or even empty and still have a next one. Raises `HubNotFound` for a
        creator that the hub does not know.
        """
        return find_page(self._transport, self._translate, query, cursor)

    def recognise(self, text: str) -> HubReference | None:
        """Return what a page address, a download link, an AIR or `model:ID`, `version:ID` names."""
        return recognise(text, self.name, str(self._transport.address))

    def look_up(self, reference: HubReference) -> tuple[HubModel, HubVersion | None] | None:
        """Return the model, and the version if the reference names one; None if there is none.

        A version whose model the hub does not show stands alone in a model made of what it says.
        """
        return self._many.look_up(reference)

    def look_up_all(
        self, references: Sequence[HubReference]
    ) -> list[tuple[HubModel, HubVersion | None] | None]:
        """Return what `look_up` would for each reference, in a few requests per hundred."""
        return self._many.look_up_all(references)

    def download_start(self, version: HubVersion, file: HubFile) -> FetchStart:
        """Return where to ask for a file.

        Raises `DownloadsDisabled`, `HubArchived`, `HubEarlyAccess` (unless there is a key: its
        owner may have paid) when its record says so, and `HubOffline`.
        """
        self._transport.check_online()
        key = self._transport.key
        url = download_address(
            self._links, self._transport.label, version, file, has_key=key is not None
        )
        return FetchStart(url, key)

    def me(self) -> str | None:
        """Return the name of the account the key belongs to, None if it has no name."""
        return self.account().name

    def account(self) -> HubAccount:
        """Return the account the key belongs to.

        The only way to learn whether a key is good: elsewhere a bad one counts as none. Raises
        `HubAuthRequired` if there is no key or the hub refuses it.
        """
        try:
            account = AccountPayload.model_validate(self._transport.get("api/v1/me"))
        except ValidationError as error:
            raise HubUnexpectedAnswer(
                f"{self._transport.label} sent an account that cannot be read."
            ) from error
        return HubAccount(account.username or None, account.tier or None)
