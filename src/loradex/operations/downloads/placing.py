"""Where a downloaded file goes: library, folder by kind and template, and a name that is free."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.domain.downloads import Download
from loradex.domain.hub import HubFile, HubModel, HubVersion
from loradex.domain.hub_names import base_from_hub
from loradex.domain.kinds import ModelKind
from loradex.domain.library import Library
from loradex.domain.text import display_text
from loradex.errors import LibraryError, UsageError
from loradex.operations.downloads.file_names import free_name, safe_file_name, taken_keys
from loradex.operations.folder_template import FolderTemplate, read_template
from loradex.operations.libraries import find_library, folder_for
from loradex.operations.moves.names import (
    leads_elsewhere,
    names_in,
    nearest_folder,
    spelled_as_there,
)
from loradex.operations.roots import device_of

FIELDS = ("kind", "base", "derivative", "creator", "model", "version")
PART = b".part"


class NoPlace(Exception):
    """A file cannot go anywhere; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a file goes: `relative` is below the library's root, in the disk's bytes."""

    library: Library
    relative: bytes


class Placer:
    """Finds places for files, and remembers those it gave away."""

    def __init__(
        self, catalog: Catalog, library: str, template: str, queue: Iterable[Download]
    ) -> None:
        """Raise `UsageError` for a template or a library that means nothing."""
        self._catalog = catalog
        self._template: FolderTemplate = read_template(template, FIELDS)
        self._named = find_library(catalog, library) if library else None
        self._chosen: dict[ModelKind, tuple[Library, str]] = {}
        self._taken: dict[bytes, set[str]] = {}
        for download in queue:
            self._give(download.path)

    def place(self, model: HubModel, version: HubVersion, file: HubFile, kind: ModelKind) -> Target:
        """Return a place that nothing has and nobody else gets.

        Raises `NoPlace`, and `UsageError` when a person has to choose a library.
        """
        name = safe_file_name(file.name, file.format)
        if name is None:
            raise NoPlace(f"{display_text(file.name, 80)} is not the name of a model file.")
        library, folder = self._library(kind)
        root = os.fsencode(library.root)
        base = b"/".join(part for part in (root, os.fsencode(folder)) if part)
        below = spelled_as_there(base, self._template.fill(_values(model, version, kind)))
        if leads_elsewhere(base, below):
            raise NoPlace("A folder on the way to its place is a link that leads elsewhere.")
        path_folder = b"/".join((base, *below))
        if not os.access(nearest_folder(path_folder + b"/"), os.W_OK | os.X_OK):
            raise NoPlace(f"The library {library.name} cannot be written to.")
        taken = self._taken.get(path_folder, set()) | keys_in(path_folder)
        free = os.fsencode(free_name(name, taken, file.id, version.id))
        self._give(path_folder + b"/" + free)
        relative = [part for part in (os.fsencode(folder), *below, free) if part]
        return Target(library, b"/".join(relative))

    def _give(self, path: bytes) -> None:
        folder, _, name = path.rpartition(b"/")
        self._taken.setdefault(folder, set()).update(taken_keys(os.fsdecode(name)))

    def _library(self, kind: ModelKind) -> tuple[Library, str]:
        """Return the library for a kind, and its folder."""
        if kind not in self._chosen:
            library, folder = self._named_for(kind) if self._named else self._only_for(kind)
            if not is_there(self._catalog, library):
                raise NoPlace(f"The library {library.name} is not there: its drive is away.")
            self._chosen[kind] = library, folder
        return self._chosen[kind]

    def _named_for(self, kind: ModelKind) -> tuple[Library, str]:
        library = self._named
        folder = None if library is None else folder_for(self._catalog, library, kind)
        if library is None or folder is None:
            name = library.name if library else "?"
            raise NoPlace(f"The library {name} has no folder for a {kind.label}.")
        return library, folder

    def _only_for(self, kind: ModelKind) -> tuple[Library, str]:
        libraries = self._catalog.files.libraries()
        if not libraries:
            raise LibraryError(
                "There is no library to download to.",
                hint="Add one: loradex library add FOLDER",
            )
        folders = {
            library.name: (library, folder)
            for library in libraries
            if (folder := folder_for(self._catalog, library, kind)) is not None
        }
        if not folders:
            raise NoPlace(f"No library has a folder for a {kind.label}.")
        if len(folders) > 1:
            raise UsageError(
                f"Several libraries take a {kind.label}: {', '.join(folders)}.",
                hint="Choose one with --to NAME, or set download_library in loradex.toml.",
            )
        return next(iter(folders.values()))


def is_there(catalog: Catalog, library: Library) -> bool:
    """Tell whether a library's root is there; an empty mount point is not."""
    return device_of(library.root, catalog.files.known_device(library.id)) is not None


def keys_in(folder: bytes) -> set[str]:
    """Return what the names in a folder take. An unfinished file takes the name it will get."""
    try:
        names = [os.fsdecode(name) for name in names_in(folder).values()]
    except OSError as error:
        raise NoPlace(f"Its folder cannot be listed: {error.strerror or error}.") from error
    keys: set[str] = set()
    for name in names:
        keys |= taken_keys(name) | taken_keys(name.removesuffix(os.fsdecode(PART)))
    return keys


def _values(model: HubModel, version: HubVersion, kind: ModelKind) -> dict[str, str | None]:
    base = base_from_hub(version.base_model)
    return {
        "kind": kind.label,
        "base": base[0].label if base else version.base_model,
        "derivative": base[1] if base else None,
        "creator": model.creator,
        "model": model.name,
        "version": version.name,
    }
