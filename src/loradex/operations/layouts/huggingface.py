"""The cache of huggingface_hub: `models--org--name/snapshots/<revision>/…`, links to `blobs`.

Source: "Hub Local Cache" in the Hub's documentation. `refs/<branch>` holds the revision that a
branch had when it was asked for. A file that did not change between revisions is one blob with a
link in each snapshot, so a scan leaves out all places of a blob but the newest.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from loradex.domain.library import Layout
from loradex.operations.layouts.detected import Detected, Root
from loradex.operations.layouts.hints import real_folder
from loradex.operations.layouts.names import entries

_REPOSITORY = "models--"
_IGNORE = ("datasets--*", "spaces--*", "*/blobs", "*/refs")
_INDEX = "model_index.json"
_MAX_REVISION = 256
_MAX_DEPTH = 4
_MAX_FILES = 20_000
"""Links followed in all snapshots together; beyond, copies may be listed twice."""


def detect(folder: Path) -> Detected | None:
    """Tell whether this is the cache, or Hugging Face's folder with the cache in it."""
    for cache in (folder, folder / "hub"):
        root = real_folder(cache)
        if root is not None and _is_cache(root):
            own = Root(root, ignore=_IGNORE, layout=Layout.HUGGING_FACE)
            return Detected(Layout.HUGGING_FACE, "Hugging Face cache", (own,))
    return None


def _is_cache(folder: Path) -> bool:
    return any(
        name.startswith(_REPOSITORY) and (folder / name / "snapshots").is_dir()
        for name in entries(folder)
    )


def repository_of(relative: str) -> str | None:
    """Return `org/name` for a path in a cache, None when it lies in no repository."""
    for part in relative.split("/"):
        if part.startswith(_REPOSITORY):
            return part.removeprefix(_REPOSITORY).replace("--", "/", 1) or None
    return None


def older_places(root: Path, below: str = "") -> tuple[str, ...]:
    """Return globs for what newer snapshots have as well, to be left out of a walk of `root`.

    `below` is where in `root` the cache lies. Files that only an older snapshot has stay.
    """
    left = _Budget(_MAX_FILES)
    prefix = f"{below}/" if below else ""
    found: list[str] = []
    for name in sorted(entries(root / below if below else root)):
        if name.startswith(_REPOSITORY):
            found.extend(
                glob.escape(f"{prefix}{name}/snapshots/{place}")
                for place in _repeated(root / below / name, left)
            )
    return tuple(found)


class _Budget:
    """How many more files may be looked at."""

    def __init__(self, files: int) -> None:
        self.files = files


def _repeated(repository: Path, left: _Budget) -> Iterator[str]:
    """Yield `revision/file`, or a whole `revision`, for what a newer snapshot has already."""
    snapshots = _newest_first(repository)
    if len(snapshots) < 2:
        return
    seen: set[tuple[int, int]] = set()
    for name in snapshots:
        files = dict(_files(repository / "snapshots" / name, left))
        repeated = [place for place, identity in files.items() if identity in seen]
        is_pipeline = _INDEX in entries(repository / "snapshots" / name)
        if is_pipeline and len(repeated) == len(files):
            yield name
        elif not is_pipeline:
            yield from (f"{name}/{place}" for place in repeated)
        seen.update(files.values())


def _newest_first(repository: Path) -> list[str]:
    """Return the snapshots' names: what `main` is now, then by age."""
    folder = repository / "snapshots"
    current = _revision(repository / "refs" / "main")

    def age(name: str) -> tuple[bool, float, str]:
        try:
            changed = (folder / name).stat().st_mtime
        except OSError:
            changed = 0.0
        return (name != current, -changed, name)

    return sorted(entries(folder), key=age)


def _revision(file: Path) -> str | None:
    try:
        with file.open("rb") as text:
            return os.fsdecode(text.read(_MAX_REVISION)).strip()
    except OSError:
        return None


def _files(folder: Path, left: _Budget) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield each weight file below with its blob's device and inode."""
    from loradex.formats.model_files import is_model_file  # noqa: PLC0415

    pending = [("", 0)]
    while pending:
        relative, depth = pending.pop()
        for name in entries(folder / relative):
            left.files -= 1
            if left.files < 0:
                return
            below = f"{relative}/{name}" if relative else name
            path = folder / below
            if path.is_dir():
                if depth < _MAX_DEPTH:
                    pending.append((below, depth + 1))
            elif is_model_file(name):
                try:
                    info = path.stat()
                except OSError:
                    continue
                yield below, (info.st_dev, info.st_ino)
