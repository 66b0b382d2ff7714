"""The hub's pages that sidecars hold, as records that the catalog keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from loradex.catalog.sidecar_evidence import SidecarMatch
from loradex.domain.hub import HubModel, HubVersion
from loradex.domain.sidecars import SidecarClaims
from loradex.errors import HubUnexpectedAnswer
from loradex.settings import DEFAULT_HUB_URL

if TYPE_CHECKING:
    from loradex.hub.translate import Translator

_PICTURES = ("https://image.civitai.com/", "https://imagecache.civitai.com/")


class HubRecords:
    """Makes records of documents, as the hub's client does of answers."""

    def __init__(self) -> None:
        self._made: Translator | None = None

    def match(
        self, claims: Sequence[SidecarClaims], sha256: str | None, *, proven: bool, told_at: float
    ) -> SidecarMatch | None:
        """Return the version that the first of these claims means, filled from the others.

        None when none names a version, and where a whole model does not tell which of its
        versions has this digest.
        """
        documents = [claim for claim in claims if claim.model_id is not None]
        for claim in documents:
            version = self._version(claim, sha256)
            if version is not None:
                same = [each for each in documents if each.model_id == version.model_id]
                gone = any(each.gone for each in same)
                return SidecarMatch(self._model(same, version), version, proven, told_at, gone)
        return None

    def at_version(self, claims: SidecarClaims, sha256: str | None) -> SidecarClaims:
        """Return a whole model's claims with those of the version that has a file of this digest.

        Of a model with one version only that one is meant.
        """
        try:
            model = self._translate.model(claims.hub_model)
        except HubUnexpectedAnswer:
            return claims
        version = _with_digest(model, claims, sha256)
        if version is None:
            return claims
        return replace(
            claims,
            version_id=version.id,
            version_name=claims.version_name or version.name,
            base_model=claims.base_model or version.base_model,
            words=claims.words or version.trained_words,
        )

    def _version(self, claims: SidecarClaims, sha256: str | None) -> HubVersion | None:
        try:
            if claims.hub_version is not None:
                return _filled(self._translate.version(claims.hub_version), claims)
            if claims.hub_model is not None:
                found = _with_digest(self._translate.model(claims.hub_model), claims, sha256)
                return None if found is None else _filled(found, claims)
        except HubUnexpectedAnswer:
            pass  # the plain numbers in it may still do
        if claims.model_id is None or claims.version_id is None:
            return None
        return _from_claims(claims, claims.model_id, claims.version_id)

    def _model(self, claims: Sequence[SidecarClaims], version: HubVersion) -> HubModel:
        """Return the model: of each field the first that anybody told."""
        raw, licence = "{}", dict[str, str]()
        for claim in claims:
            if claim.hub_model is not None:
                model = self._translate.model(claim.hub_model)
                raw, licence = model.raw, model.licence
                break

        def first(name: str) -> str:
            return next((value for c in claims if (value := getattr(c, name))), "")

        tags = next((claim.tags for claim in claims if claim.tags), ())
        level = next((claim.content_level for claim in claims if claim.content_level), 0)
        return HubModel(
            id=version.model_id,
            name=first("model_name") or version.model_name or "",
            type=first("model_type") or version.model_type or "",
            description=first("description") or None,
            tags=tags,
            creator=first("creator") or None,
            content_level=level or version.content_level,
            mode=None,
            licence=licence,
            versions=(),
            raw=raw,
        )

    @property
    def _translate(self) -> Translator:
        if self._made is None:
            import httpx  # noqa: PLC0415 - it and pydantic take their time

            from loradex.hub.links import Links  # noqa: PLC0415
            from loradex.hub.translate import Translator  # noqa: PLC0415

            self._made = Translator(Links(httpx.URL(DEFAULT_HUB_URL)))
        return self._made


def _with_digest(model: HubModel, claims: SidecarClaims, sha256: str | None) -> HubVersion | None:
    """Return the version that has a file of this digest, else the one that is named."""
    for version in model.versions:
        if sha256 is not None and any(file.sha256 == sha256 for file in version.files):
            return version
    named = (version for version in model.versions if version.id == claims.version_id)
    return next(named, None)


def _filled(version: HubVersion, claims: SidecarClaims) -> HubVersion:
    """Return a version's record with what the sidecar tells besides it where it is empty.

    Without pictures that are not the hub's own: whoever wrote the file would learn who looks.
    """
    return replace(
        version,
        images=tuple(image for image in version.images if image.url.startswith(_PICTURES)),
        name=version.name or claims.version_name,
        base_model=version.base_model or claims.base_model,
        trained_words=version.trained_words or claims.words,
        content_level=version.content_level or claims.content_level or 0,
        model_name=version.model_name or claims.model_name or None,
        model_type=version.model_type or claims.model_type or None,
    )


def _from_claims(claims: SidecarClaims, model_id: int, version_id: int) -> HubVersion:
    return HubVersion(
        id=version_id,
        model_id=model_id,
        name=claims.version_name,
        base_model=claims.base_model,
        trained_words=claims.words,
        content_level=claims.content_level or 0,
        description=claims.version_description or None,
        published_at=None,
        air=None,
        usage_control=None,
        files=(),
        images=(),
        model_name=claims.model_name or None,
        model_type=claims.model_type or None,
        raw="{}",
    )
