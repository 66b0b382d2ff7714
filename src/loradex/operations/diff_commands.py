"""What it would take to give one side what only the other one has, as shell commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout, Library
from loradex.domain.manifest import Entry
from loradex.domain.text import display_text
from loradex.operations.layouts.places import folder_for
from loradex.operations.library_diff import LibraryDiff


def commands_to_match(diff: LibraryDiff, folders: Mapping[str, ModelKind]) -> Iterator[str]:
    """Yield the commands that give B what only A has; comments for what cannot be had.

    A file that is there is copied, and never over another; else it comes from its hub. `folders`
    are those of B's library. Nothing of what only B has is touched.
    """
    for entry in diff.only_a:
        source = _source(diff, entry)
        if source is not None and diff.b.library is not None:
            target = Path(
                diff.b.library.root, _relative(entry, diff.a.library, diff.b.library, folders)
            )
            yield (
                f"mkdir -p -- {shlex.quote(str(target.parent))} &&"
                f" cp -n -- {shlex.quote(source)} {shlex.quote(str(target))}"
            )
        elif entry.where_to_get is not None:
            into = f" --to {shlex.quote(diff.b.library.name)}" if diff.b.library else ""
            yield entry.where_to_get + into
        elif source is not None:
            yield f"# copy it yourself: {display_text(source)}"
        else:
            yield f"# nobody is known to have it: {display_text(entry.name)}"


def _source(diff: LibraryDiff, entry: Entry) -> str | None:
    for library, path in entry.places:
        root = (diff.a.roots or {}).get(library)
        if root is not None and display_text(path) == path:
            file = Path(root, path)
            if file.exists():
                return str(file)
    return None


def _relative(entry: Entry, a: Library | None, b: Library, folders: Mapping[str, ModelKind]) -> str:
    """Return where a model goes in B: as it lies in A for one tool, else where B's looks for it."""
    path = entry.places[0][1]
    if a is not None and a.layout is b.layout:
        return path
    name = path.rpartition("/")[2]
    kinds = {kind.value: kind for kind in ModelKind}
    kind = kinds.get(entry.kind, ModelKind.UNKNOWN)
    if b.layout is Layout.PLAIN:
        return path
    folder = folder_for(b.layout, kind, folders)
    return f"{folder}/{name}" if folder else name
