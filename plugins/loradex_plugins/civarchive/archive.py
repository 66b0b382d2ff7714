"""The archive's few routes, asked gently, and only believed where the answer fits the question."""

from __future__ import annotations

import os
import re

from loradex.domain.hub import HubModel
from loradex.errors import HubNotFound, HubOffline, HubRateLimited, HubUnavailable
from loradex.plugin_api import HubContext
from loradex_plugins.civarchive.reading import (
    Document,
    model_in,
    number,
    tables,
    unwrapped,
    version_in,
)
from loradex_plugins.civarchive.records import model_from

ADDRESS = "https://civarchive.com"
MOST_QUESTIONS = 300
"""Requests in one piece of work: every file is a request of its own."""
_MOST_FOLLOWED = 3
_SHA256 = re.compile(r"[0-9a-f]{64}")
_EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Archive:
    """CivArchive for one piece of work. Answers are remembered."""

    def __init__(self, context: HubContext, address: str | None = None) -> None:
        self._context = context
        self.address = (address or os.environ.get("LORADEX_CIVARCHIVE_URL") or ADDRESS).rstrip("/")
        self._asked = 0
        self._by_hash: dict[str, HubModel | None] = {}

    @property
    def host(self) -> str:
        """The archive's name in sentences."""
        return self.address.partition("://")[2]

    def holder(self, sha256: str) -> HubModel | None:
        """Return the model whose one version holds these bytes; None when none does."""
        digest = sha256.strip().lower()
        if not _SHA256.fullmatch(digest) or digest == _EMPTY_SHA256:
            return None
        if digest not in self._by_hash:
            self._by_hash[digest] = self._holder(digest)
        return self._by_hash[digest]

    def document(self, sha256: str) -> Document:
        """Return what the archive says of these bytes, mirrors and all; empty if nothing."""
        return unwrapped(self._ask(f"sha256/{sha256}"))

    def model(self, model_id: int, version_id: int | None = None) -> HubModel | None:
        """Return a model with one version: the one asked for, else the one the archive shows.

        An answer about another model, or another version, counts as none.
        """
        if number(model_id) is None or (version_id is not None and number(version_id) is None):
            return None
        answer = unwrapped(self._ask(self._path(model_id, version_id)))
        owner = number(version_in(answer).get("modelId"))
        if owner not in (None, model_id, number(model_in(answer).get("id"))):
            answer = unwrapped(self._ask(self._path(owner or model_id, version_id)))
        found = model_from(answer)
        if found is None:
            return None
        right = found.id == model_id if version_id is None else found.versions[0].id == version_id
        return found if right else None

    def _path(self, model_id: int, version_id: int | None) -> str:
        which = "" if version_id is None else f"?modelVersionId={version_id}"
        return f"models/{model_id}{which}"

    def _holder(self, digest: str) -> HubModel | None:
        answer = self.document(digest)
        candidates = [model_from(answer)] if version_in(answer) else self._followed(answer)
        for model in candidates:
            if model is not None and any(
                file.sha256 == digest for version in model.versions for file in version.files
            ):
                return model
        return None

    def _followed(self, answer: Document) -> list[HubModel | None]:
        """Return the models that an answer of files alone points to."""
        places = {
            (number(file.get("model_id")), number(file.get("model_version_id"))): None
            for file in tables(answer.get("files"), 50)
            if file.get("source") in (None, "civitai")
        }
        whole = [(m, v) for m, v in places if m is not None and v is not None]
        return [self.model(model, version) for model, version in whole[:_MOST_FOLLOWED]]

    def _ask(self, path: str) -> object:
        """Return an answer; an empty one when the archive has no such thing."""
        self._context.cancel.check()
        if self._context.offline:
            raise HubOffline(f"{self.host} is not asked: loradex is offline.")
        if self._asked >= MOST_QUESTIONS:
            raise HubRateLimited(
                f"{self.host} was asked {MOST_QUESTIONS} times: that is enough for now.",
                hint="Run it again later for the rest.",
            )
        self._asked += 1
        try:
            return self._context.http.get_json(f"{self.address}/api/{path}")
        except HubNotFound:
            return {}
        except HubUnavailable as error:
            # Its way to say that it has no such id.
            if error.status == 500 and path.startswith("models/"):
                return {}
            raise
