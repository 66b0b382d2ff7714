"""CivArchive as one of loradex's hubs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from loradex.domain.hub import HashHit, HubFile, HubModel, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_source import FetchStart
from loradex.errors import HubNotFound
from loradex.plugin_api import HubContext
from loradex_plugins.civarchive.archive import Archive
from loradex_plugins.civarchive.mirrors import mirrors_of
from loradex_plugins.civarchive.reading import number

MOST_MIRRORS = 9
"""Tried after the best one."""
_HASH = "sha256:"
_HOSTS = frozenset({"civarchive.com", "www.civarchive.com", "civitaiarchive.com"})
_SHA256_PAGE = re.compile(r"/sha256/([0-9a-fA-F]{64})/?")
_MODEL_PAGE = re.compile(r"/models/(\d{1,9})(?:/[^/]*)?/?")


class CivArchiveHub:
    """A `HubSource` that knows whole SHA-256 digests, one request each, and gives mirrors.

    Models come with the one version that was asked for: the archive shows no more at once.
    """

    name = "civarchive"

    def __init__(self, context: HubContext, address: str | None = None) -> None:
        self._archive = Archive(context, address)
        self._models: dict[int, HubModel] = {}

    def page_url(self, model_id: int, version_id: int | None = None) -> str:
        """Return the address of the page a person would open; empty for a model it numbers."""
        if number(model_id) is None:
            return ""
        version = "" if version_id is None else f"?modelVersionId={version_id}"
        return f"{self._archive.address}/models/{model_id}{version}"

    def ids_by_hash(self, sha256s: Iterable[str]) -> list[HashHit]:
        """Return a hit for every digest the archive knows; a request for each.

        Raises `HubRateLimited` when it is asked too much for one piece of work: hand over few.
        """
        return [
            HashHit(digest.strip().lower(), version.id, version.model_id)
            for digest in sha256s
            if (version := self.version_by_hash(digest)) is not None
        ]

    def versions_by_hash(self, sha256s: Iterable[str]) -> list[HubVersion]:
        """Return each version that has a file with one of these hashes, once."""
        found = (self.version_by_hash(digest) for digest in sha256s)
        return list({version.id: version for version in found if version is not None}.values())

    def version_by_hash(self, digest: str) -> HubVersion | None:
        """Return the version that holds these bytes; None also for all but a whole SHA-256."""
        model = self._archive.holder(digest)
        if model is None:
            return None
        self._models[model.id] = model
        return model.versions[0]

    def models(self, ids: Iterable[int]) -> list[HubModel]:
        """Return the models the archive has; those of which it told are not asked for again."""
        found = (self.model(id_) for id_ in ids)
        return [model for model in found if model is not None]

    def model(self, model_id: int) -> HubModel | None:
        """Return one model, with one version; None if the archive has no such model."""
        if model_id not in self._models:
            model = self._archive.model(model_id)
            if model is None:
                return None
            self._models[model_id] = model
        return self._models[model_id]

    def recognise(self, text: str) -> HubReference | None:
        """Return what an address of the archive's pages names; None if it is none."""
        try:
            parts = urlsplit(text.strip())
            if parts.scheme != "https" or (parts.hostname or "") not in _HOSTS:
                return None
        except ValueError:
            return None
        if (match := _SHA256_PAGE.fullmatch(parts.path)) is not None:
            return HubReference(self.name, slug=f"{_HASH}{match[1].lower()}")
        if (match := _MODEL_PAGE.fullmatch(parts.path)) is None:
            return None
        version = number(parse_qs(parts.query).get("modelVersionId", [""])[0])
        return HubReference(self.name, model_id=int(match[1]), version_id=version)

    def look_up(self, reference: HubReference) -> tuple[HubModel, HubVersion | None] | None:
        """Return the model with the version that a reference means; None if there is none."""
        if reference.slug is not None and reference.slug.startswith(_HASH):
            model = self._archive.holder(reference.slug.removeprefix(_HASH))
        elif reference.model_id is not None:
            model = self._archive.model(reference.model_id, reference.version_id)
        else:
            model = None
        return None if model is None else (model, model.versions[0])

    def download_start(self, version: HubVersion, file: HubFile) -> FetchStart:
        """Return the best mirror of a file and the others; its bytes have to have its SHA-256.

        Raises `HubNotFound` when there is no mirror, or nothing to tell its bytes by.
        """
        if file.sha256 is None:
            raise HubNotFound(
                f"{file.name} has no SHA-256 on {self._archive.host}: what a stranger's server"
                " sends could not be checked."
            )
        mirrors = mirrors_of(self._archive.document(file.sha256), file.sha256)
        if not mirrors:
            raise HubNotFound(f"{self._archive.host} knows no place that still has {file.name}.")
        best, *others = mirrors
        return FetchStart(
            best,
            key=None,
            sha256_required=True,
            mirrors=tuple(others[:MOST_MIRRORS]),
            told_by=self._archive.address,
        )
