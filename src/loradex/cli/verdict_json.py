"""Verdicts as JSON: the stable shape of `verdict list`, `verdict show` and `show`."""

from __future__ import annotations

from loradex.domain.evidence_json import evidence_to_plain
from loradex.domain.verdicts import Finding, Verdict


def verdict_json(verdict: Verdict) -> dict[str, object]:
    """Return what one source says of a model on one checkpoint, without a probe's numbers."""
    return {
        "id": verdict.id,
        "source": verdict.source.value,
        "checkpoint": verdict.checkpoint or None,
        "checkpoint_id": verdict.checkpoint_id,
        "grid": verdict.grid_id,
        "note": verdict.note or None,
        "origin": verdict.origin or None,
        "created_at": verdict.created_at,
        "findings": [finding_json(finding) for finding in verdict.findings],
        "dismissed": [kind.value for kind in verdict.dismissed],
    }


def finding_json(finding: Finding) -> dict[str, object]:
    """Return one thing that a verdict says, with the numbers it rests on."""
    return {
        "kind": finding.kind.value,
        "word": finding.word or None,
        "low": finding.low,
        "high": finding.high,
        "sentence": finding.sentence,
        "numbers": dict(finding.numbers),
    }


def measured_json(verdict: Verdict) -> dict[str, object]:
    """Return a verdict with all numbers of its probe as `measured`, null without a probe."""
    evidence = verdict.evidence
    return {
        **verdict_json(verdict),
        "measured": None if evidence is None else evidence_to_plain(evidence),
    }
