"""SwarmUI: `Models`, or whatever `Data/Settings.fds` calls the model roots and their folders.

Sources: SwarmUI `src/Core/Settings.cs`; Frenetic Data Syntax: indented `key: value` lines,
lists of paths parted by `;`, backslash escapes.
"""

from __future__ import annotations

from pathlib import Path

from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout
from loradex.operations.layouts.detected import Detected, Root
from loradex.operations.layouts.hints import (
    Hints,
    existing_folder,
    further_roots,
    is_inside,
    merged,
    real_folder,
    with_own_hints,
)
from loradex.operations.layouts.names import SWARMUI, folders_in, has_all
from loradex.operations.layouts.reading import read_text

_FOLDERS = {
    "SDModelFolder": ModelKind.CHECKPOINT,
    "SDLoraFolder": ModelKind.LORA,
    "SDVAEFolder": ModelKind.VAE,
    "SDEmbeddingFolder": ModelKind.EMBEDDING,
    "SDControlNetsFolder": ModelKind.CONTROLNET,
    "SDClipFolder": ModelKind.TEXT_ENCODER,
    "SDClipVisionFolder": ModelKind.CLIP_VISION,
}
_SETTINGS = "Data/Settings.fds"
_MAX_PARTS = 50


def detect(folder: Path) -> Detected | None:
    """Tell whether this is SwarmUI, or its models folder."""
    if _is_program(folder):
        return _from_program(folder)
    if has_all(folder, ("Stable-Diffusion", "Lora")):
        if _is_program(folder.parent):
            return _from_program(folder.parent)
        root = real_folder(folder)
        if root is not None:
            return _told((Root(root, folders_in(root, SWARMUI), layout=Layout.SWARMUI),), [])
    return None


def _is_program(folder: Path) -> bool:
    return has_all(folder, (_SETTINGS,)) or has_all(folder, ("src/SwarmUI.csproj",))


def _from_program(top: Path) -> Detected:
    notes: list[str] = []
    paths = _paths_section(read_text(top / _SETTINGS, notes) or "")
    hints = Hints(notes)
    roots: list[Root] = []
    for text in _parts(paths.get("ModelRoot", "Models")):
        root = existing_folder(text, top)
        if root is None:
            hints.add(text, top, ModelKind.UNKNOWN, _SETTINGS)
        elif not any(is_inside(root, known.path) for known in roots):
            named = _named_folders(root, paths, hints, first=not roots)
            folders = merged(named, folders_in(root, SWARMUI))
            roots.append(Root(root, folders, layout=Layout.SWARMUI, why=_SETTINGS if roots else ""))
    main = roots[0].path if roots else None
    outside = [
        root
        for root in further_roots(hints.found, main)
        if not any(is_inside(root.path, known.path) for known in roots)
    ]
    return _told((*(with_own_hints(root, hints.found) for root in roots), *outside), notes)


def _named_folders(
    root: Path, paths: dict[str, str], hints: Hints, *, first: bool
) -> dict[str, ModelKind]:
    """Return the folders that the settings name in a root; absolute ones become hints, once."""
    folders: dict[str, ModelKind] = {}
    for key, kind in _FOLDERS.items():
        for name in _parts(paths.get(key, "")):
            if name.startswith("/"):
                if first:
                    hints.add(name, root, kind, _SETTINGS)
            elif ".." not in name and existing_folder(name, root):
                folders.setdefault(name.strip("/"), kind)
    return folders


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(";")[:_MAX_PARTS] if part.strip()]


def _paths_section(text: str) -> dict[str, str]:
    """Return the values of the settings' section `Paths`."""
    values: dict[str, str] = {}
    inside = False
    for line in text.splitlines():
        key, colon, value = line.strip().partition(":")
        if not colon or line.lstrip().startswith("#"):
            continue
        if line[:1] not in " \t":
            inside = key == "Paths"
        elif inside:
            values[key] = _unescaped(value.strip())
    return values


def _unescaped(value: str) -> str:
    return value.replace("\\t", "\t").replace("\\x", "").replace("\\s", "\\")


def _told(roots: tuple[Root, ...], notes: list[str]) -> Detected:
    return Detected(Layout.SWARMUI, "SwarmUI", roots, tuple(notes))
