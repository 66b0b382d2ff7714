"""The CivitAI client: ask for many files at once, believe only what the answer proves."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self, TypeVar

from pydantic import ValidationError

from loradex.domain.hashes import EMPTY_SHA256
from loradex.domain.hub import HashHit, HubFile, HubModel, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_search import HubPage, HubQuery
from loradex.domain.hub_source import FetchStart
from loradex.domain.hub_waiting import TellWait, nobody_told
from loradex.domain.progress import CancelToken
from loradex.errors import HubUnexpectedAnswer
from loradex.hub.answer_cache import AnswerCache
from loradex.hub.gates import PROCESS_GATES, HostGates
from loradex.hub.links import Links
from loradex.hub.naming import recognise
from loradex.hub.payloads import AccountPayload
from loradex.hub.searching import search_params, shown
from loradex.hub.source import IDS_PER_CALL, MODELS_PER_CALL, VERSIONS_PER_CALL
from loradex.hub.starting import check_downloadable
from loradex.hub.translate import Translator
from loradex.hub.transport import HubTransport, Surroundings, expect_list
from loradex.paths import Home
from loradex.settings import Settings

_SHA256 = re.compile(r"[0-9a-f]{64}")
# CRC32 and AutoV1, AutoV2, AutoV3, and the whole digests.
_DIGEST = re.compile(r"[0-9a-f]{8}|[0-9a-f]{10}|[0-9a-f]{12}|[0-9a-f]{64}")
_LARGEST_ID = 2**31 - 1
_LONGEST_CURSOR = 500
_KEEP_LISTS = 300.0
_KEEP_RECORDS = 600.0
"""Seconds for which the same question gets the same answer, without asking."""

_log = logging.getLogger(__name__)
T = TypeVar("T")


def surroundings(
    home: Home | None,
    cancel: CancelToken,
    tell: TellWait = nobody_told,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Surroundings:
    """Return what all requests of a piece of work share; a clock of one's own has its own gates."""
    cache = None if home is None else AnswerCache(home.cache / "hub-answers.db")
    gates = PROCESS_GATES if clock is time.monotonic else HostGates(clock)
    return Surroundings(cancel, tell, cache, gates, sleep)


class CivitaiHub:
    """CivitAI, or a server that speaks its protocol; a `HubSource`.

    A context manager that closes its connections. Safe to share between threads.
    """

    name = "civitai"

    def __init__(self, transport: HubTransport) -> None:
        self._transport = transport
        self._links = Links(transport.address)
        self._translate = Translator(self._links)

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        *,
        home: Home | None = None,
        cancel: CancelToken | None = None,
        tell: TellWait = nobody_told,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        total_seconds: float | None = None,
    ) -> CivitaiHub:
        """Return a client for the hub in `settings`; raise `SettingsError` if it names none.

        Answers are kept below `home`, None keeps nothing. `cancel` stops requests and waits, and
        `tell` hears of the longer ones. `sleep` and `clock` are for tests; `total_seconds` bounds
        one try (see `HubTransport`).
        """
        around = surroundings(home, cancel or CancelToken(), tell, sleep=sleep, clock=clock)
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
        hits: dict[HashHit, None] = {}
        for chunk in _chunks(_sha256s(sha256s), IDS_PER_CALL):
            rows = self._post_list("api/v1/model-versions/by-hash/ids", chunk)
            asked = set(chunk)
            for hit in self._translate.each(rows, self._translate.hit):
                if hit.sha256 in asked:
                    hits[hit] = None
        return list(hits)

    def versions_by_hash(self, sha256s: Iterable[str]) -> list[HubVersion]:
        """Return each version that has a file with one of these hashes, once.

        One request per `VERSIONS_PER_CALL` hashes. Versions of archived models list no files, so
        nothing proves them, and they are left out: ask `models` for those.
        """
        found: dict[int, HubVersion] = {}
        for chunk in _chunks(_sha256s(sha256s), VERSIONS_PER_CALL):
            records = self._post_list("api/v1/model-versions/by-hash", chunk)
            asked = set(chunk)
            for version in self._translate.each(records, self._translate.version):
                if any(file.sha256 in asked for file in version.files):
                    found.setdefault(version.id, version)
                else:
                    _log.info("Version %d holds no hash that was asked for.", version.id)
        return list(found.values())

    def version_by_hash(self, digest: str) -> HubVersion | None:
        """Return the version that holds this digest of any kind; None if the hub has none.

        Short digests find unrelated files, and answers may be wrong: a version none of whose
        files has the digest counts as not found.
        """
        wanted = digest.strip().lower()
        if not _DIGEST.fullmatch(wanted) or wanted == EMPTY_SHA256:
            return None
        document = self._transport.find(f"api/v1/model-versions/by-hash/{wanted.upper()}")
        if document is None:
            return None
        version = self._translate.version(document)
        if any(_holds(file, wanted) for file in version.files):
            return version
        _log.info("Version %d does not hold the hash that was asked for.", version.id)
        return None

    def models(self, ids: Iterable[int]) -> list[HubModel]:
        """Return the models the hub has; ids it does not have are missing from the list.

        One request per `MODELS_PER_CALL` ids, and one more for each that its list leaves out.
        """
        found: dict[int, HubModel] = {}
        wanted = list(dict.fromkeys(id_ for id_ in ids if 0 < id_ <= _LARGEST_ID))
        for chunk in _chunks(wanted, MODELS_PER_CALL):
            for model in self._list_models(chunk):
                if model.id in chunk:
                    found.setdefault(model.id, model)
            for left_out in [id_ for id_ in chunk if id_ not in found]:
                single = self.model(left_out)
                if single is not None:
                    found[left_out] = single
        return [found[id_] for id_ in wanted if id_ in found]

    def model(self, model_id: int) -> HubModel | None:
        """Return one model with all its versions; None if the hub has no such model."""
        if not 0 < model_id <= _LARGEST_ID:
            return None
        document = self._transport.find(f"api/v1/models/{model_id}", keep=_KEEP_RECORDS)
        return None if document is None else self._translate.model(document)

    def version(self, version_id: int) -> HubVersion | None:
        """Return one version; None if the hub does not show it."""
        if not 0 < version_id <= _LARGEST_ID:
            return None
        path = f"api/v1/model-versions/{version_id}"
        document = self._transport.find(path, keep=_KEEP_RECORDS)
        return None if document is None else self._translate.version(document)

    def search(self, query: HubQuery, cursor: str | None = None) -> HubPage:
        """Return a page of what a query finds; nothing above its content limit.

        A page may be short or even empty and still have a next one.
        """
        answer = self._transport.get(
            "api/v1/models", search_params(query, cursor), keep=_KEEP_LISTS
        )
        items = answer.get("items") if isinstance(answer, dict) else None
        found = self._translate.each(
            expect_list(items, self._transport.label), self._translate.model
        )
        models, hidden = shown(query, found)
        return HubPage(models, _next_cursor(answer, cursor), hidden)

    def recognise(self, text: str) -> HubReference | None:
        """Return what a page address, a download link, an AIR or `model:ID`, `version:ID` names."""
        return recognise(text, self.name, self._transport.label)

    def look_up(self, reference: HubReference) -> tuple[HubModel, HubVersion | None] | None:
        """Return the model, and the version if the reference names one; None if there is none.

        A version whose model the hub does not show stands alone in a model made of what it says.
        """
        version = None
        model = None if reference.model_id is None else self.model(reference.model_id)
        if reference.version_id is not None:
            # A version's own record says more than the one inside its model: who may use it.
            version = self.version(reference.version_id)
            if version is None and model is not None:
                version = next((v for v in model.versions if v.id == reference.version_id), None)
            if version is None:
                return None
            if model is None or model.id != version.model_id:
                model = self.model(version.model_id) or _model_of(version)
        return None if model is None else (model, version)

    def download_start(self, version: HubVersion, file: HubFile) -> FetchStart:
        """Return where to ask for a file; raise from the `HubError` tree if it cannot be had."""
        url = check_downloadable(self._links, self._transport.label, version, file)
        return FetchStart(url, self._transport.key)

    def me(self) -> str | None:
        """Return the name of the account the key belongs to, None if it has no name.

        The only way to learn whether a key is good: elsewhere a bad one counts as none. Raises
        `HubAuthRequired` if there is no key or the hub refuses it.
        """
        try:
            account = AccountPayload.model_validate(self._transport.get("api/v1/me"))
        except ValidationError as error:
            raise HubUnexpectedAnswer(
                f"{self._transport.label} sent an account that cannot be read."
            ) from error
        return account.username or None

    def _list_models(self, ids: Sequence[int]) -> list[HubModel]:
        answer = self._transport.get(
            "api/v1/models",
            # Without these two the list drops archived and mature models that were asked for.
            {
                "ids": ",".join(map(str, ids)),
                "nsfw": "true",
                "archived": "true",
                "limit": MODELS_PER_CALL,
            },
            keep=_KEEP_RECORDS,
        )
        items = answer.get("items") if isinstance(answer, dict) else None
        return self._translate.each(
            expect_list(items, self._transport.label), self._translate.model
        )

    def _post_list(self, path: str, hashes: Sequence[str]) -> list[object]:
        # Older servers compare hashes as text, in upper case.
        answer = self._transport.post(path, [sha256.upper() for sha256 in hashes])
        return expect_list(answer, self._transport.label)


def _sha256s(candidates: Iterable[str]) -> list[str]:
    """Return the candidates that are SHA-256 digests, lower-case, each once, in order.

    A single malformed hash makes the hub refuse the whole batch; the digest of no bytes at all
    identifies nothing.
    """
    lower = (text.strip().lower() for text in candidates)
    good = (text for text in lower if _SHA256.fullmatch(text) and text != EMPTY_SHA256)
    return list(dict.fromkeys(good))


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _holds(file: HubFile, digest: str) -> bool:
    return digest in file.hashes.values() or (len(digest) == 12 and file.autov3 == digest)


def _next_cursor(answer: object, asked: str | None) -> str | None:
    """Return where the next page begins; None on the last, or if the hub goes in circles."""
    metadata = answer.get("metadata") if isinstance(answer, dict) else None
    cursor = metadata.get("nextCursor") if isinstance(metadata, dict) else None
    if not isinstance(cursor, str | int) or isinstance(cursor, bool):
        return None
    text = str(cursor)
    return None if text in ("", asked) or len(text) > _LONGEST_CURSOR else text


def _model_of(version: HubVersion) -> HubModel:
    """Return what a version tells of its model."""
    return HubModel(
        id=version.model_id,
        name=version.model_name or "",
        type=version.model_type or "",
        description=None,
        tags=(),
        creator=None,
        content_level=version.content_level,
        mode=None,
        licence={},
        versions=(version,),
        raw="{}",
    )
