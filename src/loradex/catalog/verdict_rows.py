"""Rows of `verdict` and `verdict_finding`, and the verdicts they hold."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from loradex.domain.evidence_json import (
    LARGEST,
    evidence_from_json,
    evidence_to_json,
    finite_numbers,
)
from loradex.domain.probing import ProbeEvidence
from loradex.domain.text import storable
from loradex.domain.verdicts import Finding, Verdict, VerdictKind, VerdictSource

if TYPE_CHECKING:
    import sqlite3

MOST_FINDINGS = 200
SENTENCE_LIMIT = 1_000
WORD_LIMIT = 1_024
_KINDS = frozenset(kind.value for kind in VerdictKind)

ORDER = "source <> 'person', created_at DESC, v.id DESC"
"""Whose word comes first: a person's, then the newest."""

_VERDICTS = (
    "SELECT v.id, v.content_id, source, checkpoint_id, checkpoint, grid_id, note, origin,"
    " {evidence}, created_at FROM verdict AS v WHERE {condition} ORDER BY " + ORDER
)
_FINDINGS = (
    "SELECT verdict_id, kind, sentence, word, low, high, numbers, dismissed FROM verdict_finding"
    " WHERE verdict_id IN (SELECT value FROM json_each(?)) ORDER BY verdict_id, position"
)
FindingRow = tuple[int, int, int, str, str, float | None, float | None, str, str, bool]


def read_verdicts(
    connection: sqlite3.Connection,
    condition: str,
    params: Sequence[object],
    *,
    evidence: bool = True,
) -> list[Verdict]:
    """Return the verdicts that meet a condition on `verdict AS v`, in their order.

    Findings of kinds that only a later loradex knows are left out.
    """
    sql = _VERDICTS.format(evidence="evidence" if evidence else "NULL", condition=condition)
    rows = [tuple(row) for row in connection.execute(sql, tuple(params))]
    findings, dismissed = _findings(connection, [row[0] for row in rows])
    return [
        Verdict(
            content_id=row[1],
            findings=tuple(findings.get(row[0], ())),
            source=VerdictSource(row[2]),
            checkpoint_id=row[3],
            checkpoint=row[4],
            grid_id=row[5],
            note=row[6],
            created_at=row[9],
            evidence=unpack_evidence(row[8]),
            id=row[0],
            dismissed=tuple(dismissed.get(row[0], ())),
            origin=row[7],
        )
        for row in rows
    ]


def _findings(
    connection: sqlite3.Connection, ids: Iterable[int]
) -> tuple[dict[int, list[Finding]], dict[int, list[VerdictKind]]]:
    said: dict[int, list[Finding]] = {}
    dismissed: dict[int, list[VerdictKind]] = {}
    for row in connection.execute(_FINDINGS, (json.dumps(list(ids)),)):
        id_, kind, sentence, word, low, high, numbers, refused = tuple(row)
        if kind not in _KINDS:
            continue
        if refused:
            dismissed.setdefault(id_, []).append(VerdictKind(kind))
        else:
            finding = Finding(VerdictKind(kind), sentence, word, low, high, _numbers(numbers))
            said.setdefault(id_, []).append(finding)
    return said, dismissed


def finding_rows(verdict: Verdict, id_: int) -> list[FindingRow]:
    """Return what a verdict says, and what it dismisses, as rows of `verdict_finding`."""
    said: list[tuple[Finding, bool]] = [(one, False) for one in verdict.findings[:MOST_FINDINGS]]
    said += [(Finding(kind, ""), True) for kind in dict.fromkeys(verdict.dismissed)]
    return [
        (
            id_,
            position,
            verdict.content_id,
            one.kind.value,
            storable(one.word, WORD_LIMIT),
            one.low,
            one.high,
            storable(one.sentence, SENTENCE_LIMIT),
            json.dumps(finite_numbers(one.numbers), ensure_ascii=False),
            dismissed,
        )
        for position, (one, dismissed) in enumerate(said)
    ]


def pack_evidence(evidence: ProbeEvidence | None) -> bytes | None:
    """Return a probe's numbers as they are kept."""
    return None if evidence is None else zlib.compress(evidence_to_json(evidence), 6)


def unpack_evidence(packed: bytes | None) -> ProbeEvidence | None:
    """Return the numbers that are kept; None where there are none, or none that can be read."""
    if packed is None:
        return None
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(packed, LARGEST)
    except zlib.error:
        return None
    return evidence_from_json(raw) if unpacking.eof else None


def _numbers(stored: str) -> dict[str, float]:
    try:
        raw = json.loads(stored)
    except ValueError:
        return {}
    return finite_numbers(raw) if isinstance(raw, dict) else {}
