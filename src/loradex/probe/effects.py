"""What the LoRA changes, pair by pair: how far pictures move, and how far in one direction.

A change is always taken between two pictures of the same prompt, words and seed, one with the
LoRA and one without, so that what the words do to the checkpoint alone is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from loradex.domain.probing import NO_WORDS, Interval
from loradex.probe.features import distance
from loradex.probe.samples import Pair, Samples
from loradex.probe.statistics import jackknifed, t_interval

if TYPE_CHECKING:
    from loradex.probe.features import Features, Vector
    from loradex.probe.pictures import Pixels


_LEAST_SPREAD = 0.02
"""Of a part of the look: what is the same in all pictures of the checkpoint is not weighed more."""


@dataclass(frozen=True, slots=True)
class Place:
    """A strength, and the words in front of the prompt."""

    strength: float
    words: str = NO_WORDS


def change_sizes(samples: Samples, place: Place) -> dict[Pair, float]:
    """Return how far each picture moved from the base's, as RMS in steps of 1/255."""
    return {pair: distance(new.pixels, old.pixels) for pair, new, old in _both(samples, place)}


def effect(samples: Samples, place: Place) -> Interval:
    """Return the mean size of the changes at a place."""
    return t_interval(list(change_sizes(samples, place).values()))


def seed_distance(samples: Samples, words: str = NO_WORDS) -> float:
    """Return the mean distance of two pictures of the checkpoint alone of unlike seed or prompt.

    0.0 where there are fewer than two.
    """
    return _spread(samples, 0.0, words, samples.base_pairs(words))


def diversity(samples: Samples, place: Place) -> float | None:
    """Return how far apart seeds of one prompt are at a place, 1 being as far as without the LoRA.

    Taken both as it is and by the pictures' contrast, of which the larger counts: pale pictures
    are not alike for being pale, nor those with a pattern in common for its contrast. None
    without two seeds of a prompt, and where the base's are all alike.
    """
    pairs = samples.whole(place.strength, place.words)
    shares = []
    for apart_by in (distance, unlike):
        base = _between_seeds(samples, 0.0, place.words, pairs, apart_by)
        if base <= 0:
            return None
        shares.append(_between_seeds(samples, place.strength, place.words, pairs, apart_by) / base)
    return max(shares)


def variety(samples: Samples, place: Place) -> float | None:
    """Return how unlike the looks of different prompts are, 1 being as unlike as without the LoRA.

    Looks know nothing of where things are, so one picture that is drawn again and again counts as
    one however it is shifted. None for a single prompt, and where the base's look alike.
    """
    pairs = samples.whole(place.strength, place.words)
    before = _between_prompts(samples, 0.0, place.words, pairs)
    if before <= 0:
        return None
    return _between_prompts(samples, place.strength, place.words, pairs) / before


def _between_prompts(samples: Samples, strength: float, words: str, pairs: Sequence[Pair]) -> float:
    """Return the mean distance of looks over pictures of unlike prompts; 0.0 without any."""
    import numpy as np  # noqa: PLC0415 - heavy

    apart = []
    for one, other in combinations(pairs, 2):
        if one[0] != other[0]:
            first = samples.at(one, strength, words).features
            second = samples.at(other, strength, words).features
            if first is not None and second is not None:
                apart.append(float(np.linalg.norm(first.look - second.look)))
    return _mean(apart)


def unlike(one: Pixels, other: Pixels) -> float:
    """Return how unlike two pictures are: 0 for the same, about 1 for pictures of no relation.

    Their distance by that of two unrelated pictures of their contrast. 0 for two of one colour.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    contrast = float(np.sqrt(_variance(one) + _variance(other))) * 255
    return distance(one, other) / contrast if contrast > 0 else 0.0


def _variance(pixels: Pixels) -> float:
    """Return the mean variance of the three channels."""
    return float(pixels.reshape(-1, 3).var(axis=0).mean())


def moves(samples: Samples, place: Place) -> dict[Pair, Vector]:
    """Return how each picture's look changed."""
    return {pair: new.look - old.look for pair, new, old in _both(samples, place)}


def common(one: Mapping[Pair, Vector], other: Mapping[Pair, Vector]) -> list[Pair]:
    """Return the pairs that both have."""
    return sorted(one.keys() & other.keys())


def agreement(
    one: Mapping[Pair, Vector], other: Mapping[Pair, Vector], pairs: Sequence[Pair]
) -> float:
    """Return the mean inner product of changes of unlike pairs.

    What is by chance of one picture averages out, since no pair meets itself: the result is an
    unbiased estimate of the inner product of the two mean changes, and may be below zero.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    if len(pairs) < 2:
        return 0.0
    left = np.stack([one[pair] for pair in pairs])
    right = np.stack([other[pair] for pair in pairs])
    products = left @ right.T
    count = len(pairs)
    return float((products.sum() - np.trace(products)) / (count * (count - 1)))


def coherence(moved: Mapping[Pair, Vector], pairs: Sequence[Pair]) -> float:
    """Return which share of the changes' energy goes in one direction that all have in common.

    1 when all pictures change alike, about 0 when each changes in its own way.
    """
    whole = sum(float(moved[pair] @ moved[pair]) for pair in pairs) / max(len(pairs), 1)
    return agreement(moved, moved, pairs) / whole if whole > 0 else 0.0


def weighed(samples: Samples, moved: Mapping[Pair, Vector]) -> dict[Pair, Vector]:
    """Return changes of looks in units of how much the checkpoint's own pictures differ in each.

    What differs from picture to picture anyway says little; what hardly does says much.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    known = [samples.at(pair, 0.0).features for pair in samples.base_pairs()]
    looks = np.stack([one.look for one in known if one is not None])
    unit = looks.std(axis=0) + _LEAST_SPREAD
    return {pair: change / unit for pair, change in moved.items()}


def one_way(samples: Samples, place: Place) -> Interval:
    """Return which share of the changes' energy goes in one direction, whatever the prompt.

    Only changes of unlike prompts are compared: those of one prompt may agree because of what it
    shows. About 0 for changes that each prompt has of its own. Open while all are of one prompt.
    """
    moved = weighed(samples, moves(samples, place))

    def share(chosen: Sequence[Pair]) -> float:
        import numpy as np  # noqa: PLC0415 - heavy

        vectors = np.stack([moved[pair] for pair in chosen])
        prompts = np.array([prompt for prompt, _ in chosen])
        products = vectors @ vectors.T
        unlike_prompts = prompts[:, None] != prompts[None, :]
        whole = float(np.trace(products)) / len(chosen)
        if not unlike_prompts.any() or whole <= 0:
            return float("nan")
        return float(products[unlike_prompts].mean()) / whole

    return over_pairs(share, sorted(moved))


def along(
    moved: Mapping[Pair, Vector], reference: Mapping[Pair, Vector], pairs: Sequence[Pair]
) -> Interval:
    """Return how far changes go along the reference's common direction, as a share of its own.

    1 for the reference itself, 0 for changes that have nothing to do with it.
    """

    def share(chosen: Sequence[Pair]) -> float:
        whole = agreement(reference, reference, chosen)
        return agreement(moved, reference, chosen) / whole if whole > 0 else float("nan")

    return over_pairs(share, pairs)


def over_pairs(estimate: Callable[[Sequence[Pair]], float], pairs: Sequence[Pair]) -> Interval:
    """Return an estimate over pairs with its jackknife interval."""
    without = [estimate([*pairs[:number], *pairs[number + 1 :]]) for number in range(len(pairs))]
    return jackknifed(estimate(pairs), without)


def _both(samples: Samples, place: Place) -> list[tuple[Pair, Features, Features]]:
    found = []
    for pair in samples.whole(place.strength, place.words):
        new = samples.at(pair, place.strength, place.words).features
        old = samples.at(pair, 0.0, place.words).features
        assert new is not None and old is not None  # noqa: S101 - whole pairs have both
        found.append((pair, new, old))
    return found


def _spread(samples: Samples, strength: float, words: str, pairs: Sequence[Pair]) -> float:
    """Return the mean distance between all pictures of a place; 0.0 for fewer than two."""
    known = [samples.at(pair, strength, words).features for pair in pairs]
    chosen = [one for one in known if one is not None]
    return _mean([distance(one.pixels, other.pixels) for one, other in combinations(chosen, 2)])


def _between_seeds(
    samples: Samples,
    strength: float,
    words: str,
    pairs: Sequence[Pair],
    apart_by: Callable[[Pixels, Pixels], float],
) -> float:
    """Return the mean distance between seeds of the same prompt; 0.0 where no prompt has two."""
    apart = []
    for one, other in combinations(pairs, 2):
        if one[0] == other[0]:
            first = samples.at(one, strength, words).features
            second = samples.at(other, strength, words).features
            if first is not None and second is not None:
                apart.append(apart_by(first.pixels, second.pixels))
    return _mean(apart)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
