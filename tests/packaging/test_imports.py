"""What importing costs: the command line starts light, and every module can be imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = [
    "PIL",
    "alembic",
    "asyncio",
    "diffusers",
    "httpx",
    "numpy",
    "pydantic",
    "rich",
    "sqlalchemy",
    "sqlmodel",
    "textual",
    "torch",
    "transformers",
]


def _python(code: str) -> str:
    """Run `code` in a fresh interpreter that takes every warning for an error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("option", ["", "--version", "--help"])
def test_the_command_line_starts_without_heavy_packages(option: str) -> None:
    out = _python(
        f"""
import sys, loradex.cli
if {option!r}:
    sys.argv = ["loradex", {option!r}]
    try:
        loradex.cli.main()
    except SystemExit as stop:
        assert stop.code == 0
print("", *sys.modules)
"""
    )
    loaded = set(out.splitlines()[-1].split())
    assert "loradex.cli" in loaded
    assert loaded & set(HEAVY) == set()


DRAWING = {
    "loradex.render.multistep_solvers",
    "loradex.render.solvers",
    "loradex.render.text_products",
    "loradex.render.two_stage_solvers",
}
"""Modules of classes that descend from torch's or diffusers': only drawing imports them."""


def test_every_module_can_be_imported() -> None:
    """Without torch as well: what needs it imports it when it draws."""
    out = _python(
        f"""
drawing = {DRAWING!r}
import importlib, pkgutil, sys
sys.modules["torch"] = sys.modules["diffusers"] = None
for root in ("loradex", "loradex_tui", "loradex_plugins"):
    package = importlib.import_module(root)
    for module in pkgutil.walk_packages(package.__path__, root + "."):
        # Scripts of migrations run inside Alembic, `__main__` would start the program.
        if not module.name.endswith("__main__") and "._migrations" not in module.name:
            if module.name in drawing:
                continue
            print(importlib.import_module(module.name).__name__)
"""
    )
    assert {"loradex.domain.kinds", "loradex_plugins.filename_tags"} <= set(out.split())
