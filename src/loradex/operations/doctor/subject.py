"""What a check-up looks at, each part read once and only when a check asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from loradex.catalog.catalog import Catalog
from loradex.catalog.health_rows import PlaceFacts
from loradex.domain.kinds import ModelKind
from loradex.domain.library import Library
from loradex.domain.plans import Place
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.errors import CatalogError
from loradex.operations.doctor.findings import Finding
from loradex.operations.doctor.survey import Survey, look_around
from loradex.operations.roots import device_of
from loradex.paths import Home
from loradex.settings import Settings


@dataclass(frozen=True, slots=True)
class LibraryFacts:
    """A library, its root as the disk has it, and which kind each folder is for."""

    library: Library
    root: bytes
    online: bool
    folders: Mapping[str, ModelKind]


class Subject:
    """A home with its catalog and libraries. `catalog` is None when it cannot be opened."""

    def __init__(
        self,
        home: Home,
        catalog: Catalog | None,
        settings: Settings | None,
        *,
        trouble: CatalogError | None = None,
        deep: bool = False,
        sink: ProgressSink,
        cancel: CancelToken,
    ) -> None:
        self.home = home
        self.settings = settings
        self.trouble = trouble
        self.deep = deep
        self.sink = sink
        self.cancel = cancel
        self._catalog = catalog

    @property
    def catalog(self) -> Catalog:
        """The catalog; only checks that need one ask for it."""
        if self._catalog is None:
            raise self.trouble or CatalogError("There is no catalog yet.")
        return self._catalog

    @property
    def has_catalog(self) -> bool:
        """True when the catalog could be opened."""
        return self._catalog is not None

    @cached_property
    def libraries(self) -> dict[int, LibraryFacts]:
        """All libraries by their numbers."""
        return {
            library.id: LibraryFacts(
                library,
                os.fsencode(library.root),
                device_of(library.root, self.catalog.files.known_device(library.id)) is not None,
                self.catalog.libraries.folders(library.id),
            )
            for library in self.catalog.files.libraries()
        }

    @cached_property
    def places(self) -> list[PlaceFacts]:
        """Every place that the catalog knows."""
        return self.catalog.health.places()

    @cached_property
    def present(self) -> list[PlaceFacts]:
        """The places that a scan last found, in libraries that are there."""
        return [
            place
            for place in self.places
            if place.state == "present" and self.libraries[place.library_id].online
        ]

    @cached_property
    def surveys(self) -> dict[int, Survey]:
        """What lies in the folders of each library that is there."""
        return {
            number: look_around(facts.root, facts.library.ignore, self.sink, self.cancel)
            for number, facts in self.libraries.items()
            if facts.online
        }

    def path(self, place: PlaceFacts) -> str:
        """Return a place's absolute path as it is stored."""
        return f"{self.libraries[place.library_id].library.root}/{place.path}"

    def real_path(self, place: PlaceFacts) -> bytes:
        """Return a place's absolute path in the bytes the disk has."""
        return self.libraries[place.library_id].root + b"/" + place.raw_path

    def place_in(self, library_id: int, relative: bytes) -> Place:
        """Return a place in a library."""
        return Place(library_id, self.libraries[library_id].root, relative)

    def place_of(self, raw_path: bytes) -> Place | None:
        """Return the place that an absolute path is, None outside of all libraries."""
        for number, facts in self.libraries.items():
            if raw_path.startswith(facts.root.rstrip(b"/") + b"/"):
                return self.place_in(number, raw_path[len(facts.root.rstrip(b"/")) + 1 :])
        return None

    @cached_property
    def places_by_id(self) -> dict[int, PlaceFacts]:
        """The same places by the number of their row."""
        return {place.file_id: place for place in self.places}

    def places_found(self, findings: Iterable[Finding]) -> Iterator[PlaceFacts]:
        """Yield the places that findings are about."""
        for finding in findings:
            if finding.file_id is not None and finding.file_id in self.places_by_id:
                yield self.places_by_id[finding.file_id]
