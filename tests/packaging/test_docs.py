"""The documents list what there is: dependencies, make targets, packages, tables, links."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _names(texts: list[str]) -> set[str]:
    return {Requirement(text).name for text in texts}


def test_contributing_gives_a_reason_for_every_dependency() -> None:
    pyproject = tomllib.loads(_read("pyproject.toml"))
    project = pyproject["project"]
    wanted = (
        _names(project["dependencies"])
        | _names(project["optional-dependencies"]["render"])
        | _names(pyproject["dependency-groups"]["dev"])
    )
    table = _read("CONTRIBUTING.md").partition("## Dependencies")[2]
    rows = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
    words = re.split(r"[,\s]+", re.sub(r"\[\w+\]|\*[^*]*\*", "", " ".join(rows[1:])))
    assert {word for word in words if word.strip("-")} == wanted


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", _read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8")))
    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_into_the_tree_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_architecture_names_every_package() -> None:
    page = _read("docs/architecture.md")
    packages = {path.parent.name for path in (ROOT / "src" / "loradex").glob("*/__init__.py")}
    assert [name for name in sorted(packages) if f"`loradex.{name}`" not in page] == []


def test_the_architecture_names_every_table() -> None:
    from loradex.catalog.tables import metadata  # noqa: PLC0415 - slow to import

    page = _read("docs/architecture.md")
    assert [name for name in sorted(metadata.tables) if f"`{name}`" not in page] == []
