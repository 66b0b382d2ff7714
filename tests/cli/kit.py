"""What tests of commands share: how a call ended, and a name that would own a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

HOSTILE = "evil \x1b]0;owned\x07[red]x[/] \u202egnp"


@dataclass
class Ended:
    code: int
    out: str
    err: str


Run = Callable[..., Ended]
