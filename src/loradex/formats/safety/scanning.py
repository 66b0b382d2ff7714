"""What one scan of a file may spend, where its findings go, and how parts call for each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from loradex.domain.safety import Safety
from loradex.formats.cursor import Readable
from loradex.formats.pickle_walks import Walks
from loradex.formats.safety.findings import Findings

MAX_DEPTH = 4
"""Containers in each other. A model has one."""

MAX_INSTRUCTIONS = 3_000_000
MAX_UNPACKED = 256 * 1024 * 1024
MAX_MEMBERS = 50_000
MAX_SEARCHED = 64 * 1024 * 1024


@dataclass(slots=True)
class Allowance:
    """A number that can be spent until nothing is left."""

    left: int

    def spend(self, count: int) -> bool:
        """Take `count` off; False when there was less."""
        enough = count <= self.left
        self.left = max(0, self.left - count)
        return enough


class Budget:
    """What is left for a whole file, all that is packed inside it together."""

    def __init__(self) -> None:
        self.instructions = Allowance(MAX_INSTRUCTIONS)
        self.unpacked_bytes = Allowance(MAX_UNPACKED)
        self.members = Allowance(MAX_MEMBERS)
        self.searched_bytes = Allowance(MAX_SEARCHED)


@dataclass(slots=True)
class Scan:
    """One part of a file under scan; `name` is None for the file itself.

    `look_inside(data, scan)` judges a part that may be anything.
    """

    findings: Findings
    look_inside: Callable[[Readable, Scan], bool]
    walks: Walks = field(default_factory=Walks)
    budget: Budget = field(default_factory=Budget)
    name: str | None = None
    depth: int = 0
    tensor_bytes: bool = False
    """The part should hold raw tensor bytes, which look like anything by chance."""

    def add(self, verdict: Safety, what: str) -> None:
        """Keep a finding: `what` is the sentence without its subject, as in `calls os.system.`"""
        self.findings.add(verdict, f"{self.name or 'It'} {what}")

    def part(self, name: str, *, tensor_bytes: bool = False) -> Scan:
        """Return the scan of something inside this part, deeper by one."""
        full = name if self.name is None else f"{self.name} › {name}"
        return Scan(
            self.findings,
            self.look_inside,
            Walks(),
            self.budget,
            full,
            self.depth + 1,
            tensor_bytes,
        )
