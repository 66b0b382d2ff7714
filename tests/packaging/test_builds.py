"""The wheel, the wheel made from the sdist, and the editable install all work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import loradex

ROOT = Path(__file__).parents[2]
SHIPPED = {"src": "", "tui": "", "plugins": "", "migrations": "loradex/_migrations/"}
"""Folders of the tree, and where the wheel has them."""
_NOT_SOURCES = shutil.ignore_patterns(
    ".*", "__pycache__", "*.pyc", "build", "dist", "htmlcov", "demo-home"
)


def _run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=250,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, so that nothing is built into the checkout."""
    copy = tmp_path_factory.mktemp("tree") / "loradex"
    shutil.copytree(ROOT, copy, ignore=_NOT_SOURCES)
    shutil.copy(ROOT / ".gitignore", copy)
    return copy


@pytest.fixture(scope="module")
def wheel(tree: Path) -> Path:
    """The wheel built straight from the tree."""
    out = tree.parent / "direct"
    _run(sys.executable, "-m", "build", "-n", "--wheel", "--outdir", out, tree, cwd=tree)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def sdist(tree: Path) -> Path:
    """The sdist; a wheel made from it lies beside it."""
    out = tree.parent / "via-sdist"
    _run(sys.executable, "-m", "build", "-n", "--outdir", out, tree, cwd=tree)
    return next(out.glob("*.tar.gz"))


def _tree_files() -> set[str]:
    """Return what a wheel has to hold, as the wheel names it."""
    return {
        prefix + path.relative_to(ROOT / folder).as_posix()
        for folder, prefix in SHIPPED.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_tree_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == _tree_files()
    assert {"loradex/py.typed", "loradex_tui/py.typed", "loradex_plugins/py.typed"} <= held
    assert {"loradex/_migrations/env.py", "loradex/_migrations/script.py.mako"} <= held


def test_the_sdist_holds_all_to_build_and_test_with(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "Makefile", "constraints.txt", "tests/conftest.py", "LICENSE"} <= held


def test_both_ways_give_the_same_wheel(wheel: Path, sdist: Path) -> None:
    other = next(sdist.parent.glob("*.whl"))
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(other) as two:
        assert {info.filename: info.CRC for info in one.infolist()} == {
            info.filename: info.CRC for info in two.infolist()
        }


def _environment(folder: Path) -> Path:
    """Make an environment that sees the packages of this one, but not its loradex."""
    venv.create(folder, with_pip=False, symlinks=True)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    # A path file inside a folder that a path file names is not read: our own loradex, which is
    # installed editable here, stays out.
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


@pytest.mark.parametrize("way", ["wheel", "sdist", "editable"])
def test_an_installation_works(
    way: str, tree: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    scripts = _environment(tmp_path / "env %41")
    python = scripts / "python"
    source: list[str | Path]
    if way == "editable":
        source, place = ["--no-build-isolation", "--editable", tree], tree
    else:
        built: Path = request.getfixturevalue(way)
        source, place = [next(built.parent.glob("*.whl"))], tmp_path
    # fmt: off
    _run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps",
         "--no-index", "--force-reinstall", *source, cwd=tmp_path)
    # fmt: on
    assert _run(scripts / "loradex", "--version", cwd=tmp_path).split()[-1] == loradex.__version__
    told = _run(
        python,
        "-c",
        "import loradex, loradex_tui, loradex_plugins\n"
        "from pathlib import Path\n"
        "from loradex.catalog.upgrade import ensure_current\n"
        "from loradex.paths import Home\n"
        "from loradex.plugin_manager import load_plugins\n"
        "home = Home(Path('home').absolute())\n"
        "from loradex.operations.tagging.rule_file import default_rules\n"
        "assert default_rules().rules\n"
        "ensure_current(home)\n"
        "print(home.catalog.is_file(), *load_plugins(home).names)\n"
        "for package in loradex, loradex_tui, loradex_plugins: print(package.__file__)\n",
        cwd=tmp_path,
    ).splitlines()
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    bundled = sorted(pyproject["project"]["entry-points"]["loradex.plugins"])
    assert told[0].split() == ["True", *bundled]
    assert [line for line in told[1:] if not line.startswith(str(place))] == []
