"""The limits that a probe judges by. Each is relative: to noise, to seeds, to the base.

They were set on LoRAs whose truth is known and checked on others: see `bench/probe.py`.
"""

from __future__ import annotations

from enum import Enum

from loradex.domain.probing import Interval

VERSION = 1
"""Raised when measuring or judging changes."""

QUANTISATION = 0.29
"""RMS of rounding to 8 bits, in steps of 1/255: no noise floor is lower (1/sqrt(12))."""
FLOORS = 3.0
"""An effect below this many noise floors is none."""
ACTS = 0.06
"""An effect below this share of what another seed changes is none."""
ANSWERS = 0.15
"""A word that adds less than this share of the change is not answered."""
LEAKS = 0.65
"""A model that changes more than this share without its word does not need it."""
HALF = 0.5
"""From this share of the full response on a strength counts as usable."""
FULL = 0.9
"""From this share of the full response on more strength adds little."""
COLLAPSE = 0.5
"""Below this share of the base's diversity seeds are alike (`../notes`: about half)."""
DIVERSE = 0.7
"""A usable strength keeps this share of the base's diversity."""


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
