"""What is known of a LoRA before it is probed: its words, and those that its training may hide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loradex.domain.models import ModelDetails
from loradex.domain.trigger_words import fold_word, shown_words

MOST_CLAIMED = 4
MOST_MINED = 3
_LONGEST = 80
"""Characters: a longer "word" is a sentence, and tells of the picture rather than calls it."""
_COMMON = 0.5
"""A caption in at least this share of as many pictures as the commonest may be a trigger word."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words to try on a LoRA.

    `claimed` are those that a hub, the header or a person names, `mined` those of its training
    captions that come so often that they may call what it learnt.
    """

    claimed: tuple[str, ...] = ()
    mined: tuple[str, ...] = ()
    every: bool = False
    """Whether captions are known, and all that come often are among these words."""


def words_of(details: ModelDetails, asked: Sequence[str]) -> Words:
    """Return the words to try, the likeliest first; `asked` go before what is known."""
    known = shown_words(group for group in details.word_groups if group.on)
    claimed = _each_once([*asked, *known])[: max(MOST_CLAIMED, len(asked))]
    folded = {fold_word(word) for word in claimed}
    captions = [(text, count) for text, count in details.tag_counts if count > 0]
    most = max((count for _, count in captions), default=0)
    mined = _each_once(
        text
        for text, count in sorted(captions, key=lambda one: -one[1])
        if count >= _COMMON * most and fold_word(text) not in folded
    )
    every = bool(captions) and len(mined) <= MOST_MINED
    return Words(tuple(claimed), tuple(mined[:MOST_MINED]), every)


def training_prompts(details: ModelDetails, words: Words, count: int) -> tuple[str, ...]:
    """Return prompts in the words of the LoRA's own captions, without its trigger words.

    For checkpoints that cannot read usual prompts. Empty where the header has no captions.
    """
    away = {fold_word(word) for word in (*words.claimed, *words.mined[:1])}
    texts = _each_once(text for text, _ in details.tag_counts if fold_word(text) not in away)
    return tuple(text for text in texts if " " in text.strip())[:count]


def _each_once(texts: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for text in texts:
        plain = " ".join(text.split())
        if plain and len(plain) <= _LONGEST:
            found.setdefault(fold_word(plain), plain)
    return list(found.values())
