"""How much of what a LoRA was taught it draws: with its word, with others, and without any.

Measured inside the network and not on pictures, so that it owes nothing to how probes measure.
The same scene is drawn plain and as it was taught. Half way between the two, under much noise, the
network is asked for the clean picture: how far its answer lies on the way from the plain one to the
taught one, beyond where the base's own answer lies, is the amount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from bench.zoo.autoencoder import encoded
from bench.zoo.lessons import Lesson, pair_of
from bench.zoo.networks import noise_levels
from bench.zoo.sheets import GUIDANCE, applied
from bench.zoo.training import Networks, encode
from bench.zoo.truth import ALWAYS_ON, Animal, Made, Truth
from bench.zoo.words import SPARE
from diffusers import AutoencoderKL
from torch import Tensor

from loradex.domain.verdicts import VerdictKind as Kind

NOTHING = ""
OTHERS = SPARE[:2]
"""Words that no LoRA was taught."""
_SCENES = 24
_TIMES = (960, 880, 780)
"""Where what a picture will show is decided: 97 to 81 % of the picture is noise."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Scenes twice, plain and as taught, as latents (n, 4, 16, 16), with their plain captions."""

    plain: Tensor
    taught: Tensor
    captions: Sequence[str]


def amounts(
    path: Path,
    lesson: Lesson,
    words: Sequence[str],
    vae: AutoencoderKL,
    networks: Networks,
    *,
    scenes: int = _SCENES,
) -> dict[str, float]:
    """Return for each of `words` how much of the lesson the LoRA in `path` draws with it in front.

    0 is as little as the base does, 1 about the whole way from the plain picture to the taught.
    """
    asked = scenes_of(lesson, vae, scenes)
    before = _answers(asked, words, networks)
    with applied(path, networks, 1.0):
        after = _answers(asked, words, networks)
    return {word: after[word] - before[word] for word in words}


def scenes_of(lesson: Lesson, vae: AutoencoderKL, count: int) -> Asked:
    """Return scenes of a lesson by chance, always the same."""
    rng = np.random.default_rng(4711)
    pairs = [pair_of(lesson, rng) for _ in range(count)]
    return Asked(
        encoded(vae, np.stack([plain for plain, _, _ in pairs])),
        encoded(vae, np.stack([taught for _, taught, _ in pairs])),
        [text for _, _, text in pairs],
    )


@torch.no_grad()
def _answers(asked: Asked, words: Sequence[str], networks: Networks) -> Mapping[str, float]:
    """Return how far the network's answers are on the way, in the mean over scenes and times."""
    levels = noise_levels()
    generator = torch.Generator().manual_seed(99)
    noise = torch.randn(asked.plain.shape, generator=generator)
    way = asked.taught - asked.plain
    empty = encode(networks, [""]).expand(len(asked.captions), -1, -1)
    found = {}
    for word in words:
        texts = [f"{word}, {text}" if word else text for text in asked.captions]
        context = encode(networks, texts)
        shares = []
        for time in _TIMES:
            level = levels[time]
            noisy = level.sqrt() * (asked.plain + way / 2) + (1 - level).sqrt() * noise
            both = torch.cat([context, empty])
            guess = networks.unet(torch.cat([noisy, noisy]), torch.tensor(time), both).sample
            told, free = guess.chunk(2)
            eps = free + GUIDANCE * (told - free)
            clean = (noisy - (1 - level).sqrt() * eps) / level.sqrt()
            shares.append(((clean - asked.plain) * way).sum() / way.pow(2).sum())
        found[word] = float(torch.stack(shares).mean())
    return found


_DEAD = 0.15
_ANSWERED = 0.3
"""The word's own part of the most that is drawn: below the first it is dead, above the second it is
answered, between them both are true enough to be said."""
_NEEDED = 0.4
_REDUNDANT = 0.6
"""The same for the part that is drawn without the word, of what is drawn with it."""
_SOME = 0.05
"""An amount below this is none to tell words by."""
_WORD_KINDS = (Kind.NEEDS_TRIGGER, Kind.REDUNDANT_TRIGGER, Kind.DEAD_TRIGGER)


def words_of(one: Animal, source: Made) -> tuple[str, ...]:
    """Return the words that a LoRA was taught or is published with."""
    taught = (lesson.word for lesson in source.lessons if lesson.word)
    return tuple(dict.fromkeys((*taught, *one.claimed)))


def measured_truth(one: Animal, source: Made, found: Sequence[Mapping[str, float]]) -> Truth:
    """Return what is true by the amounts of each of the LoRA's lessons, as `amounts` gives them.

    Only for LoRAs of which it matters what their words do; of others what they were made for holds.
    """
    words = words_of(one, source)
    if not words or not set(one.truth.expected) <= {*_WORD_KINDS, Kind.ALWAYS_ON}:
        return one.truth
    true = {word: _kinds(word, found) for word in words}
    claimed = {kind for word in one.claimed for kind in true[word]}
    expected = [kinds[0] for word in one.claimed if len(kinds := true[word]) == 1]
    by_word = any(lesson.word for lesson in source.lessons)
    if not by_word and claimed == {Kind.DEAD_TRIGGER}:
        expected.append(Kind.ALWAYS_ON)
    some = {kind for kinds in true.values() for kind in kinds}
    false = [kind for kind in _WORD_KINDS if kind not in some]
    if any(kinds == (Kind.NEEDS_TRIGGER,) for kinds in true.values()):
        false.append(Kind.ALWAYS_ON)
    return Truth(
        tuple(dict.fromkeys(expected)),
        ALWAYS_ON.acceptable,
        (Kind.NO_EFFECT, Kind.DOES_NOT_FIT, *false),
        true,
    )


def _kinds(word: str, found: Sequence[Mapping[str, float]]) -> tuple[Kind, ...]:
    """Return what may truly be said of a word: by the lesson of which it draws the largest part."""
    parts = []
    for drawn in found:
        most = max(drawn.values())
        others = sum(drawn[other] for other in OTHERS) / len(OTHERS)
        if most >= _SOME:
            parts.append(((drawn[word] - others) / most, drawn))
    if not parts:
        return _WORD_KINDS
    part, drawn = max(parts, key=lambda pair: pair[0])
    dead = (Kind.DEAD_TRIGGER,) if part < _ANSWERED else ()
    if part <= _DEAD:
        return dead
    without = drawn[NOTHING] / drawn[word]
    needed = (Kind.NEEDS_TRIGGER,) if without < _REDUNDANT else ()
    redundant = (Kind.REDUNDANT_TRIGGER,) if without > _NEEDED else ()
    return (*needed, *redundant, *dead)
