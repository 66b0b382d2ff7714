"""Register, list and forget library folders."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.kinds import ModelKind
from loradex.domain.library import Library
from loradex.domain.text import display_text, storable
from loradex.errors import LibraryError, UnknownLibrary, UsageError
from loradex.operations.layouts import places, plain
from loradex.operations.layouts.detected import Detected, Root
from loradex.operations.layouts.detecting import detect
from loradex.operations.layouts.hints import is_inside
from loradex.paths import expanded

_GENERIC = ("models", "model", "hub")
"""Folder names that say nothing by themselves: the name of the folder above goes before them."""

_OPEN_BRACKET = re.compile(r"(?:[^\[]|\[!?+\]?+[^\]]*+\])*+\[.*", re.DOTALL)
"""A glob with `[` for which there is no `]`; one right behind `[` or `[!` is in the set itself."""


@dataclass(frozen=True, slots=True)
class Addition:
    """A library to be added: its name, and what it will cover."""

    name: str
    root: Root


@dataclass(frozen=True, slots=True)
class Proposal:
    """What adding a folder means. Nothing is done yet."""

    detected: Detected
    additions: tuple[Addition, ...]
    further: tuple[Root, ...]
    """Roots that the tool uses as well and that were not asked for."""
    notes: tuple[str, ...]
    """What is left out, and why; safe to print."""


def existing_folder(folder: Path) -> Path:
    """Return where a folder really is; raise `LibraryError` when there is none."""
    root = Path(os.path.realpath(expanded(folder)))
    try:
        mode = root.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise LibraryError(
            f"There is no folder {root}.",
            hint="Check the path; a drive that is not mounted has to be mounted first.",
        ) from error
    except OSError as error:
        raise LibraryError(
            f"{root} cannot be a library: {error.strerror or error}.",
            hint="Check the path and its permissions.",
        ) from error
    if not stat.S_ISDIR(mode):
        raise LibraryError(f"{root} is a file, not a folder.", hint="Name the folder it lies in.")
    return root


def detected_folder(folder: Path, *, as_it_is: bool = False) -> Detected:
    """Return what a folder is, as a plain one when asked; raise `LibraryError` for no folder."""
    root = existing_folder(folder)
    found = plain.detect(root) if as_it_is else detect(root)
    if found is None:
        raise LibraryError(f"{root} cannot be listed.", hint="Check its permissions.")
    return found


def propose(
    catalog: Catalog,
    folder: Path,
    *,
    name: str | None = None,
    ignore: tuple[str, ...] = (),
    with_extra: bool = False,
    as_it_is: bool = False,
) -> Proposal:
    """Return which libraries adding a folder would make, without making them.

    A tool's folder becomes a library of the models in it; `with_extra` adds the further folders
    that the tool uses, those of them that no library has. `as_it_is` asks for exactly this folder.
    Raises `LibraryError` when the folder is missing, has no models folder, or lies in or around a
    registered one: each file shall belong to one library. Raises `UsageError` for a name or a
    glob that can mean nothing.
    """
    _refuse_nothing(name, ignore)
    top = existing_folder(folder)
    found = detected_folder(top, as_it_is=as_it_is)
    if not found.roots:
        raise LibraryError(
            f"{top} is a {found.title} folder without any models folder.",
            hint="Add the folder that has the models, or use --as-is to take this one.",
        )
    libraries = catalog.files.libraries()
    taken = {library.name for library in libraries}
    notes = list(found.notes)
    additions: list[Addition] = []
    further: list[Root] = []
    for number, root in enumerate(found.roots):
        clash = _overlapping(root.path, libraries)
        if clash is not None:
            if number == 0 and not (with_extra and clash[0].root == str(root.path)):
                raise clash[1]
            notes.append(
                f"{display_text(str(root.path))} stays with the library"
                f" {display_text(clash[0].name)}."
            )
        elif number and not with_extra:
            further.append(root)
        elif any(_overlap(root.path, planned.root.path) for planned in additions):
            notes.append(f"{display_text(str(root.path))} overlaps the folders before it.")
        else:
            chosen = _name_for(root, top if number == 0 else None, name, taken)
            name = None
            taken.add(chosen)
            additions.append(Addition(chosen, _without_links(root, libraries, ignore, notes)))
    if not additions:
        raise LibraryError(
            f"All folders of {top} are in libraries already.",
            hint="Run `loradex scan` to look for new files.",
        )
    return Proposal(found, tuple(additions), tuple(further), tuple(notes))


def _refuse_nothing(name: str | None, ignore: Iterable[str]) -> None:
    if name is not None and not name.strip():
        raise UsageError("The library's name is empty.", hint="Leave out --name for the folder's.")
    for pattern in ignore:
        if not pattern.strip():
            raise UsageError("A glob of --ignore is empty.", hint="As in --ignore 'old/*'.")
        if _OPEN_BRACKET.fullmatch(pattern):
            raise UsageError(
                f"The glob {pattern!r} has a bracket that is never closed.",
                hint="Write [[] for the bracket itself.",
            )


def add_proposed(catalog: Catalog, proposal: Proposal) -> list[Library]:
    """Register what was proposed; return the libraries in that order."""
    added = []
    for addition in proposal.additions:
        root = addition.root
        catalog.files.add_library(
            addition.name,
            os.fsencode(root.path),
            root.layout,
            device=root.path.stat().st_dev,
            ignore=root.ignore,
        )
        library = find_library(catalog, addition.name)
        catalog.libraries.set_folders(library.id, root.folders)
        added.append(library)
    return added


def add_library(
    catalog: Catalog, folder: Path, *, name: str | None = None, ignore: tuple[str, ...] = ()
) -> Library:
    """Register the models of one folder; return the library. Raises like `propose`."""
    return add_proposed(catalog, propose(catalog, folder, name=name, ignore=ignore))[0]


def overlap_error(root: Path, libraries: Iterable[Library]) -> LibraryError | None:
    """Return the failure that adding `root` beside these libraries would be, None when it is fine.

    Both are compared by where they really are.
    """
    clash = _overlapping(root, libraries)
    return clash[1] if clash else None


def _overlapping(root: Path, libraries: Iterable[Library]) -> tuple[Library, LibraryError] | None:
    for library in libraries:
        other = Path(library.root)
        if other == root:
            return library, LibraryError(
                f"{root} is a library already, called {library.name!r}.",
                hint="Run `loradex scan` to look for new files.",
            )
        if _overlap(root, other):
            lies = "lies inside" if is_inside(root, other) else "contains"
            return library, LibraryError(
                f"{root} {lies} the library {library.name!r} ({other}).",
                hint="A file belongs to one library: remove the other one first, or add only it.",
            )
    return None


def _overlap(one: Path, other: Path) -> bool:
    return is_inside(one, other) or is_inside(other, one)


def _without_links(
    root: Root, libraries: Sequence[Library], ignore: tuple[str, ...], notes: list[str]
) -> Root:
    """Return a root that leaves folders which are links into another library to that library."""
    linked = []
    for name in (*_links(root.path), *root.folders):
        real = Path(os.path.realpath(root.path / name))
        owner = owner_of(real, libraries)
        if name and owner is not None and glob.escape(name) not in linked:
            linked.append(glob.escape(name))
            notes.append(
                f"{display_text(name)} is a link into the library {display_text(owner.name)} and"
                " stays with it."
            )
    globs = tuple(dict.fromkeys((*root.ignore, *ignore, *linked)))
    return Root(root.path, root.folders, globs, root.layout, root.why)


def _links(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as listing:
            return sorted(entry.name for entry in listing if entry.is_symlink())
    except OSError:
        return []


def _name_for(root: Root, top: Path | None, name: str | None, taken: Iterable[str]) -> str:
    """Return the name asked for, else a free one: the tool's folder, or the root's own."""
    if name:
        return storable(name, len(name))
    path = root.path
    if top is not None and is_inside(path, top) and path.name.lower() in _GENERIC:
        path = top
    return _free_name(path, set(taken))


def _free_name(path: Path, taken: set[str]) -> str:
    says_little = path.name.lower() in _GENERIC or plain.names_a_kind(path.name)
    name = f"{path.parent.name}-{path.name}" if says_little else path.name
    name = storable(name, len(name)).strip("-") or "library"
    number = 2
    candidate = name
    while candidate in taken:
        candidate, number = f"{name}-{number}", number + 1
    return candidate


def find_library(catalog: Catalog, name: str) -> Library:
    """Return the library of that name or root; raise `UnknownLibrary` naming those there are."""
    libraries = catalog.files.libraries()
    for library in libraries:
        if storable(name, len(name)) == library.name or name == library.root:
            return library
    known = ", ".join(library.name for library in libraries) or "none yet"
    raise UnknownLibrary(f"There is no library {name!r}.", hint=f"Libraries: {known}.")


def remove_library(catalog: Catalog, name: str) -> Library:
    """Forget a library and its places, and return it. Files, tags, notes and facts all stay."""
    library = find_library(catalog, name)
    catalog.files.remove_library(library.id)
    return library


def folder_for(catalog: Catalog, library: Library, kind: ModelKind) -> str | None:
    """Return where in a library a new file of this kind belongs, "" for its root.

    None when the library's tool would not find it there (see `layouts.places.folder_for`).
    """
    return places.folder_for(library.layout, kind, catalog.libraries.folders(library.id))


def owner_of(folder: Path, libraries: Iterable[Library]) -> Library | None:
    """Return the library that covers a folder already, None when none does."""
    return next((lib for lib in libraries if is_inside(folder, Path(lib.root))), None)
