"""Compare two libraries, folders, manifests or catalogs by what is in them, not by names."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.catalog.schema import REVISIONS, schema_revision
from loradex.domain.hashes import EMPTY_SHA256
from loradex.domain.library import Library
from loradex.domain.manifest import Entry
from loradex.errors import CatalogError, UsageError
from loradex.operations.manifest.files import read_manifest
from loradex.paths import Home, expanded

ALL = "all"
"""Names the whole catalog."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two that are compared."""

    title: str
    entries: tuple[Entry, ...]
    library: Library | None = None
    """The library it is, or lies in; None for a manifest or a whole catalog."""
    roots: dict[str, str] | None = None
    """Root of each library by name, where files can be copied from; None for a manifest."""

    @property
    def nbytes(self) -> int:
        """The sum of the sizes, each model once."""
        return sum(entry.size for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Related:
    """Two models that are not the same and have something in common."""

    one: Entry
    other: Entry
    why: str
    """`version`, `precision`, `metadata` or `name`: the same model in another version or precision,
    the same weights with other metadata, or another model under the same file name."""


@dataclass(frozen=True, slots=True)
class LibraryDiff:
    """How two sides differ. Entries come in the order of their names."""

    a: Side
    b: Side
    only_a: tuple[Entry, ...]
    only_b: tuple[Entry, ...]
    renamed: tuple[tuple[Entry, Entry], ...]
    """The same bytes under other file names."""
    same: int
    """Models that both have, renamed ones included."""
    related: tuple[Related, ...]
    """What only one side has, with what the other has in place of it."""


@contextmanager
def sides(home: Home, catalog: Catalog, *texts: str) -> Iterator[tuple[Side, ...]]:
    """Give what these texts name: `all`, a library, a folder in one, a manifest, or a home folder.

    Raises a `LoradexError` for one that names nothing of these.
    """
    with ExitStack() as opened:
        yield tuple(_side(home, catalog, text, opened) for text in texts)


def compare(a: Side, b: Side) -> LibraryDiff:
    """Return how two sides differ.

    Models are the same when their SHA256 are; where one was not read in full, when their quick
    digests are.
    """
    pairs = _paired(a.entries, b.entries)
    in_b = {id(other) for _, other in pairs}
    in_a = {id(one) for one, _ in pairs}
    only_a = _sorted(entry for entry in a.entries if id(entry) not in in_a)
    only_b = _sorted(entry for entry in b.entries if id(entry) not in in_b)
    renamed = [(one, other) for one, other in pairs if _names(one).isdisjoint(_names(other))]
    return LibraryDiff(
        a,
        b,
        only_a,
        only_b,
        tuple(sorted(renamed, key=lambda pair: pair[0].name.casefold())),
        len(pairs),
        (
            *_related(only_a, b.entries),
            *(
                Related(found.other, found.one, found.why)
                for found in _related(only_b, a.entries)
                if id(found.other) in in_a
            ),
        ),
    )


def _side(home: Home, catalog: Catalog, text: str, opened: ExitStack) -> Side:
    libraries = {library.name: library for library in catalog.files.libraries()}
    if text in libraries:
        return _of_library(catalog, libraries[text])
    path = expanded(text)
    if path.is_file():
        return Side(path.name, tuple(read_manifest(path)))
    if path.is_dir():
        if (path / home.catalog.name).is_file():
            return _of_catalog(_other_catalog(Home(path.absolute()), opened), str(path))
        real = Path(os.path.realpath(path))
        for library in libraries.values():
            if real == Path(library.root):
                return _of_library(catalog, library)
            if real.is_relative_to(library.root):
                below = real.relative_to(library.root)
                return _below(_of_library(catalog, library), str(path), f"{below}/")
        raise UsageError(
            f"The folder {path} is in no library.", hint=f"Add it: loradex library add {text}"
        )
    if text == ALL:
        return _of_catalog(catalog, "this catalog")
    raise UsageError(
        f"{text!r} is no library, folder, manifest or home of loradex.",
        hint=f"Libraries: {', '.join([*libraries, ALL])}.",
    )


def _of_library(catalog: Catalog, library: Library) -> Side:
    ids = catalog.manifest.order(catalog.manifest.of_library(library.id))
    entries = tuple(_in_library(entry, library.name) for entry in catalog.manifest.entries(ids))
    return Side(library.name, entries, library, {library.name: library.root})


def _of_catalog(catalog: Catalog, title: str) -> Side:
    entries = [e for e in catalog.manifest.entries(catalog.manifest.order()) if e.places]
    roots = {library.name: library.root for library in catalog.files.libraries()}
    return Side(title, tuple(entries), None, roots)


def _other_catalog(home: Home, opened: ExitStack) -> Catalog:
    """Open somebody's catalog as it is: comparing does not upgrade it."""
    revision = schema_revision(home.catalog)
    if revision != REVISIONS[-1]:
        raise CatalogError(
            f"The catalog {home.catalog} is of another version of loradex.",
            hint=f"Let this loradex upgrade it: loradex --home {home.root} library list",
        )
    return opened.enter_context(Catalog(home))


def _in_library(entry: Entry, name: str) -> Entry:
    return replace(entry, places=tuple(place for place in entry.places if place[0] == name))


def _below(side: Side, title: str, folder: str) -> Side:
    entries = []
    for entry in side.entries:
        places = tuple(place for place in entry.places if place[1].startswith(folder))
        if places:
            entries.append(replace(entry, places=places))
    return replace(side, title=title, entries=tuple(entries))


def _paired(a: Iterable[Entry], b: Iterable[Entry]) -> list[tuple[Entry, Entry]]:
    """Return what is the same on both sides."""
    by_sha256 = {entry.sha256: entry for entry in b if entry.sha256}
    by_print: dict[str, Entry] = {entry.fingerprint: entry for entry in b if entry.fingerprint}
    pairs, taken = [], set()
    for entry in a:
        other = by_sha256.get(entry.sha256) if entry.sha256 else None
        if other is None and entry.fingerprint:
            other = by_print.get(entry.fingerprint)
            if other is not None and entry.sha256 and other.sha256:
                other = None
        if other is not None and id(other) not in taken:
            taken.add(id(other))
            pairs.append((entry, other))
    return pairs


def _related(entries: Iterable[Entry], others: Iterable[Entry]) -> Iterator[Related]:
    """Yield for each of these what the other side has in place of it, the nearest kin first."""
    by_tensors: dict[str, Entry] = {}
    by_model: dict[tuple[str, int], list[Entry]] = defaultdict(list)
    by_name: dict[str, Entry] = {}
    for other in others:
        if other.autov3 and other.autov3 != EMPTY_SHA256[:12]:
            by_tensors.setdefault(other.autov3, other)
        for hub in other.hubs:
            by_model[hub.hub, hub.model_id].append(other)
        for name in _names(other):
            by_name.setdefault(name.casefold(), other)
    for entry in entries:
        if entry.autov3 in by_tensors:
            yield Related(entry, by_tensors[entry.autov3 or ""], "metadata")
            continue
        kin = _of_same_model(entry, by_model)
        if kin is not None:
            yield kin
            continue
        named = next(
            (by_name[n.casefold()] for n in _names(entry) if n.casefold() in by_name), None
        )
        if named is not None:
            yield Related(entry, named, "name")


def _of_same_model(entry: Entry, by_model: dict[tuple[str, int], list[Entry]]) -> Related | None:
    versions = {(hub.hub, hub.version_id) for hub in entry.hubs}
    for hub in entry.hubs:
        for other in by_model.get((hub.hub, hub.model_id), ()):
            same = versions & {(place.hub, place.version_id) for place in other.hubs}
            return Related(entry, other, "precision" if same else "version")
    return None


def _names(entry: Entry) -> set[str]:
    found = {path.rpartition("/")[2] for _, path in entry.places}
    return found or {entry.file_name}


def _sorted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda entry: (entry.name.casefold(), entry.sha256 or "")))
