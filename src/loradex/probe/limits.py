"""The limits that a probe judges by. Each is relative: to noise, to seeds, to the base.

They were set on LoRAs whose truth is known and checked on others: see `bench/probe.py`.
"""

from __future__ import annotations

import math
from enum import Enum

from loradex.domain.probing import Interval

VERSION = 2
"""Raised when measuring or judging changes."""

QUANTISATION = 0.29
"""RMS of rounding to 8 bits, in steps of 1/255: no noise floor is lower (1/sqrt(12))."""
FLOORS = 3.0
"""An effect below this many noise floors is none."""
ACTS = 0.06
"""An effect below this share of what another prompt or seed changes is none."""
ANSWERS = 0.25
"""A word that brings less than this share of the change is not answered. Words that meant nothing
brought up to 0.18, words that were taught 0.29 and more."""
ANSWERS_OF_SEEDS = 0.1
"""… or less than this share of what another prompt or seed changes: of a small change any share is
noise."""
MOST = 0.5
"""A model needs a word when less than this share of the change is there without it; when it is more
it does without."""
COHERENT = 0.2
"""From this share of common direction on, changes of the look go one way, and not each its own."""
ONE_WAY = 0.02
"""The same between pictures of unlike prompts, of changes that are weighed by how much pictures
differ anyway. Styles that are on had 0.07 and more, models that wait for their word up to 0.05."""
FEW_PAIRS = 8
"""By fewer pairs it is not told: few agree by chance, and their interval does not know it."""
SURE_PAIRS = 12
"""From so many pairs on an interval of it is taken as it is; see `early`."""
LARGE = 0.5
"""A change surely above this share of what another prompt or seed changes is one, whatever its way.
Models that wait for their word had 0.37 at most."""
OFF_RANGE = 0.5
"""Doublings of the latents' spread: 1.4 times the base's. Sound styles had 0.3 at most."""
DRIFTS = 0.25
FALLS = 0.7
"""Where the response has fallen to this share of its height, and the latents' spread has risen by
`DRIFTS` doublings, pictures leave what they responded to."""
HALF = 0.5
"""From this share of the full response on a strength counts as usable."""
FULL = 0.9
"""From this share of the full response on more strength adds little."""
CLIPS = 0.35
SATURATES = 0.35
BREAKS = 2.0
"""Where latents were not written down: share of pixels that clip more, mean saturation that is
added, doublings of harsh edges or of fine detail. Two of them at once are burning."""
COLLAPSE = 0.5
"""Below this share of the base's diversity seeds of a prompt are alike."""
ONE_LOOK = 0.3
"""Below this share of the base's variety pictures of all prompts have one look. Styles kept 0.4."""


def early(interval: Interval, pairs: int) -> Interval:
    """Return an interval of fewer than `pairs` pairs wider, by the root of how few they are.

    Who looks again and again errs more often than one interval tells, and most at first, so first
    looks have to be surer (O'Brien and Fleming 1979).
    """
    factor = math.sqrt(max(pairs / max(interval.pairs, 1), 1.0))
    return Interval(
        interval.mean,
        interval.mean - factor * (interval.mean - interval.low),
        interval.mean + factor * (interval.high - interval.mean),
        interval.pairs,
    )


class Decision(Enum):
    """Whether a number is above a limit, as far as its interval tells."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


def above(interval: Interval, limit: float) -> Decision:
    """Tell whether a mean is above a limit; `OPEN` while its interval straddles it."""
    if interval.low > limit:
        return Decision.YES
    if interval.high < limit:
        return Decision.NO
    return Decision.OPEN
