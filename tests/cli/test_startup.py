"""Calls that are felt: what a reading command may load."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from catalog_kit import add_library, look
from loradex.catalog.catalog import Catalog
from loradex.domain.library import FileState
from loradex.paths import Home

HEAVY = {
    "alembic", "asyncio", "diffusers", "httpx", "multiprocessing", "numpy", "PIL", "pydantic",
    "rich", "sqlalchemy", "sqlmodel", "textual", "torch", "transformers",
}  # fmt: skip

PROGRAM = """
import json, sys
from loradex.cli import main
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["list"], ["list", "kind:lora", "neon", "--json"], ["show", "1"], ["tag"],
     ["problems"], ["note", "1"], ["scan", "--hash", "later"]],
)  # fmt: skip
def test_reading_loads_nothing_heavy(home: Home, arguments: list[str]) -> None:
    """An unchanged rescan counts as reading: it writes nothing."""
    (home.root / "models").mkdir()
    with Catalog.open(home) as catalog:
        library = add_library(catalog, home.root / "models")
        catalog.looks.record(library, [look("neon.safetensors", 1)], "1")
        catalog.files.set_online(library, (home.root / "models").stat().st_dev)
        if arguments[0] == "scan":
            catalog.files.set_state([1], FileState.MISSING)
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = set(json.loads(ended.stderr.splitlines()[-1]))
    assert loaded & HEAVY == set()
    assert "click" in loaded
