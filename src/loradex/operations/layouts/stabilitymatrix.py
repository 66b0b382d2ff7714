"""Stability Matrix: `Models` in its data folder, shared with the packages it installs.

Sources: `SettingsManager.cs` (portable mode keeps all in `Data`; `ModelDirectoryOverride` in
`settings.json`), `SharedFolderType.cs`. Packages link their folders to `Models`, so only a package
that has model folders of its own is told.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from loradex.domain.library import Layout
from loradex.operations.layouts import a1111, comfyui, sdnext, swarmui
from loradex.operations.layouts.detected import Detected, Root
from loradex.operations.layouts.hints import existing_folder, is_inside, real_folder
from loradex.operations.layouts.names import STABILITY_MATRIX, entries, folders_in, has_all
from loradex.operations.layouts.reading import read_json

_PACKAGES = (swarmui.detect, sdnext.detect, a1111.detect, comfyui.detect)
_MAX_PACKAGES = 50


def detect(folder: Path) -> Detected | None:
    """Tell whether this is Stability Matrix, its data folder, or its models folder."""
    if _is_data(folder):
        return _from_data(folder)
    if has_all(folder, ("Data/.sm-portable",)) and _is_data(folder / "Data"):
        return _from_data(folder / "Data")
    if has_all(folder, ("StableDiffusion", "Lora")):
        if _is_data(folder.parent):
            return _from_data(folder.parent)
        root = real_folder(folder)
        if root is not None:
            return _told([_root(root)], [])
    return None


def _is_data(folder: Path) -> bool:
    return has_all(folder, ("settings.json",)) and any(
        has_all(folder, (name,)) for name in ("StabilityMatrix.db", ".sm-portable", "Packages")
    )


def _root(path: Path) -> Root:
    return Root(path, folders_in(path, STABILITY_MATRIX), layout=Layout.STABILITY_MATRIX)


def _from_data(data: Path) -> Detected:
    notes: list[str] = []
    settings = read_json(data / "settings.json", notes) or {}
    override = settings.get("ModelDirectoryOverride")
    models = existing_folder(override, data) or real_folder(data / "Models")
    if models is None:
        return _told([], notes)
    return _told([_root(models), *_packages(data / "Packages", models)], notes)


def _packages(packages: Path, models: Path) -> list[Root]:
    """Return the roots of packages that keep models outside the shared folder."""
    roots: list[Root] = []
    for name in sorted(entries(packages))[:_MAX_PACKAGES]:
        found = next((told for detect in _PACKAGES if (told := detect(packages / name))), None)
        for root in found.roots if found else ():
            known = any(is_inside(root.path, other.path) for other in roots)
            if not known and not is_inside(root.path, models) and _has_own_folders(root):
                why = root.why or f"Packages/{name}"
                roots.append(Root(root.path, root.folders, root.ignore, root.layout, why))
    return roots


def _has_own_folders(root: Root) -> bool:
    """True when a model folder there is no link and has something in it."""
    return any(
        not os.path.islink(root.path / name) and entries(root.path / name)  # noqa: PTH114
        for name in root.folders
    )


def _told(roots: Sequence[Root], notes: list[str]) -> Detected:
    return Detected(Layout.STABILITY_MATRIX, "Stability Matrix", tuple(roots), tuple(notes))
