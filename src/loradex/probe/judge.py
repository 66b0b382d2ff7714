"""From what is known of a LoRA to findings: each a sentence with its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from loradex.domain.probing import CurvePoint, WordScore
from loradex.domain.verdicts import Finding
from loradex.probe.state import State


@dataclass(frozen=True, slots=True)
class Judged:
    """What a probe comes to. `words` are those in front of the curve's pictures."""

    findings: tuple[Finding, ...]
    curve: tuple[CurvePoint, ...]
    scores: tuple[WordScore, ...]
    words: str = ""


def judge(state: State, *, stopped: bool = False) -> Judged:
    """Return the findings, the weightiest first; `stopped` probes say what was left open."""
    raise NotImplementedError
