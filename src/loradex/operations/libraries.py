"""Register, list and forget library folders."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.library import Layout, Library
from loradex.domain.text import storable
from loradex.errors import LibraryError, UnknownLibrary
from loradex.paths import expanded

_MARKS: tuple[tuple[Layout, tuple[str, ...]], ...] = (
    (Layout.STABILITY_MATRIX, ("StableDiffusion", "Lora")),
    (Layout.SWARMUI, ("Stable-Diffusion", "Lora")),
    (Layout.A1111, ("Stable-diffusion",)),
    (Layout.A1111, ("models/Stable-diffusion",)),
    (Layout.COMFYUI, ("checkpoints", "loras")),
    (Layout.COMFYUI, ("models/checkpoints",)),
    (Layout.INVOKEAI, ("invokeai.yaml",)),
)
"""Names inside a root that tell whose layout it is: first match, all of its names, wins.

Folder tables of the tools themselves; capital letters matter, they are all that tells
StabilityMatrix, SwarmUI and A1111 apart.
"""


def detect_layout(root: Path) -> Layout:
    """Return the layout a folder follows, `plain` when no tool's names are there."""
    for layout, names in _MARKS:
        if all(_has_exactly(root, name) for name in names):
            return layout
    return Layout.PLAIN


def _has_exactly(root: Path, name: str) -> bool:
    """Compare names as listed: a case-insensitive disk would say yes to any spelling."""
    folder, _, last = name.rpartition("/")
    try:
        return last in os.listdir(root / folder)
    except OSError:
        return False


def existing_folder(folder: Path) -> Path:
    """Return where a folder really is; raise `LibraryError` when there is none."""
    root = Path(os.path.realpath(expanded(folder)))
    try:
        mode = root.stat().st_mode
    except OSError as error:
        raise LibraryError(
            f"{root} cannot be a library: {error.strerror or error}.",
            hint="Check the path; a drive that is not mounted has to be mounted first.",
        ) from error
    if not stat.S_ISDIR(mode):
        raise LibraryError(f"{root} is a file, not a folder.", hint="Name the folder it lies in.")
    return root


def add_library(
    catalog: Catalog, folder: Path, *, name: str | None = None, ignore: tuple[str, ...] = ()
) -> Library:
    """Register a folder; return the library.

    Raises `LibraryError` when the folder is missing, or lies in or around a registered one: each
    file shall belong to one library.
    """
    root = existing_folder(folder)
    for library in catalog.files.libraries():
        other = Path(library.root)
        if other == root:
            raise LibraryError(
                f"{root} is a library already, called {library.name!r}.",
                hint="Run `loradex scan` to look for new files.",
            )
        if other in root.parents or root in other.parents:
            raise LibraryError(
                f"{root} and the library {library.name!r} ({other}) lie one in the other.",
                hint="A file belongs to one library: remove the other one first, or add only it.",
            )
    chosen = storable(name, len(name)) if name else _free_name(catalog, root)
    catalog.files.add_library(
        chosen,
        os.fsencode(root),
        detect_layout(root),
        device=root.stat().st_dev,
        ignore=ignore,
    )
    return find_library(catalog, chosen)


def _free_name(catalog: Catalog, root: Path) -> str:
    taken = {library.name for library in catalog.files.libraries()}
    generic = {"models", "model", "loras", "lora"}
    name = f"{root.parent.name}-{root.name}" if root.name.lower() in generic else root.name
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
