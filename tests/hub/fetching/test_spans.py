"""The ledger against a plain set of bytes."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from loradex.hub.fetching.spans import Claim, Ledger


@pytest.mark.parametrize("seed", range(40))
def test_the_ledger_agrees_with_a_set(seed: int) -> None:
    dice = random.Random(seed)
    size = dice.randint(1, 200)
    there: set[int] = set()
    kept = []
    for _ in range(dice.randint(0, 4)):
        start = dice.randint(0, size)
        kept.append((start, dice.randint(start, size + 20)))
        there |= set(range(start, min(kept[-1][1], size)))
    ledger = Ledger(size, kept)
    claims: list[Claim] = []
    for _ in range(2000):
        if ledger.complete:
            break
        if dice.random() < 0.3:
            claim = ledger.claim(dice.choice([None, dice.randint(1, 50)]))
            taken = {byte for one in claims for byte in range(one.position, one.stop)}
            free = set(range(size)) - there - taken
            assert (claim is None) == (not free)
            if claim is not None:
                assert claim.position == min(free)
                assert set(range(claim.position, claim.stop)) <= free
                claims.append(claim)
        elif claims:
            claim = dice.choice(claims)
            if dice.random() < 0.2:
                ledger.shorten(claim, dice.randint(1, 10))
            count = dice.randint(0, claim.left)
            there |= set(range(claim.position, claim.position + count))
            ledger.came(claim, count)
            if not claim.left or dice.random() < 0.1:
                ledger.release(claim)
                claims.remove(claim)
        assert ledger.done == len(there)
        assert ledger.front == next(byte for byte in range(size + 1) if byte not in there)
        spans = ledger.spans()
        assert {byte for start, stop in spans for byte in range(start, stop)} == there
        assert all(one[1] < two[0] for one, two in pairwise(spans))
    assert ledger.complete
    assert ledger.claim() is None


def test_an_empty_file_is_complete() -> None:
    ledger = Ledger(1 << 40)
    claim = ledger.claim()
    assert claim is not None

    ledger.ends_at(0)

    assert ledger.complete
