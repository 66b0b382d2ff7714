"""Facts with their sources, and which of them counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Where a fact comes from, most trusted first."""

    PERSON = "person"
    RULE = "rule"
    """What the person lets loradex say of files that arrive; only tags come from it."""
    VERDICT = "verdict"
    HUB = "hub"
    SIDECAR = "sidecar"
    HEADER = "header"
    TENSORS = "tensors"
    FILE_NAME = "file name"
    AUTO = "auto"
    """What the tagging rules make of all the evidence; only tags come from it."""

    @property
    def rank(self) -> int:
        """0 is the most trusted."""
        return _RANKS[self]


_RANKS = {source: rank for rank, source in enumerate(Source)}

_TENSORS_FIRST = ("kind", "base", "algorithm", "rank", "dtype", "quantisation", "prediction")
"""Fields on which the bytes are right and a hub's form is only what somebody clicked."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact about one content: a field, its value as text, who says so and how surely."""

    field: str
    value: str
    source: Source
    confidence: float = 1.0
    seen_at: float = 0.0
    """Unix time in seconds."""
    detail: str = ""
    """The reason in words, for `show --why`."""


def precedence(fact: Evidence) -> tuple[int, float, float]:
    """Sort key: the smaller, the more it counts."""
    rank = fact.source.rank
    if fact.source is Source.TENSORS and fact.field in _TENSORS_FIRST and fact.confidence >= 1.0:
        rank = Source.VERDICT.rank
    return (rank, -fact.confidence, -fact.seen_at)


def effective(facts: Iterable[Evidence]) -> dict[str, Evidence]:
    """Return for each field the fact that counts; empty values never do."""
    best: dict[str, Evidence] = {}
    for fact in facts:
        if fact.value == "":
            continue
        holder = best.get(fact.field)
        if holder is None or precedence(fact) < precedence(holder):
            best[fact.field] = fact
    return best
