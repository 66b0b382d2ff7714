"""Real and derived headers, written as files and read back: every name, dtype and shape."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from loradex.formats.headers import read_header

SHARED = Path(__file__).parents[2].parent / "shared" / "identify"
SUFFIXES = {"safetensors": ".safetensors", "gguf": ".gguf", "pickle": ".pt"}

pytestmark = pytest.mark.skipif(
    not (SHARED / "materialize.py").is_file(), reason="the header corpus is not here"
)


def test_every_entry_comes_back(tmp_path: Path) -> None:
    entries = sorted((SHARED / "corpus").glob("*.json.gz"))[::4]
    for entry in entries:
        described = json.loads(gzip.decompress(entry.read_bytes()))
        path = tmp_path / f"x{SUFFIXES[described['format']]}"
        subprocess.run(
            [sys.executable, SHARED / "materialize.py", entry, path], check=True, timeout=60
        )
        step = -1 if described["format"] == "gguf" else 1
        expected = {
            name: (dtype, tuple(shape)[::step])
            for name, (dtype, shape) in described["tensors"].items()
        }
        header = read_header(path)
        assert header.format == described["format"], entry.name
        assert {k: (t.dtype, t.shape) for k, t in header.tensors.items()} == expected, entry.name
        assert header.notes == (), entry.name
