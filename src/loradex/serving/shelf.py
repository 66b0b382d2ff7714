"""What is served at one moment: models, their versions here, and their contents, ready to ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from loradex.catalog.serve_rows import NUMBERED_HUBS, ServedContent, ServedModel
from loradex.domain.content_level import PG, ContentLimit
from loradex.serving.hub_words import base_name, type_name
from loradex.serving.numbers import FIRST, own_numbers


@dataclass(frozen=True, slots=True)
class Version:
    """A version with a file here. `hub` is None for one that no numbered hub knows."""

    id: int
    model_id: int
    hub: str | None
    base: str
    """The hub's name of the base model."""
    contents: tuple[ServedContent, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A model with a version here, and what lists need of it."""

    id: int
    name: str
    type: str
    creator: str | None
    tags: tuple[str, ...]
    level: int
    downloads: int
    likes: int
    added_at: float
    text: str
    """Case-folded; what searches look into."""
    facts: ServedModel | None
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """All that is served. Digests are looked up in lower case."""

    models: Mapping[int, Model]
    versions: Mapping[int, Version]
    numbers: Mapping[int, int]
    """Content id to the number of its own."""
    by_digest: Mapping[str, tuple[int, int]] = field(repr=False)
    """Digest of any kind to version and content."""
    contents: Mapping[int, ServedContent] = field(repr=False)
    hidden: int = 0
    """Contents that are here, but above the content limit."""

    def version_of(self, digest: str) -> Version | None:
        """Return the version that holds a digest of any kind, in any case."""
        place = self.by_digest.get(digest.lower())
        return None if place is None else self.versions[place[0]]


def make_shelf(
    here: Sequence[ServedContent],
    hashed: Iterable[tuple[int, str]],
    facts: Mapping[tuple[str, int], ServedModel],
    limit: ContentLimit,
) -> Shelf:
    """Arrange what is here. What nobody rated is a person's own and is served at any limit."""
    served = [item for item in here if item.level is None or limit.allows(item.level)]
    matches = [item.match for item in here if item.match]
    taken = {number for m in matches for number in (m.model_id, m.version_id) if number >= FIRST}
    numbers = own_numbers(hashed, taken)
    grouped: dict[int, list[ServedContent]] = {}
    for item in served:
        version_id = item.match.version_id if item.match else numbers[item.id]
        grouped.setdefault(version_id, []).append(item)
    versions = {id_: _version(id_, contents) for id_, contents in grouped.items()}
    by_model: dict[int, list[Version]] = {}
    for version in versions.values():
        by_model.setdefault(version.model_id, []).append(version)
    return Shelf(
        models={id_: _model(id_, found, facts) for id_, found in by_model.items()},
        versions=versions,
        numbers=numbers,
        by_digest=_by_digest(versions.values()),
        contents={item.id: item for version in versions.values() for item in version.contents},
        hidden=len(here) - len(served),
    )


def _version(id_: int, contents: Sequence[ServedContent]) -> Version:
    match = min(
        (item.match for item in contents if item.match),
        key=lambda match: NUMBERED_HUBS.index(match.hub),
        default=None,
    )
    if match is None:
        base = base_name(contents[0].base, contents[0].derivative)
        return Version(id_, id_, None, base, tuple(contents))
    return Version(id_, match.model_id, match.hub, match.base_model, tuple(contents))


def _model(
    id_: int, versions: Sequence[Version], facts: Mapping[tuple[str, int], ServedModel]
) -> Model:
    contents = [item for version in versions for item in version.contents]
    told = next((facts[v.hub, id_] for v in versions if v.hub and (v.hub, id_) in facts), None)
    first = contents[0]
    name = told.name if told and told.name else first.name
    tags = told.tags if told else tuple(dict.fromkeys(t for item in contents for t in item.tags))
    searched = [name, (told.creator if told else None) or "", *tags]
    searched += [text for i in contents for text in (i.name, i.file_name, *i.words)]
    return Model(
        id=id_,
        name=name,
        type=told.type if told and told.type else type_name(first.kind),
        creator=told.creator if told else None,
        tags=tags,
        level=_level(told, contents),
        downloads=told.downloads if told else 0,
        likes=told.likes if told else 0,
        added_at=max(item.added_at for item in contents),
        text="\n".join(searched).casefold(),
        facts=told,
        versions=tuple(versions),
    )


def _level(told: ServedModel | None, contents: Iterable[ServedContent]) -> int:
    """Return the model's level. Where nobody rated anything there is nothing but a name to see."""
    level = told.level if told else 0
    for item in contents:
        level |= item.level or 0
    return level if level or told else PG


def _by_digest(versions: Iterable[Version]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for version in versions:
        for item in version.contents:
            for digest in digests(item).values():
                found.setdefault(digest.lower(), (version.id, item.id))
    return found


def digests(item: ServedContent) -> dict[str, str]:
    """Return the digests of a content under the API's names, in upper case as the API has them."""
    known = {
        "SHA256": item.sha256,
        "AutoV1": item.autov1,
        "AutoV2": item.autov2,
        "AutoV3": item.autov3,
        "CRC32": item.crc32,
        "BLAKE3": item.blake3,
    }
    return {name: value.upper() for name, value in known.items() if value}
