"""ComfyUI: `models`, and every folder that its path files and start scripts name.

Sources: ComfyUI `folder_paths.py`, `utils/extra_config.py` (a path file has named sections; each
may have a `base_path`; every other key is a kind with one path a line; relative paths start at the
`base_path`, or at the file's folder without one); the desktop app keeps such a file with its own
settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout
from loradex.operations.layouts import a1111, sdnext, swarmui
from loradex.operations.layouts.detected import Detected, Root
from loradex.operations.layouts.hints import (
    Hints,
    existing_folder,
    further_roots,
    real_folder,
    with_own_hints,
)
from loradex.operations.layouts.launch_options import launch_options
from loradex.operations.layouts.names import COMFYUI, folders_in, has_all
from loradex.operations.layouts.reading import read_yaml
from loradex.paths import expanded

_PATH_FILES = ("extra_model_paths.yaml", "extra_model_paths.yml", "extra_models_config.yaml")
_DESKTOP_FILES = (
    "~/.config/ComfyUI/extra_models_config.yaml",
    "~/Library/Application Support/ComfyUI/extra_models_config.yaml",
)
_NOT_MODELS = ("base_path", "is_default", "custom_nodes", "configs", "datasets", "fonts")
_OPTIONS = ("--extra-model-paths-config", "--models-directory", "--base-directory")


def _other_tool(folder: Path) -> Root | None:
    """A folder of another tool, which path files often share; its settings are not followed."""
    for detector in (swarmui.detect, sdnext.detect, a1111.detect):
        found = detector(folder)
        if found and found.roots:
            return found.roots[0]
    return None


Sections = dict[str, object]


def detect(folder: Path) -> Detected | None:
    """Tell whether this is ComfyUI (portable and desktop too), or its models folder."""
    if _is_program(folder):
        return _from_program(folder)
    if has_all(folder, ("python_embeded",)) and _is_program(folder / "ComfyUI"):
        return _from_program(folder / "ComfyUI")
    if folder.name == "models" and _is_program(folder.parent):
        return _from_program(folder.parent)
    root = real_folder(folder)
    if root is not None and has_all(root, ("checkpoints", "loras")):
        own = Root(root, folders_in(root, COMFYUI), layout=Layout.COMFYUI)
        return Detected(Layout.COMFYUI, "ComfyUI", (own,))
    return None


def _is_program(folder: Path) -> bool:
    return has_all(folder, ("folder_paths.py",)) or has_all(folder, ("models/checkpoints",))


def _from_program(folder: Path) -> Detected:
    notes: list[str] = []
    top = real_folder(folder) or folder
    models = real_folder(top / "models")
    files = [top / name for name in _PATH_FILES]
    for place in (top, top.parent):  # the portable build starts from the folder above
        for option, value, _script in launch_options(place, _OPTIONS, notes):
            if option == "--extra-model-paths-config":
                files.append(place / value)
            elif option == "--models-directory":
                models = existing_folder(value, place) or models
            else:
                base = existing_folder(value, place)
                models = (base and real_folder(base / "models")) or models
    hints = _hints(top, files, notes)
    if models is None:
        roots = tuple(further_roots(hints.found, None, (_other_tool,)))
    else:
        own = Root(models, folders_in(models, COMFYUI), layout=Layout.COMFYUI)
        roots = (
            with_own_hints(own, hints.found),
            *further_roots(hints.found, models, (_other_tool,)),
        )
    return Detected(Layout.COMFYUI, "ComfyUI", roots, tuple(notes))


def _hints(top: Path, files: list[Path], notes: list[str]) -> Hints:
    hints = Hints(notes)
    later: list[tuple[str, Path, ModelKind, str]] = []
    for file in dict.fromkeys(files):
        for name, default, path in _named(file, read_yaml(file, notes) or {}):
            named = (path[0], path[1], COMFYUI.get(name, ModelKind.UNKNOWN), file.name)
            hints.add(*named) if default else later.append(named)
    for text in _DESKTOP_FILES:
        file = expanded(text)
        sections = read_yaml(file, notes) or {}
        if any(_base_of(file, section) == top for section in sections.values()):
            for name, _default, path in _named(file, sections):
                kind = COMFYUI.get(name, ModelKind.UNKNOWN)
                if existing_folder(path[0], path[1]):  # the app lists folders it never made
                    hints.add(path[0], path[1], kind, file.name)
    for named in later:
        hints.add(*named)
    return hints


def _base_of(file: Path, section: object) -> Path | None:
    base = section.get("base_path") if isinstance(section, Mapping) else None
    return existing_folder(base, file.parent)


def _named(file: Path, sections: Sections) -> Iterator[tuple[str, bool, tuple[str, Path]]]:
    """Yield kind, whether it is the default place, and path with what it is relative to."""
    for section in sections.values():
        if not isinstance(section, Mapping):
            continue
        stated = section.get("base_path")
        base = _base_of(file, section)
        for key, value in section.items():
            if key in _NOT_MODELS or not isinstance(value, str):
                continue
            for line in value.splitlines():
                if not line.strip():
                    continue
                if isinstance(stated, str) and base is None:
                    line = str(Path(stated) / line.strip())  # noqa: PLW2901 - told as missing
                yield str(key), section.get("is_default") is True, (line, base or file.parent)
