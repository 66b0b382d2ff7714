"""A verdict as the plain object that manifests hold, and back from whatever a file says."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from loradex.domain.evidence_json import finite_numbers
from loradex.domain.manifest import ToldVerdict
from loradex.domain.text import storable
from loradex.domain.verdicts import Finding, VerdictKind, VerdictSource

MOST = 100
"""Verdicts of one model, and findings of one verdict."""
_TEXT = 1_024
_NOTE = 10_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LATEST = 2**40
"""Unix seconds, far off."""


def verdict_json(verdict: ToldVerdict) -> dict[str, object]:
    """Return a verdict as JSON has it; what is not known or empty is left out."""
    raw: dict[str, object] = {
        "source": verdict.source.value,
        "checkpoint": verdict.checkpoint,
        "checkpoint_sha256": verdict.checkpoint_sha256,
        "created_at": verdict.created_at,
        "origin": verdict.origin,
        "note": verdict.note,
        "findings": [_finding_json(finding) for finding in verdict.findings],
        "dismissed": [kind.value for kind in verdict.dismissed],
    }
    return _said(raw)


def checked_verdict(raw: object) -> ToldVerdict | None:
    """Return a verdict from what JSON said; None for what is none.

    Findings of kinds that this loradex does not know are left out.
    """
    if not isinstance(raw, Mapping) or raw.get("source") not in tuple(VerdictSource):
        return None
    findings = tuple(filter(None, map(_finding, _some(raw.get("findings")))))
    dismissed = tuple(kind for kind in map(_kind, _some(raw.get("dismissed"))) if kind)
    if not findings and not dismissed:
        return None
    digest = _text(raw.get("checkpoint_sha256")).lower()
    return ToldVerdict(
        source=VerdictSource(str(raw["source"])),
        findings=findings,
        dismissed=dismissed,
        checkpoint=_text(raw.get("checkpoint")),
        checkpoint_sha256=digest if _SHA256.fullmatch(digest) else None,
        note=_text(raw.get("note"), _NOTE),
        created_at=_number(raw.get("created_at")) or 0.0,
        origin=_text(raw.get("origin")),
    )


def _finding_json(finding: Finding) -> dict[str, object]:
    return _said(
        {
            "kind": finding.kind.value,
            "word": finding.word,
            "low": finding.low,
            "high": finding.high,
            "sentence": finding.sentence,
            "numbers": dict(finding.numbers),
        }
    )


def _finding(raw: object) -> Finding | None:
    kind = _kind(raw.get("kind")) if isinstance(raw, Mapping) else None
    if kind is None or not isinstance(raw, Mapping):
        return None
    numbers = raw.get("numbers")
    return Finding(
        kind,
        _text(raw.get("sentence")),
        _text(raw.get("word")),
        _number(raw.get("low")),
        _number(raw.get("high")),
        finite_numbers(numbers) if isinstance(numbers, Mapping) else {},
    )


def _kind(raw: object) -> VerdictKind | None:
    return VerdictKind(str(raw)) if raw in tuple(VerdictKind) else None


def _said(raw: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in raw.items() if value not in (None, "", [], {})}


def _some(raw: object) -> list[object]:
    return raw[:MOST] if isinstance(raw, list) else []


def _text(raw: object, limit: int = _TEXT) -> str:
    return storable(raw, limit) if isinstance(raw, str) else ""


def _number(raw: object) -> float | None:
    if type(raw) not in (int, float) or not isinstance(raw, int | float):
        return None
    return float(raw) if abs(raw) < _LATEST and math.isfinite(raw) else None
