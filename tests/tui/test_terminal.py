"""In a real terminal: it draws, it answers keys, and it leaves the terminal as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.paths import Home

PATIENCE = 30.0

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Terminal:
    """A tmux server of its own with one window."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), "-f", "/dev/null", *arguments],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
            timeout=60,
        )
        return done.stdout

    def screen(self) -> str:
        return self.run("capture-pane", "-p")

    def keys(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    def wait_for(self, text: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            shown = self.screen()
            if text in shown:
                return shown
            time.sleep(0.05)
        raise AssertionError(f"{text!r} never came; the terminal shows:\n{self.screen()}")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path / "tmux")
    terminal.run(
        "new-session", "-d", "-x", "100", "-y", "30", "-c", str(tmp_path), "env PS1=READY: sh"
    )
    yield terminal
    terminal.run("kill-server")


def test_search_look_and_quit(catalog: Catalog, home: Home, terminal: Terminal) -> None:
    catalog.close()
    terminal.wait_for("READY:")
    terminal.keys("stty -a >before; clear", "Enter")
    terminal.keys(f"LORADEX_HOME={home.root} {sys.executable} -m loradex", "Enter")
    terminal.wait_for("10 of 10 models")
    terminal.keys("/")
    terminal.keys("-l", "oil")
    terminal.wait_for("1 of 10 models")
    terminal.keys("Enter")
    terminal.wait_for("space Mark")
    terminal.keys("Enter")
    shown = terminal.wait_for("oilpaint style")
    assert "FLUX.1" in shown
    terminal.keys("q")
    shown = terminal.wait_for("READY:")
    assert "Models" not in shown
    # The main screen is back, the cursor shows, no mouse is reported, and typing echoes.
    state = terminal.run(
        "display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_flag}"
    )
    assert state.split()[:3] == ["0", "1", "0"]
    terminal.keys("stty -a | diff - before && echo same $((40 + 2))", "Enter")
    terminal.wait_for("same 42")
