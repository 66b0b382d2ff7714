"""Turn paths that settings name into folders that exist, and folders into roots of libraries."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loradex.domain.kinds import ModelKind
from loradex.domain.text import display_text
from loradex.operations.layouts.detected import Root
from loradex.operations.layouts.names import entries, kind_by_name
from loradex.paths import expanded

MAX_PATH = 4096
MAX_HINTS = 500
"""Folders taken from one tool's settings."""

_NEVER_MODELS = (
    "venv", "env", "output", "outputs", "log", "logs", "tmp", "temp", "cache", "input",
    "repositories", "extensions", "extensions-builtin", "config_states", "custom_nodes",
    "__pycache__", "node_modules",
)  # fmt: skip
"""Beside models in tools' folders, or will be once the tool has run."""


OtherTool = Callable[[Path], Root | None]
"""Tells the own root of another tool that a named folder belongs to."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A folder that settings name, where it really is, with the kind it is for."""

    path: Path
    kind: ModelKind
    why: str
    """The file that names it."""


def existing_folder(text: object, base: Path) -> Path | None:
    """Return the folder that a setting means, links resolved; None unless it is there.

    `~` and environment variables count as the tools do it; relative paths start at `base`.
    """
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_PATH or "\0" in text:
        return None
    return real_folder(base / expanded(os.path.expandvars(text.strip().strip("\"'"))))


def real_folder(path: Path) -> Path | None:
    """Return where a folder really is, None when it is none."""
    return Path(os.path.realpath(path)) if os.path.isdir(path) else None  # noqa: PTH112 - no raise


class Hints:
    """Collects what one tool's settings name; `notes` tells what is not there."""

    def __init__(self, notes: list[str]) -> None:
        self.found: list[Hint] = []
        self._notes = notes

    def add(self, text: object, base: Path, kind: ModelKind, why: str) -> None:
        """Take in one path from the file `why`."""
        path = existing_folder(text, base)
        if path is None:
            if isinstance(text, str) and text.strip():
                shown = display_text(text.strip(), 200)
                self._notes.append(f"{why} names a folder that is not there: {shown}")
        elif len(self.found) < MAX_HINTS:
            self.found.append(Hint(path, kind, why))


def is_inside(path: Path, folder: Path) -> bool:
    """True for the folder itself and everything below it."""
    return path == folder or folder in path.parents


def with_own_hints(root: Root, hints: Iterable[Hint]) -> Root:
    """Return a root that also knows the named folders below it."""
    inside = {
        "" if hint.path == root.path else hint.path.relative_to(root.path).as_posix(): hint.kind
        for hint in hints
        if is_inside(hint.path, root.path)
    }
    return Root(root.path, {**inside, **root.folders}, root.ignore, root.layout, root.why)


def further_roots(
    hints: Sequence[Hint], main: Path | None, others: Sequence[OtherTool] = ()
) -> list[Root]:
    """Return roots for named folders outside `main`, each folder in one of them.

    A folder of another tool brings that tool's root (`others` tell). Several folders side by side
    with little else there make one root of the folder above; the rest stand for themselves. The
    home folder and what contains `main` are never a root.
    """
    forbidden = {Path(os.path.realpath(expanded("~"))), Path("/")}
    if main is not None:
        forbidden.update(main.parents)
    open_hints = [
        hint
        for hint in hints
        if hint.path not in forbidden and not (main and is_inside(hint.path, main))
    ]
    roots = _roots_of_other_tools(open_hints, others, forbidden)
    parents: dict[Path, list[Hint]] = {}
    for hint in open_hints:
        parents.setdefault(hint.path.parent, []).append(hint)
    for parent, named in parents.items():
        if parent not in forbidden and _is_models_folder(parent, {hint.path for hint in named}):
            roots.append(Root(parent, ignore=_beside(parent, named), why=named[0].why))
    roots.extend(Root(hint.path, why=hint.why) for hint in open_hints)
    return [with_own_hints(root, open_hints) for root in _outermost(roots)]


def _roots_of_other_tools(
    hints: Sequence[Hint], others: Sequence[OtherTool], forbidden: Collection[Path]
) -> list[Root]:
    roots: dict[Path, Root] = {}
    asked: set[Path] = set()
    for hint in hints:
        for above in (hint.path, *hint.path.parents[:3]):
            if above in asked or above in forbidden:
                continue
            asked.add(above)
            own = next((root for told in others if (root := told(above))), None)
            if own and is_inside(hint.path, own.path):
                roots[own.path] = Root(own.path, own.folders, own.ignore, own.layout, hint.why)
    return list(roots.values())


def _is_models_folder(parent: Path, named: Collection[Path]) -> bool:
    """True when two named folders are there, and no more other ones than models' folders."""
    inside = [name for name in entries(parent) if _is_visible_folder(parent, name)]
    models = sum(parent / name in named or kind_by_name(name) is not None for name in inside)
    return len(named) > 1 and len(inside) - models <= models


def _beside(parent: Path, named: Iterable[Hint]) -> tuple[str, ...]:
    keep = {hint.path.name for hint in named}
    return ignore_but(
        parent, [name for name in entries(parent) if name in keep or kind_by_name(name)]
    )


def _outermost(roots: Iterable[Root]) -> list[Root]:
    """Drop roots that lie in another one; of equal ones the first stays."""
    kept: list[Root] = []
    for root in roots:
        if any(is_inside(root.path, other.path) for other in kept):
            continue
        kept = [other for other in kept if not is_inside(other.path, root.path)]
        kept.append(root)
    return kept


def ignore_but(root: Path, keep: Iterable[str]) -> tuple[str, ...]:
    """Return globs that leave out every folder of `root` that leads to none of `keep`.

    `keep` are relative folders. Hidden folders are never walked and need no glob; names that
    tools give to environments, outputs and caches are left out even before they exist.
    """
    wanted = tuple(keep)
    leading = {""}
    for name in wanted:
        parts = name.split("/")
        leading.update("/".join(parts[:length]) for length in range(1, len(parts)))
    ignored = {name for name in _NEVER_MODELS if name not in wanted and name not in leading}
    for above in leading:
        for name in entries(root / above):
            relative = f"{above}/{name}" if above else name
            on_the_way = relative in leading or relative in wanted
            if not on_the_way and _is_visible_folder(root / above, name):
                ignored.add(glob.escape(relative))
    return tuple(sorted(ignored))


def _is_visible_folder(folder: Path, name: str) -> bool:
    return not name.startswith(".") and (folder / name).is_dir()


def merged(*tables: Mapping[str, ModelKind]) -> dict[str, ModelKind]:
    """Return all folders, what earlier tables say of one first."""
    result: dict[str, ModelKind] = {}
    for table in tables:
        for name, kind in table.items():
            result.setdefault(name, kind)
    return result
