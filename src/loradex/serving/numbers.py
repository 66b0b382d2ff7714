"""Numbers for what no hub has numbered, made of its bytes: the same on every run and machine."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from loradex.domain.own_numbers import OWN_NUMBERS

FIRST = OWN_NUMBERS.start
LAST = OWN_NUMBERS.stop - 1
"""The API's ids are positive and have 31 bits. Hubs count from 1 and are far below `FIRST`."""


def own_numbers(hashed: Iterable[tuple[int, str]], taken: Collection[int]) -> dict[int, int]:
    """Return a number for each content, from `FIRST` to `LAST`, none twice and none of `taken`.

    `hashed` holds ids and SHA-256 digests, the oldest content first: when two meet at one number,
    which is rare, the older keeps it, so that what is added never changes what was there.
    """
    used = set(taken)
    numbers: dict[int, int] = {}
    for content_id, sha256 in hashed:
        digest = sha256
        while (number := _number(digest)) in used:
            digest = hashlib.sha256(digest.encode()).hexdigest()
        used.add(number)
        numbers[content_id] = number
    return numbers


def _number(digest: str) -> int:
    return FIRST + int(digest[:16], 16) % (LAST - FIRST + 1)
