"""The program in a pseudo-terminal: the bytes that a terminal gets, and what it shows of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from loradex.paths import Home

_ROOT = str(Path(__file__).parents[2])
if _ROOT not in sys.path:
    sys.path.append(_ROOT)  # the bench drives the same terminal

from bench.tui_drive.screen import Screen  # noqa: E402
from bench.tui_drive.session import NeverCame, Session  # noqa: E402

__all__ = ["NeverCame", "Screen", "Session", "start", "start_broken"]

SIZE = (100, 30)
_COLOURS = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
_BREAK = "import loradex_tui.{module} as it; it.{name} = lambda *a, **k: {{}}['{told}']"
_RUN = "import sys; from loradex.cli.main import main; sys.argv = ['loradex']; main()"


def start(
    home: Home,
    *arguments: str,
    size: tuple[int, int] = SIZE,
    python: Sequence[str] = (),
    **env: str,
) -> Session:
    """Start loradex on a home, in a terminal of all colours unless `env` says otherwise."""
    command = [sys.executable, *(python or ("-m", "loradex", *arguments))]
    values = {**os.environ, **_COLOURS, "LORADEX_HOME": str(home.root), "LORADEX_IMAGES": "half"}
    for name in ("NO_COLOR", "TMUX", "SSH_CONNECTION", "SSH_TTY"):
        values.pop(name, None)
    values.update(env)
    return Session(command, size, {name: value for name, value in values.items() if value})


def start_broken(home: Home, module: str, name: str, told: str, **env: str) -> Session:
    """Start loradex with a mistake: calling `name` of a module raises a KeyError of `told`."""
    code = f"{_BREAK.format(module=module, name=name, told=told)}; {_RUN}"
    return start(home, python=("-c", code), **env)
