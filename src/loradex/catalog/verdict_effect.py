"""What follows from verdicts: which findings queries see, told strengths, and measured words.

Worked out anew from all verdicts of a content, so that taking one back leaves no trace.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from loradex.catalog.facts import fact_row, put_facts, put_words, word_rows
from loradex.catalog.strength_effect import refresh_strengths
from loradex.catalog.verdict_rows import read_verdicts
from loradex.domain.evidence import Evidence, Source
from loradex.domain.preferences import TOLD_PREFIX
from loradex.domain.trigger_words import fold_word, pieces
from loradex.domain.verdict_words import counting
from loradex.domain.verdicts import Finding, Verdict, VerdictKind, VerdictSource

if TYPE_CHECKING:
    from sqlalchemy import Connection

_THESE = "content_id IN (SELECT value FROM json_each(?1))"
_STRENGTHS = tuple(f"{TOLD_PREFIX}{name}" for name in ("strength", "strength_min", "strength_max"))
_ANSWERED = (VerdictKind.NEEDS_TRIGGER, VerdictKind.REDUNDANT_TRIGGER)
_OF_WORDS = (*_ANSWERED, VerdictKind.DEAD_TRIGGER)

_COUNT = (
    "UPDATE verdict_finding AS f SET counts = NOT dismissed AND ("
    "verdict_id IN (SELECT id FROM verdict WHERE source = 'person')"
    " OR NOT EXISTS (SELECT 1 FROM verdict_finding AS own JOIN verdict ON verdict.id ="
    " own.verdict_id WHERE own.content_id = f.content_id AND source = 'person'"
    " AND (NOT own.dismissed OR own.kind = f.kind)))"
    f" WHERE {_THESE}"
)


class _Measured(NamedTuple):
    """A trigger word, how it is answered (a share of the whole response), and what that is."""

    text: str
    effect: float | None
    kind: str | None


def settle_verdicts(connection: Connection, content_ids: Iterable[int]) -> None:
    """Bring up to date what follows from the verdicts of these contents.

    `Writer.refresh` has to follow: words may have changed.
    """
    ids = list(content_ids)
    these = (json.dumps(ids),)
    connection.exec_driver_sql(_COUNT, these)
    raw = cast("sqlite3.Connection", connection.connection.driver_connection)
    verdicts: dict[int, list[Verdict]] = {id_: [] for id_ in ids}
    for verdict in read_verdicts(raw, f"v.{_THESE}", these):
        verdicts[verdict.content_id].append(verdict)
    _tell_strengths(connection, verdicts)
    _tell_words(connection, verdicts)
    refresh_strengths(connection, ids)


def _tell_strengths(connection: Connection, verdicts: dict[int, list[Verdict]]) -> None:
    run = connection.exec_driver_sql
    run(
        f"DELETE FROM evidence WHERE {_THESE} AND source = 'verdict' AND field IN {_STRENGTHS}",
        (json.dumps(list(verdicts)),),
    )
    now = time.time()
    put_facts(
        connection,
        [
            fact_row(id_, fact, now)
            for id_, some in verdicts.items()
            for fact in _strengths(counting(some))
        ],
    )


def _strengths(said: list[tuple[Verdict, Finding]]) -> list[Evidence]:
    """Return the strengths that the first verdict with any tells."""
    told = [(one, finding) for one, finding in said if finding.kind in _OF_STRENGTH]
    if not told:
        return []
    first = told[0][0]
    values: dict[str, float] = {}
    for one, finding in told:
        if one is not first or finding.low is None:
            continue
        if finding.kind is VerdictKind.BEST:
            values.setdefault(_STRENGTHS[0], finding.low)
        elif finding.high is not None:
            values.setdefault(_STRENGTHS[1], finding.low)
            values.setdefault(_STRENGTHS[2], finding.high)
    if first.source is VerdictSource.PERSON:
        detail = "your verdict"
    else:
        detail = f"measured on {first.checkpoint}" if first.checkpoint else "measured"
    return [
        Evidence(field, f"{value:g}", Source.VERDICT, 1.0, first.created_at, detail)
        for field, value in values.items()
    ]


_OF_STRENGTH = (VerdictKind.BEST, VerdictKind.USABLE)


def _tell_words(connection: Connection, verdicts: dict[int, list[Verdict]]) -> None:
    """Write what was measured of words; words that no source has come in when they work."""
    run = connection.exec_driver_sql
    these = (json.dumps(list(verdicts)),)
    run(f"DELETE FROM trigger_word WHERE {_THESE} AND source = 'verdict'", these)
    run(
        f"UPDATE trigger_word SET effect = NULL, verdict = NULL WHERE {_THESE}"
        " AND (effect IS NOT NULL OR verdict IS NOT NULL)",
        these,
    )
    for id_, some in verdicts.items():
        measured = _measured(some)
        if not measured:
            continue
        known = {
            fold_word(piece)
            for (text,) in run("SELECT text FROM trigger_word WHERE content_id = ?", (id_,))
            for piece in (text, *pieces(text))
        }
        new = [
            word.text
            for folded, word in measured.items()
            if folded not in known and word.kind in _ANSWERED
        ]
        put_words(connection, word_rows(id_, new, Source.VERDICT))
        run(
            "UPDATE trigger_word SET effect = ?, verdict = ? WHERE content_id = ? AND folded = ?",
            [
                (word.effect, word.kind, id_, word.text.casefold()[:1024])
                for word in measured.values()
            ],
        )


def _measured(verdicts: Sequence[Verdict]) -> dict[str, _Measured]:
    """Return by folded word what the newest probe measured, and what counts of it."""
    kinds: dict[str, VerdictKind] = {}
    texts: dict[str, str] = {}
    for _, finding in counting(verdicts):
        if finding.word and finding.kind in _OF_WORDS:
            kinds.setdefault(fold_word(finding.word), finding.kind)
            texts.setdefault(fold_word(finding.word), finding.word)
    effects: dict[str, float] = {}
    for verdict in verdicts:
        for score in verdict.evidence.words if verdict.evidence else ():
            if score.word and score.score.mean == score.score.mean:
                effects.setdefault(fold_word(score.word), score.score.mean)
                texts.setdefault(fold_word(score.word), score.word)
    return {
        folded: _Measured(text, effects.get(folded), kinds.get(folded))
        for folded, text in texts.items()
    }
