"""The world, ready to be asked: by id, by version, by any hash."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from loradex.demo.hub_world import World, WorldFile, WorldModel, WorldVersion


@dataclass(frozen=True, slots=True)
class Place:
    """A version and the model it belongs to."""

    model: WorldModel
    version: WorldVersion

    @property
    def published(self) -> bool:
        """True when the API shows it."""
        return self.version.status == "Published"


class WorldIndex:
    """Look-ups over a world. Hashes are found in any case, short kinds included."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.models = {model.id: model for model in world.models}
        self.versions: dict[int, Place] = {}
        self._by_hash: defaultdict[str, list[Place]] = defaultdict(list)
        for model in world.models:
            for version in model.versions:
                place = Place(model, version)
                self.versions[version.id] = place
                for file in version.files:
                    for digest in dict.fromkeys(_digests(file)):
                        self._by_hash[digest].append(place)

    def holders(self, digest: str) -> list[Place]:
        """Return the published versions with this hash, first published first, one per file."""
        places = (place for place in self._by_hash.get(digest.upper(), ()) if place.published)
        return sorted(places, key=lambda place: (place.version.published_at, place.version.id))


def _digests(file: WorldFile) -> list[str]:
    return [value.upper() for value in file.hashes.values()]
