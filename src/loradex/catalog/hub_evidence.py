"""What follows from matches: facts, trigger words and tags of the source `hub`.

A content has one fact of this source for each field, whichever hub told it; the detail begins
with that hub's name. So a hub of a lower rank only fills what better ones left open.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loradex.catalog.facts import fact_row, put_facts, put_words, word_rows
from loradex.catalog.tag_names import named_tags
from loradex.domain.evidence import Evidence, Source
from loradex.domain.hub import HubVersion
from loradex.domain.hub_ranks import hub_rank
from loradex.domain.tags import fold_tag

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class MatchFound:
    """A content, its version, how that is known, and the facts that follow."""

    content_id: int
    version: HubVersion
    matched_by: str
    facts: tuple[Evidence, ...]
    trigger_words: tuple[str, ...]
    tags: tuple[str, ...]


def put_hub_evidence(
    connection: Connection, hub: str, matches: Sequence[MatchFound], now: float
) -> None:
    """Write what a hub tells of these contents; what a better hub told stays."""
    tellers = _tellers(connection, [match.content_id for match in matches])
    rank = hub_rank(hub)
    facts = []
    for match in matches:
        for fact in match.facts:
            teller = tellers.get((match.content_id, fact.field))
            if teller is None or rank <= hub_rank(teller):
                detail = f"{hub}: {fact.detail}" if fact.detail else hub
                facts.append(fact_row(match.content_id, replace(fact, detail=detail), now))
    put_facts(connection, facts)
    put_words(
        connection,
        [
            row
            for match in matches
            for row in word_rows(match.content_id, match.trigger_words, Source.HUB)
        ],
    )
    _put_tags(connection, hub, matches, now)


def _tellers(connection: Connection, content_ids: Sequence[int]) -> dict[tuple[int, str], str]:
    """Return which hub told each fact that these contents have."""
    return {
        (row[0], row[1]): row[2].partition(":")[0]
        for row in connection.exec_driver_sql(
            "SELECT content_id, field, detail FROM evidence WHERE source = ? AND value <> ''"
            " AND content_id IN (SELECT value FROM json_each(?))",
            (Source.HUB.value, json.dumps(list(content_ids))),
        )
    }


def _put_tags(connection: Connection, hub: str, matches: Sequence[MatchFound], now: float) -> None:
    tags = named_tags(connection, (tag for match in matches for tag in match.tags))
    rows = [
        (match.content_id, tags[folded], Source.HUB.value, hub, now)
        for match in matches
        for folded in map(fold_tag, match.tags)
        if folded in tags
    ]
    if rows:
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO content_tag(content_id, tag_id, source, removed, confidence,"
            " detail, rule, added_at) VALUES (?, ?, ?, 0, 1.0, ?, '', ?)",
            rows,
        )
