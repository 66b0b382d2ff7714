"""Models and versions in the shapes of CivitAI's API (docs/civitai.md), as far as they are here.

What a hub said of a model is told on: its texts, numbers and terms. What it says of access to its
own downloads (early access, for the site only) stands apart, as `upstream`: whoever may ask this
server may have what is on it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from loradex.catalog.catalog import Catalog
from loradex.catalog.serve_rows import ServedVersion
from loradex.domain.content_level import PG
from loradex.serving.files import Document, File, file_document, files_of
from loradex.serving.links import Links
from loradex.serving.loaded import Loaded, load
from loradex.serving.pictures import Picture, Pictures, Ticket
from loradex.serving.shelf import Model, Shelf, Version

_TAGS = {"p", "br", "b", "strong", "i", "em", "u", "s", "ul", "ol", "li", "h1", "h2", "h3", "h4",
         "blockquote", "code", "pre", "hr", "a"}  # fmt: skip
_TERMS = ("allowNoCredit", "allowDerivatives", "allowDifferentLicense")
_FLAGS = ("nsfw", "poi", "minor", "sfwOnly")


@dataclass(frozen=True, slots=True)
class Documents:
    """Writes documents about what is on `shelf`, with links of `links`."""

    catalog: Catalog
    shelf: Shelf
    links: Links
    pictures: Pictures
    ticket: Ticket

    def list_items(
        self, models: Sequence[Model], *, mask: int, primary_only: bool
    ) -> list[Document]:
        """Return items of `GET /models`; only pictures whose level is within `mask`."""
        loaded = load(self.catalog, (version for model in models for version in model.versions))
        told = self._told_models(models)
        return [
            self._model(model, told)
            | {
                "modelVersions": [
                    self._nested(
                        model, version, loaded, place=place, mask=mask, primary_only=primary_only
                    )
                    for place, version in enumerate(_in_order(model.versions, loaded))
                ]
            }
            for model in models
        ]

    def model(self, model: Model) -> Document:
        """Return `GET /models/:id`."""
        return self.list_items([model], mask=-1, primary_only=False)[0]

    def versions(self, versions: Sequence[Version]) -> list[Document]:
        """Return versions by themselves, as `GET /model-versions/:id` shows them."""
        loaded = load(self.catalog, versions)
        models = [self.shelf.models[version.model_id] for version in versions]
        told = self._told_models(models)
        return [
            self._version(version, model, loaded, told)
            for version, model in zip(versions, models, strict=True)
        ]

    def gallery(self, versions: Sequence[Version], *, mask: int) -> list[Document]:
        """Return items of `GET /images`: the pictures of these versions that are here."""
        loaded = load(self.catalog, versions)
        return [
            picture.gallery_document(self.links, self.ticket)
            | {
                "createdAt": _published(version, _of(loaded.versions, version)),
                "username": self.shelf.models[version.model_id].creator,
                "baseModel": version.base,
                "modelVersionIds": [version.id],
            }
            for version in versions
            for picture in self._pictures(version, loaded)
            if picture.level & mask or mask == -1
        ]

    def _files(self, version: Version, loaded: Loaded) -> list[File]:
        return files_of(self.shelf, version, loaded.files.get((version.hub or "", version.id), ()))

    def _pictures(self, version: Version, loaded: Loaded) -> list[Picture]:
        images = loaded.images.get((version.hub or "", version.id), ())
        return self.pictures.of(version, images, self.shelf.numbers)

    def _told_models(self, models: Iterable[Model]) -> _Told:
        wanted: dict[str, list[int]] = {}
        for model in models:
            if model.facts is not None:
                wanted.setdefault(model.facts.hub, []).append(model.id)
        return {
            id_: told
            for hub, ids in wanted.items()
            for id_, told in self.catalog.served.model_documents(hub, ids).items()
        }

    def _model(self, model: Model, told: _Told) -> Document:
        description, raw, licence = told.get(model.id, (None, {}, {}))
        return {
            "id": model.id,
            "name": model.name,
            "description": _safe_html(description),
            **{name: licence.get(name, "true") == "true" for name in _TERMS},
            "allowCommercialUse": "{" + licence.get("allowCommercialUse", "") + "}",
            "type": model.type,
            **{name: raw.get(name) is True for name in _FLAGS},
            "nsfwLevel": model.level,
            "availability": "Public",
            "userId": 0,
            "baseModels": list(dict.fromkeys(version.base for version in model.versions)),
            "cosmetic": None,
            "supportsGeneration": False,
            "stats": {
                "downloadCount": model.downloads,
                "thumbsUpCount": model.likes,
                "thumbsDownCount": 0,
                "commentCount": 0,
                "tippedAmountCount": 0,
            },
            "tags": list(model.tags),
        } | ({"creator": {"username": model.creator, "image": None}} if model.creator else {})

    def _nested(
        self,
        model: Model,
        version: Version,
        loaded: Loaded,
        *,
        place: int,
        mask: int,
        primary_only: bool,
    ) -> Document:
        told = _of(loaded.versions, version)
        files = self._files(version, loaded)
        shown = files[:1] if primary_only else files
        return {
            **_common(version, model, told),
            "index": place,
            "status": "Published",
            "availability": "Public",
            "vaeId": None,
            "supportsGeneration": False,
            "files": [file_document(f, version, self.links, primary=f is files[0]) for f in shown],
            "images": [
                picture.document(self.links, self.ticket) | {"id": picture.id}
                for picture in self._pictures(version, loaded)
                if picture.level & mask or mask == -1
            ],
            "downloadUrl": self.links.download(version.id, files[0].id),
        }

    def _version(self, version: Version, model: Model, loaded: Loaded, told: _Told) -> Document:
        facts = _of(loaded.versions, version)
        raw = told.get(model.id, (None, {}, {}))[1]
        files = self._files(version, loaded)
        return {
            **_common(version, model, facts),
            "modelId": version.model_id,
            "status": "Published",
            "trainingStatus": None,
            "trainingDetails": None,
            "uploadType": "Created",
            "usageControl": "Download",
            "licensingFee": None,
            "air": facts.air if facts else None,
            "model": {
                "name": model.name,
                "type": model.type,
                "nsfw": raw.get("nsfw") is True,
                "poi": raw.get("poi") is True,
            },
            "files": [
                file_document(file, version, self.links, primary=False)
                | {"primary": file is files[0]}
                for file in files
            ],
            "images": [
                picture.document(self.links, self.ticket) | {"meta": None}
                for picture in self._pictures(version, loaded)
            ],
            "downloadUrl": self.links.download(version.id, files[0].id),
        }

    def mini(self, version: Version, file_id: str | None, *, with_key: bool) -> Document | None:
        """Return `GET /model-versions/mini/:id`; None when it has no such file.

        `file_id` describes another file than the primary one.
        """
        loaded = load(self.catalog, [version])
        model = self.shelf.models[version.model_id]
        flags = self._told_models([model]).get(model.id, (None, {}, {}))[1]
        facts = _of(loaded.versions, version)
        files = self._files(version, loaded)
        file = next((f for f in files if file_id in (None, str(f.id))), None)
        if file is None:
            return None
        described = file_document(file, version, self.links, primary=False)
        metadata = described["metadata"]
        air = facts.air if facts else None
        return {
            "air": f"{air}+{file.id}" if air and file_id else air,
            "versionName": facts.name if facts else "",
            "modelName": model.name,
            "userId": 0,
            "baseModel": version.base,
            "availability": "Public",
            "publishedAt": _published(version, facts),
            "size": described["sizeKB"],
            "fileType": file.type,
            "fileName": file.name,
            "hashes": described["hashes"],
            "downloadUrls": [described["downloadUrl"]],
            "format": metadata.get("format") if isinstance(metadata, dict) else None,
            "canGenerate": False,
            "isFeatured": False,
            "requireAuth": with_key,
            "checkPermission": False,
            "additionalResourceCharge": False,
            "minor": flags.get("minor") is True,
            "sfwOnly": flags.get("sfwOnly") is True,
            "fees": [],
            "payoutEnabled": False,
            "upstream": _upstream(facts),
        }


_Told = Mapping[int, tuple[str | None, Mapping[str, object], Mapping[str, str]]]


def _common(version: Version, model: Model, told: ServedVersion | None) -> Document:
    """Return what a version says of itself in every shape."""
    published = _published(version, told)
    first = version.contents[0]
    return {
        "id": version.id,
        "name": told.name if told else "",
        "baseModel": version.base,
        "baseModelType": None,
        "createdAt": published,
        "updatedAt": published,
        "publishedAt": published,
        "nsfwLevel": (told.level if told else first.level) or (0 if told else PG),
        "description": _safe_html(told.description) if told else None,
        "trainedWords": list(told.trained_words if told else first.words),
        "paidAccess": None,
        "upstream": _upstream(told),
        "stats": {
            "downloadCount": model.downloads,
            "thumbsUpCount": model.likes,
            "thumbsDownCount": 0,
        },
    }


def _upstream(told: ServedVersion | None) -> Document | None:
    """Return what the hub said of who may download it there; None where no hub said anything."""
    if told is None:
        return None
    paid = {"permanent": bool(told.paid), "endsAt": told.early_access_until}
    return {
        "usageControl": told.usage_control,
        "paidAccess": paid if told.paid or told.early_access_until else None,
    }


def _in_order(versions: Sequence[Version], loaded: Loaded) -> list[Version]:
    """Return versions in the creator's order where it is known, else the newest first."""

    def place(version: Version) -> tuple[int, int]:
        told = _of(loaded.versions, version)
        known = told.position if told and told.position is not None else 2**31
        return (known, -version.id)

    return sorted(versions, key=place)


def _of(told: Mapping[tuple[str, int], ServedVersion], version: Version) -> ServedVersion | None:
    return None if version.hub is None else told.get((version.hub, version.id))


def _published(version: Version, told: ServedVersion | None) -> str:
    """Return when it was published on the hub; for what no hub knows, when it came here."""
    if told is not None and told.published_at:
        return told.published_at
    added = min(item.added_at for item in version.contents)
    return datetime.fromtimestamp(added, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@functools.lru_cache(maxsize=128)
def _safe_html(text: str | None) -> str | None:
    """Return a description without scripts, pictures and styles; links keep their targets."""
    if not text:
        return text
    import nh3  # noqa: PLC0415

    return nh3.clean(text, tags=_TAGS, url_schemes={"https", "http"})
