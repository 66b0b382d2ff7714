"""Ask the terminal what it is and can draw, without losing a key that was pressed meanwhile.

The questions go out at once and the answers are collected later, so that a program can load in
between. The last question is one that every terminal answers; when its answer is there, all are.
"""

from __future__ import annotations

import os
import re
import select
import sys
import termios
import time
import tty
from types import TracebackType
from typing import Self

from loradex_tui.pictures.terminals import Answers

_QUESTIONS = (
    b"\x1b[>q"  # XTVERSION
    b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"  # kitty: would you take a picture of one pixel?
    b"\x1b[c"  # DA1
)
_PATIENCE = 0.2
"""Seconds from asking. A terminal on this machine answers in a few thousandths."""
_MOST_BYTES = 4096

_VERSION = re.compile(rb"\x1bP>\|([^\x1b\x07\x9c]{0,200})(?:\x1b\\|\x07|\x9c)")
_KITTY = re.compile(rb"\x1b_Gi=31;([^\x1b]{0,200})\x1b\\")
_ABILITIES = re.compile(rb"\x1b\[\?([\d;]*)c")


class Question:
    """Asks on entering; `answers` waits for what is still to come. Does nothing without a tty."""

    def __init__(self, *, ask: bool = True) -> None:
        self._ask = ask
        self._before: list[int | list[bytes | int]] | None = None
        self._input = -1
        self._asked_at = 0.0
        self._data = b""
        self.typed = ""
        """What was typed meanwhile."""

    def __enter__(self) -> Self:
        """Send the questions, and keep the terminal from echoing what it answers."""
        out = sys.__stdout__
        if not self._ask or sys.__stdin__ is None or out is None:
            return self
        try:
            self._input = sys.__stdin__.fileno()
            if not (os.isatty(self._input) and out.isatty()):
                return self
            self._before = termios.tcgetattr(self._input)
            tty.setcbreak(self._input, termios.TCSANOW)
            os.write(out.fileno(), _QUESTIONS)
        except (OSError, ValueError, termios.error):
            self._restore()
            return self
        self._asked_at = time.monotonic()
        return self

    def answers(self) -> Answers:
        """Return what came within the time there is."""
        if self._before is None:
            return Answers()
        until = self._asked_at + _PATIENCE
        while not _ABILITIES.search(self._data) and len(self._data) < _MOST_BYTES:
            left = max(until - time.monotonic(), 0)
            readable, _, _ = select.select([self._input], [], [], left)
            if not readable:
                break
            some = os.read(self._input, _MOST_BYTES)
            if not some:
                break
            self._data += some
        answers, rest = read_answers(self._data)
        self.typed = rest.decode("utf-8", "ignore")
        return answers

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        self._restore()

    def _restore(self) -> None:
        if self._before is not None:
            termios.tcsetattr(self._input, termios.TCSANOW, self._before)
            self._before = None


def read_answers(data: bytes) -> tuple[Answers, bytes]:
    """Return what the terminal answered, and what is left: that was typed."""
    version, kitty = _VERSION.search(data), _KITTY.search(data)
    abilities = _ABILITIES.search(data)
    rest = data
    for pattern in (_VERSION, _KITTY, _ABILITIES):
        rest = pattern.sub(b"", rest)
    answers = Answers(
        named=version[1].decode("utf-8", "replace") if version else "",
        sixel=abilities is not None and b"4" in abilities[1].split(b";"),
        kitty=kitty is not None and kitty[1].startswith(b"OK"),
    )
    return answers, rest
