"""`scan --watch` as a process: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from cli.kit import Run
from files_kit import lora

LONGEST = 60.0


class Process:
    """A watch in a process of its own, its output kept in a file."""

    def __init__(self, output: Path, *arguments: str, before: tuple[str, ...] = ()) -> None:
        self._output = output
        command = [*before, sys.executable, "-m", "loradex", "scan", "--watch", *arguments]
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                command, stdout=file, stderr=subprocess.STDOUT, env=dict(os.environ)
            )

    @property
    def text(self) -> str:
        return self._output.read_text()

    def wait_for(self, part: str) -> None:
        until(lambda: part in self.text or self.process.poll() is not None)
        assert part in self.text, self.text

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(LONGEST)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def inbox(run: Run, tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    first = lora(folder / "first.safetensors", seed=1)
    os.utime(first, (1e9, 1e9))  # what was written just now would have to settle first
    assert run("library", "add", str(folder)).code == 0
    return folder


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def starting(*arguments: str, before: tuple[str, ...] = ()) -> Process:
        process = Process(tmp_path / "output.txt", *arguments, before=before)
        started.append(process)
        return process

    yield starting
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait(LONGEST)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_tells_what_comes_and_ends_when_it_is_told(
    inbox: Path, start: Callable[..., Process], how: signal.Signals
) -> None:
    watch = start()
    watch.wait_for("inbox: 1 model file")
    lora(inbox / "new.safetensors", seed=2)
    watch.wait_for("indexed new.safetensors: LoRA, SDXL")
    assert watch.end(how) == 0
    assert watch.text.splitlines()[-1] == "Stopped watching."


def test_libraries_without_models_and_those_that_come_are_told_once(
    run: Run, inbox: Path, start: Callable[..., Process], tmp_path: Path
) -> None:
    away, empty = tmp_path / "away", tmp_path / "empty"
    for folder in (away, empty):
        folder.mkdir()
        assert run("library", "add", str(folder), "--name", folder.name).code == 0
    away.rmdir()
    watch = start("--hash", "never")
    watch.wait_for("No model files in empty")
    watch.wait_for("offline away")
    later = lora(tmp_path / "later" / "x.safetensors", seed=3)
    os.utime(later, (1e9, 1e9))
    assert run("library", "add", str(later.parent), "--name", "later").code == 0
    watch.wait_for("later: 1 model file in ")
    page = inbox / "page.safetensors"
    page.write_text("<html><body>Log in, please.</body></html>")
    watch.wait_for("indexed page.safetensors")
    assert watch.end(signal.SIGTERM) == 0
    for words in ("away", "No model files in", "HTML page"):
        assert watch.text.count(words) == (2 if words == "away" else 1), watch.text


@pytest.mark.parametrize("option", ["--json", "--progress=json"])
def test_programs_get_an_object_a_line(
    inbox: Path, start: Callable[..., Process], option: str
) -> None:
    watch = start(option, "--hash", "never", "--poll", "1")
    watch.wait_for('"scanned"')
    lora(inbox / "new.safetensors", seed=2, text_width=768)
    watch.wait_for('"indexed"')
    assert watch.end(signal.SIGTERM) == 0
    events = [json.loads(line) for line in watch.text.splitlines()]
    (indexed,) = (event for event in events if event["event"] == "indexed")
    assert indexed["path"] == str(inbox / "new.safetensors")
    assert (indexed["library"], indexed["kind"], indexed["base"]) == ("inbox", "lora", "sd1")
    assert events[-1]["event"] == "done"


def test_in_a_terminal_lines_stand_by_themselves(inbox: Path) -> None:
    main, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "loradex", "scan", "--watch"], stdin=side, stdout=side, stderr=side
    )
    os.close(side)
    with os.fdopen(main, "rb", buffering=0) as terminal:
        seen = _read_until(terminal, b"1 model file")
        lora(inbox / "new.safetensors", seed=2)
        seen += _read_until(terminal, b"indexed new.safetensors")
        process.send_signal(signal.SIGINT)
        seen += _read_until(terminal, b"Stopped watching.")
        # The terminal stays there until the end: the rest of the line is still to be written.
        assert process.wait(LONGEST) == 0
    line = next(line for line in seen.split(b"\n") if b"indexed new" in line)
    assert line.rpartition(b"\x1b[2K")[2].startswith(b"indexed new.safetensors")


def _read_until(terminal: IO[bytes], part: bytes) -> bytes:
    seen, end = b"", time.monotonic() + LONGEST
    while part not in seen:
        assert select.select([terminal], [], [], end - time.monotonic())[0], seen
        piece = terminal.read(4096)
        assert piece, seen
        seen += piece
    return seen


def test_the_systems_limit_is_told_and_it_goes_on(
    inbox: Path, start: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is lowered for one process alone, in a user namespace of its own."""
    lower = 'echo 0 > /proc/sys/user/max_inotify_watches && exec "$@"'
    unshare = ("unshare", "-Ur", "sh", "-c", lower, "sh")
    if (
        shutil.which("unshare") is None
        or subprocess.run([*unshare, "true"], check=False, timeout=60).returncode
    ):
        pytest.skip("no user namespace can be made here")
    watch = start(before=unshare)
    watch.wait_for("fs.inotify.max_user_watches")
    watch.wait_for("looked through every 30 seconds")
    watch.wait_for("1 model file")
    assert watch.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    "arguments", [("--watch", "--all"), ("--watch", "--accept-missing"), ("--poll", "5")]
)
def test_options_that_do_not_go_together(run: Run, inbox: Path, arguments: tuple[str, ...]) -> None:
    assert run("scan", *arguments).code == 2


@pytest.mark.parametrize(("hashing", "words"), [("later", "waits to be hashed"), ("never", "new.")])
def test_hashing_can_be_put_off(run: Run, inbox: Path, hashing: str, words: str) -> None:
    ended = run("scan", "--hash", hashing)
    assert ended.code == 0
    assert ended.out.strip().split(":", 1)[1].find(words) >= 0
    assert run("list", "--json").out.count('"sha256": null') == 1
