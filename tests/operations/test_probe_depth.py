"""How many pairs a probe of each depth has to spend."""

import pytest

from loradex.domain.probing import Depth
from loradex.operations.probing.prompts import usual_seeds
from loradex.probe.inquiry import FIRST_PAIRS, Inquiry


def inquiry(depth: Depth) -> Inquiry:
    return Inquiry(3, usual_seeds(depth), (), (), depth)


@pytest.mark.parametrize(
    ("depth", "pairs"), [(Depth.QUICK, 4), (Depth.NORMAL, 12), (Depth.THOROUGH, 24)]
)
def test_the_usual_seeds_are_enough_for_what_a_depth_may_spend(depth: Depth, pairs: int) -> None:
    asked = inquiry(depth)
    assert asked.most_pairs == pairs
    assert len(set(asked.pairs(pairs))) == pairs


def test_a_closer_look_begins_with_the_same_pictures() -> None:
    first = {tuple(inquiry(depth).pairs(FIRST_PAIRS)) for depth in Depth}
    assert len(first) == 1
