"""A program that begins work and is killed amidst it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence

from loradex.paths import Home

_PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from loradex.catalog.catalog import Catalog
from loradex.operations.cut_off import note_begun
from loradex.paths import Home
with Catalog.open(Home(Path(sys.argv[1]))) as catalog:
    for task, command in json.loads(sys.argv[2]):
        note_begun(catalog, task, command)
    for lease in json.loads(sys.argv[3]):
        catalog.jobs.acquire(lease, task=lease)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(home: Home, begun: Sequence[tuple[str, str]], leases: Sequence[str] = ()) -> None:
    """Let a process note what it begins, by task and command, take leases, and be killed."""
    arguments = [str(home.root), json.dumps(list(begun)), json.dumps(list(leases))]
    ended = subprocess.run([sys.executable, "-c", _PROGRAM, *arguments], check=False)
    assert ended.returncode == -signal.SIGKILL
