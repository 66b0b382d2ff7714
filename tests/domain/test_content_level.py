"""What a person's limit lets through."""

from __future__ import annotations

import pytest

from loradex.domain.content_level import ContentLimit, level_label

PG, PG13, R, X, XXX, BLOCKED = 1, 2, 4, 8, 16, 32


@pytest.mark.parametrize(
    ("limit", "allowed", "refused"),
    [
        ("pg", [PG], [PG13, R, X, XXX, PG | PG13]),
        ("safe", [PG, PG13, PG | PG13], [R, X, XXX, PG | R]),
        ("r", [PG, PG13, R, PG | R], [X, XXX, R | X]),
        ("x", [PG, R, X], [XXX, X | XXX]),
        ("all", [PG, PG13, R, X, XXX, 31], []),
    ],
)
def test_a_limit_lets_through_what_it_names(
    limit: str, allowed: list[int], refused: list[int]
) -> None:
    chosen = ContentLimit(limit)
    assert [level for level in allowed if not chosen.allows(level)] == []
    assert [level for level in refused if chosen.allows(level)] == []


@pytest.mark.parametrize("limit", list(ContentLimit))
def test_what_the_hub_blocks_is_never_shown(limit: ContentLimit) -> None:
    assert not limit.allows(BLOCKED)
    assert not limit.allows(PG | BLOCKED)


@pytest.mark.parametrize("limit", list(ContentLimit))
def test_what_nobody_rated_is_shown_only_without_a_limit(limit: ContentLimit) -> None:
    assert limit.allows(0) == (limit is ContentLimit.ALL)


@pytest.mark.parametrize(
    ("level", "label"), [(0, "not rated"), (1, "PG"), (3, "PG-13"), (5, "R"), (63, "blocked")]
)
def test_a_model_is_labelled_by_its_highest_bit(level: int, label: str) -> None:
    assert level_label(level) == label
