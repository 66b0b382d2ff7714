"""A folder of no tool: what its own and its sub-folders' names say they are for."""

from __future__ import annotations

from pathlib import Path

from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout
from loradex.operations.layouts.detected import Detected, Root
from loradex.operations.layouts.hints import real_folder
from loradex.operations.layouts.names import entries, kind_by_name

_MAX_FOLDERS = 200


def detect(folder: Path) -> Detected | None:
    """Tell what lies where in any folder; None only when it is none."""
    root = real_folder(folder)
    if root is None:
        return None
    folders: dict[str, ModelKind] = {}
    own = kind_by_name(root.name)
    if own is not None and own is not ModelKind.UNKNOWN:
        folders[""] = own
    for name in sorted(entries(root)):
        kind = kind_by_name(name)
        if kind is not None and len(folders) < _MAX_FOLDERS and (root / name).is_dir():
            folders[name] = kind
    return Detected(Layout.PLAIN, "folder", (Root(root, folders),))


def names_a_kind(name: str) -> bool:
    """True for folder names that say what lies there and not whose it is: `loras`."""
    return kind_by_name(name) is not None
