"""Words that mean nothing, of as many tokens as a trigger word."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from loradex.domain.tokens import UNKNOWN_TOKEN

Ids = tuple[tuple[int, ...], ...]
"""The tokens of one text, for each tokenizer of the checkpoint."""
TokenIds = Callable[[Sequence[str]], Sequence[Ids]]

_CONSONANTS = "bdfgjklmnprtvxz"
_VOWELS = "aeiou"
_LONGEST = 12
_TRIES = 24
"""Made-up words of each length."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the checkpoint reads a word: in how many tokens, and which word is its placebo.

    `unknown` says that a tokenizer has no token for it. `equal` says that the placebo has as many
    tokens, which is almost always to be had.
    """

    word: str
    tokens: int
    placebo: str
    equal: bool
    unknown: bool


def readings(words: Sequence[str], token_ids: TokenIds) -> list[Reading]:
    """Return how the checkpoint reads each word, with a placebo for each.

    The placebos are the same for the same words' lengths in tokens, so that the pictures of the
    checkpoint alone with a placebo are shared by many LoRAs.
    """
    made = list(made_up_words())
    ids = list(token_ids([*words, *made]))
    candidates = list(zip(made, ids[len(words) :], strict=True))
    taken = {one for word in ids[: len(words)] for tokens in word for one in tokens}
    taken.discard(UNKNOWN_TOKEN)
    return [
        _reading(word, own, candidates, taken)
        for word, own in zip(words, ids[: len(words)], strict=True)
    ]


def made_up_words() -> Iterator[str]:
    """Yield words that mean nothing, always the same: such as can be said first, then letters."""
    chance = random.Random(20)  # noqa: S311 - nothing secret: the same words for everybody
    for length in range(3, _LONGEST + 1):
        for _ in range(_TRIES):
            letters = (_CONSONANTS if place % 2 == 0 else _VOWELS for place in range(length))
            yield "".join(chance.choice(some) for some in letters)
    for length in range(1, _LONGEST + 1):
        for _ in range(_TRIES):
            yield "".join(chance.choice("qxzjvkw") for _ in range(length))


def _reading(
    word: str, own: Ids, candidates: Sequence[tuple[str, Ids]], taken: set[int]
) -> Reading:
    """Choose the first made-up word of as many tokens of which the trigger words have none."""
    count = _count(own)
    free = [(text, ids) for text, ids in candidates if not _shares(ids, taken)] or candidates
    text, ids = min(free, key=lambda one: abs(_count(one[1]) - count))
    return Reading(
        word=word,
        tokens=count,
        placebo=text,
        equal=_count(ids) == count,
        unknown=any(UNKNOWN_TOKEN in tokens for tokens in own),
    )


def _count(ids: Ids) -> int:
    return max((len(tokens) for tokens in ids), default=0)


def _shares(ids: Ids, taken: set[int]) -> bool:
    return any(one in taken or one == UNKNOWN_TOKEN for tokens in ids for one in tokens)
