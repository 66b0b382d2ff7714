"""Which plugins there are, told without importing any of them."""

from __future__ import annotations

import importlib.util
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from loradex.errors import PluginError
from loradex.paths import Home

GROUP = "loradex.plugins"
USER_PACKAGE = "loradex_user_plugins"


class Origin(StrEnum):
    """Where a plugin comes from."""

    BUNDLED = "bundled"
    INSTALLED = "installed"
    USER = "user"


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """A plugin that could be loaded; two may have the same name."""

    name: str
    origin: Origin
    where: str
    """The module it is in, or the file for a person's own."""
    load: Callable[[], object] = field(repr=False, compare=False)
    """Import it. This runs foreign code: anything may be raised."""


def find_plugins(home: Home) -> tuple[FoundPlugin, ...]:
    """Return all plugins: those of installed packages, then the person's own, each by name.

    Raises `OSError` when `home.plugins` is there but cannot be listed.
    """
    return (*find_installed(), *find_in_folder(home.plugins))


def find_installed() -> tuple[FoundPlugin, ...]:
    """Return the plugins of loradex itself and of other installed packages."""
    entries = {(entry.name, entry.value): entry for entry in entry_points(group=GROUP)}
    return tuple(_from_entry(entries[key]) for key in sorted(entries))


def find_in_folder(folder: Path) -> tuple[FoundPlugin, ...]:
    """Return the modules and packages in `folder`; none when there is no such folder."""
    if not folder.is_dir():
        return ()
    found = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "_")):
            continue
        source = path / "__init__.py" if path.is_dir() else path
        if source.suffix == ".py" and source.is_file():
            name = path.name.removesuffix(".py")
            found.append(FoundPlugin(name, Origin.USER, str(source), _file_loader(name, source)))
    return tuple(found)


def check_private(home: Home) -> None:
    """Raise `PluginError` when other people of this machine could put plugins into `home`."""
    for folder in (home.root, home.plugins):
        if folder.stat().st_mode & stat.S_IWOTH:
            raise PluginError(
                f"Anybody on this machine can write to {folder}: your own plugins are not loaded.",
                hint=f"Run `chmod o-w {folder}`.",
            )


def _from_entry(entry: EntryPoint) -> FoundPlugin:
    bundled = entry.value.partition(".")[0] == "loradex_plugins"
    origin = Origin.BUNDLED if bundled else Origin.INSTALLED
    return FoundPlugin(entry.name, origin, entry.value, entry.load)


def _file_loader(name: str, source: Path) -> Callable[[], object]:
    module_name = f"{USER_PACKAGE}.{name}"

    def load() -> object:
        if not name.isidentifier():
            raise ImportError(f"{source.name} cannot be imported by that name: use letters, _")
        spec = importlib.util.spec_from_file_location(module_name, source)
        if spec is None or spec.loader is None:
            raise ImportError(f"Python cannot import {source}")
        module = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(USER_PACKAGE, _empty_package())
        sys.modules[module_name] = module  # before it runs: dataclasses and relative imports look
        try:
            spec.loader.exec_module(module)
        except BaseException:
            _forget(module_name)
            raise
        return module

    return load


def _empty_package() -> ModuleType:
    """Return the parent that relative imports ask for; it finds no modules by itself."""
    package = ModuleType(USER_PACKAGE)
    package.__path__ = []
    return package


def _forget(module_name: str) -> None:
    """Leave no half-made module behind."""
    for name in list(sys.modules):
        if name == module_name or name.startswith(f"{module_name}."):
            del sys.modules[name]
