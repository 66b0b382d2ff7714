"""What a check-up tells: what is wrong, where, why that matters, and what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loradex.operations.doctor.subject import Subject
    from loradex.operations.tidying.keeping import Wish


class Level(IntEnum):
    """How much a finding matters; the most serious is the lowest."""

    SERIOUS = 1
    """Something may be lost or run that should not."""
    FAULT = 2
    """Something does not work as it should."""
    ADVICE = 3
    """Nothing is wrong, but it could be better. Alone it makes no library ill."""

    @property
    def word(self) -> str:
        """The word that scripts see."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. Texts may hold untrusted names."""

    level: Level
    what: str
    """A sentence."""
    path: str | None = None
    """The file or folder it is about, absolute."""
    model: int | None = None
    mend: str | None = None
    """A command or sentence for this one alone; None where the check's own suits all."""
    why: str | None = None
    """Why it matters, where that differs from the check's own words."""
    file_id: int | None = None
    """The catalog's row of the file, where it has one."""
    raw_path: bytes | None = None
    """The same path in the bytes the disk has, of files that the catalog has no row of."""
    stands_for: int = 1
    """How many things it counts, where one sentence tells of many."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question of a check-up."""

    name: str
    title: str
    why: str
    look: Callable[[Subject], Iterable[Finding]]
    mend: str | None = None
    """What mends all of its findings: a command, or a sentence."""
    fix: Callable[[Subject, Sequence[Finding]], list[Wish]] | None = None
    """Says what shall go where so that its findings are mended."""
    without_catalog: bool = False
    """It can be asked of a home whose catalog cannot be opened."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one check, most serious first."""

    check: Check
    findings: tuple[Finding, ...]

    @property
    def count(self) -> int:
        """How many things were found."""
        return sum(finding.stands_for for finding in self.findings)

    @property
    def level(self) -> Level:
        """The most serious of its findings."""
        return min((finding.level for finding in self.findings), default=Level.ADVICE)
