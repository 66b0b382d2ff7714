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
"""An effect below this share of what another prompt or seed changes is none."""
ANSWERS = 0.15
"""A word that adds less than this share of the change is not answered."""
ANSWERS_OF_SEEDS = 0.12
"""… or less than this share of what another prompt or seed changes: of a small change any share is
noise."""
NEEDED = 0.5
"""A model of whose change less than this share is there without its word needs it."""
LEAKS = 0.7
"""A model of whose change more than this share is there without its word does not need it."""
COHERENT = 0.2
"""From this share of common direction on, changes go one way, and not each its own. Styles that are
on had 0.2 to 0.6; models that wait for their word move pictures about with 0.2 at most."""
LARGE = 0.35
"""A change above this share of what another prompt or seed changes is one, whatever its way."""
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
