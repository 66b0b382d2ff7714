"""A program in a pseudo-terminal of its own, and what it costs."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from .screen import Screen

TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 60.0
_CHUNK = 1 << 20


class NeverCame(AssertionError):
    """What was waited for did not happen; the text tells what the screen showed."""


class Session:
    """Runs `command` in `size` (columns, rows) and reads all it writes. It answers no question.

    `received` counts bytes, `raw` keeps them, `began` is the moment of the fork.
    """

    def __init__(
        self,
        command: Sequence[str],
        size: tuple[int, int] = (140, 45),
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.screen = Screen(*size)
        self.raw = bytearray()
        self.exit_code: int | None = None
        self.first_byte = 0.0
        values = dict(os.environ if environment is None else environment)
        self.began = time.perf_counter()
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            _become(command, size, values, folder)
        self.resize(size)

    @property
    def received(self) -> int:
        """How many bytes came so far."""
        return len(self.raw)

    def resize(self, size: tuple[int, int]) -> None:
        """Give the terminal another size."""
        _set_size(self._terminal, size)
        if (self.screen.columns, self.screen.rows) != size:
            self.screen = Screen(*size)
            os.kill(self.pid, signal.SIGWINCH)

    def write(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._terminal, keys)

    def pump(self, seconds: float) -> bool:
        """Wait so long at most for something to come, and show it; False when nothing came."""
        ready, _, _ = select.select([self._terminal], [], [], max(seconds, 0))
        if not ready:
            return False
        try:
            data = os.read(self._terminal, _CHUNK)
        except OSError:  # nobody has the other end open any more
            data = b""
        if not data:
            self.wait_for_end()
            return False
        if not self.raw:
            self.first_byte = time.perf_counter()
        self.raw += data
        self.screen.feed(data)
        return True

    def until(self, condition: Callable[[Screen], object], patience: float = PATIENCE) -> float:
        """Wait until it holds; return the moment when the bytes came that made it hold."""
        now = time.perf_counter()
        end = now + patience
        while not condition(self.screen):
            if now > end or self.exit_code is not None:
                told = f"It never came (exit code {self.exit_code}); the terminal shows:"
                raise NeverCame(f"{told}\n{self.screen.text}")
            self.pump(min(end - now + 0.001, 1.0))
            now = time.perf_counter()
        return now

    def settle(self, quiet: float = 0.3, patience: float = PATIENCE) -> None:
        """Read on until nothing came for so many seconds."""
        end = time.perf_counter() + patience
        while self.pump(quiet) and time.perf_counter() < end:
            pass

    def read_for(self, seconds: float) -> None:
        """Read for so many seconds."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0 and self.exit_code is None:
            self.pump(left)

    def cpu(self) -> float:
        """Return the seconds of CPU the program used, without its children."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def peak_memory(self) -> float:
        """Return the most memory it had at a time, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        kib = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
        return int(kib) * 1024 / 1e6

    def modes(self) -> list[object]:
        """Return the terminal's settings: whether it echoes, takes lines, and the like."""
        return termios.tcgetattr(self._terminal)[:4]

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        os.kill(self.pid, number)

    def wait_for_end(self, patience: float = PATIENCE) -> int:
        """Read until the program has ended; return its exit code, -N for signal N."""
        end = time.perf_counter() + patience
        while self.exit_code is None:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            if found:
                self.exit_code = os.waitstatus_to_exitcode(status)
            elif time.perf_counter() > end:
                raise NeverCame(f"It never ended; the terminal shows:\n{self.screen.text}")
            else:
                ready, _, _ = select.select([self._terminal], [], [], 0.02)
                with suppress(OSError):
                    if ready and (data := os.read(self._terminal, _CHUNK)):
                        self.raw += data
                        self.screen.feed(data)
        return self.exit_code

    def close(self) -> None:
        """End the program, if it still runs, and give the terminal back."""
        if self.exit_code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.wait_for_end()
        os.close(self._terminal)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _become(
    command: Sequence[str], size: tuple[int, int], values: Mapping[str, str], folder: Path | None
) -> None:
    """Turn this forked process into the program."""
    try:
        _set_size(0, size)
        if folder is not None:
            os.chdir(folder)
        os.execvpe(command[0], list(command), dict(values))  # noqa: S606 - no shell is wanted
    finally:
        os._exit(127)


def _set_size(terminal: int, size: tuple[int, int]) -> None:
    columns, rows = size
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
