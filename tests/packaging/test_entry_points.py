"""pyproject.toml, the modules there are and the pins say the same."""

from __future__ import annotations

import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ENTRY_POINTS: dict[str, dict[str, str]] = PROJECT["project"]["entry-points"]


def test_every_bundled_plugin_is_an_entry_point() -> None:
    modules = {module.name for module in iter_modules([str(ROOT / "plugins" / "loradex_plugins")])}
    assert ENTRY_POINTS["loradex.plugins"] == {name: f"loradex_plugins.{name}" for name in modules}


@pytest.mark.parametrize("group", sorted(ENTRY_POINTS))
def test_the_installed_entry_points_are_those_of_pyproject(group: str) -> None:
    installed = {
        entry.name: entry.value
        for entry in entry_points(group=group)
        if entry.dist is not None and entry.dist.name == "loradex"
    }
    assert installed == ENTRY_POINTS[group], "install again: pip install -e ."


def _requirements() -> list[str]:
    project = PROJECT["project"]
    return [
        *project["dependencies"],
        *project["optional-dependencies"]["render"],
        *PROJECT["dependency-groups"]["dev"],
        *PROJECT["build-system"]["requires"],
    ]


def _pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


@pytest.mark.parametrize("text", _requirements())
def test_the_pins_satisfy_every_requirement(text: str) -> None:
    requirement = Requirement(text)
    pin = _pins().get(canonicalize_name(requirement.name))
    assert pin is not None, f"constraints.txt has no {requirement.name}"
    assert requirement.specifier.contains(pin)
