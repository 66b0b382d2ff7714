"""What documents of a few versions need beyond the shelf: read from the catalog in few queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.catalog.serve_rows import ServedFile, ServedImage, ServedVersion
from loradex.serving.shelf import Version

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What hubs told of versions, by hub and version."""

    versions: Mapping[Key, ServedVersion]
    files: Mapping[Key, list[ServedFile]]
    images: Mapping[Key, list[ServedImage]]


def load(catalog: Catalog, versions: Iterable[Version]) -> Loaded:
    """Read what hubs told of these versions; those no hub knows are left out."""
    wanted: dict[str, list[int]] = {}
    for version in versions:
        if version.hub is not None:
            wanted.setdefault(version.hub, []).append(version.id)
    told: dict[Key, ServedVersion] = {}
    files: dict[Key, list[ServedFile]] = {}
    images: dict[Key, list[ServedImage]] = {}
    for hub, ids in wanted.items():
        told |= {(hub, id_): row for id_, row in catalog.served.versions(hub, ids).items()}
        for file in catalog.served.files(hub, ids):
            files.setdefault((hub, file.version_id), []).append(file)
        for image in catalog.served.images(hub, ids):
            images.setdefault((hub, image.version_id), []).append(image)
    return Loaded(told, files, images)
