"""What a probe found out about a model: findings, each with its numbers, and who says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from loradex.domain.probing import ProbeEvidence


class VerdictKind(StrEnum):
    """What can be said of a model after measuring it, never whether that is any good.

    The value is what queries and JSON use: `verdict:dead-trigger`.
    """

    NO_EFFECT = "no-effect"
    """Pictures do not change more than two legitimate renders of one picture differ."""
    ALWAYS_ON = "always-on"
    """It acts without any of its trigger words."""
    NEEDS_TRIGGER = "needs-trigger"
    """It acts with a trigger word, and without one it hardly does."""
    DEAD_TRIGGER = "dead-trigger"
    """A trigger word does no more than a meaningless word of as many tokens."""
    REDUNDANT_TRIGGER = "redundant-trigger"
    """A trigger word is answered, but pictures change about as much without it."""
    USABLE = "usable"
    """It acts, and nothing burns or collapses, from `low` to `high`."""
    BEST = "best"
    """Where the response is about complete: `low` is that strength."""
    BURNS = "burns"
    """Above `low` pictures clip, flatten, over-saturate or break up."""
    COLLAPSES = "collapses"
    """Above `low` pictures of different seeds become alike."""
    DOES_NOT_FIT = "does-not-fit"
    """Its layers are not those of the checkpoint."""
    UNDECIDED = "undecided"
    """The numbers leave it open; the sentence says what would decide it."""


class VerdictSource(StrEnum):
    """Who says so. A person's word counts before a probe's."""

    PERSON = "person"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a verdict says.

    `word` is the trigger word it is about, empty for the model as a whole. `low` and `high` are
    strengths: both for `usable`, `low` alone for `best`, `burns` and `collapses`. `numbers` are
    what it rests on, by their names in the documentation.
    """

    kind: VerdictKind
    sentence: str
    word: str = ""
    low: float | None = None
    high: float | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one source says of a model on one checkpoint, the weightiest finding first.

    `checkpoint_id` is None when it holds for any checkpoint (a person's word) or the checkpoint
    is gone from the catalog; `checkpoint` is what that was called. `grid_id` is the grid with the
    pictures. A person's verdict has no evidence.
    """

    content_id: int
    findings: tuple[Finding, ...]
    source: VerdictSource = VerdictSource.PROBE
    checkpoint_id: int | None = None
    checkpoint: str = ""
    grid_id: int | None = None
    note: str = ""
    created_at: float = 0.0
    evidence: ProbeEvidence | None = None
    id: int | None = None
    dismissed: tuple[VerdictKind, ...] = ()
    """What a person says is not so, whatever probes find."""
    origin: str = ""
    """The manifest it came in with; empty for what was found here."""

    def of(self, kind: VerdictKind) -> Finding | None:
        """Return the first finding of this kind, None without one."""
        return next((one for one in self.findings if one.kind is kind), None)

    @property
    def kinds(self) -> tuple[VerdictKind, ...]:
        """What it says, each once, in its order."""
        return tuple(dict.fromkeys(one.kind for one in self.findings))
