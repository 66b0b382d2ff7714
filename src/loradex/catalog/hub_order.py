"""Hubs in SQL: the best one first."""

from __future__ import annotations

from loradex.domain.hub_ranks import ARCHIVES, HUBS_BY_RANK, hub_rank


def rank_of(column: str) -> str:
    """Return an SQL expression for the rank of the hub in `column`, to sort by."""
    named = (*HUBS_BY_RANK, *ARCHIVES)
    cases = " ".join(f"WHEN '{name}' THEN {hub_rank(name)}" for name in named)
    return f"CASE {column} {cases} ELSE {hub_rank('')} END"
