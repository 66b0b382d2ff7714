"""What pictures have in common, and what a word brings: on made-up changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from loradex.domain.probing import NO_WORDS, Depth, Interval, ProbePoint
from loradex.domain.verdicts import VerdictKind
from loradex.probe.answers import answer
from loradex.probe.burning import signs
from loradex.probe.effects import Place, coherence, moves, one_way
from loradex.probe.features import features
from loradex.probe.inquiry import Inquiry, TriedWord
from loradex.probe.judge import judge
from loradex.probe.limits import Decision, early
from loradex.probe.samples import Sample, Samples
from loradex.probe.state import State

K = VerdictKind
Change = Callable[[int, int], NDArray[np.float64]]
STYLE, DRIFT = 99, 98
"""Numbers of patterns that no prompt has as its own."""


def pattern(number: int) -> NDArray[np.float64]:
    """Return soft blobs of colour, the same ones for the same number."""
    coarse = np.random.default_rng(number).normal(0, 1, (8, 8, 3))
    return coarse.repeat(8, axis=0).repeat(8, axis=1)


def plain_pattern(prompt: int, seed: int) -> NDArray[np.float64]:
    """Return what the checkpoint alone draws."""
    return pattern(1000 + 10 * prompt + seed)


def samples_of(changes: Mapping[str, Change], prompts: int = 4, seeds: int = 3) -> Samples:
    """Return pictures with and without a LoRA that adds, by word, `changes(prompt, seed)`."""
    samples = Samples()
    for prompt in range(prompts):
        for seed in range(1, seeds + 1):
            base = 0.5 + 0.1 * plain_pattern(prompt, seed)
            for words, change in changes.items():
                for strength in (0.0, 1.0):
                    drawn = base + strength * change(prompt, seed)
                    pixels = np.clip(drawn, 0, 1).astype(np.float32)
                    point = ProbePoint(prompt, seed, strength, words)
                    samples.add(point, Sample(features(pixels), signs(pixels)))
    return samples


def darker(_prompt: int, _seed: int) -> NDArray[np.float64]:
    return np.full((64, 64, 3), (-0.2, -0.1, 0.05))


def by_prompt(prompt: int, _seed: int) -> NDArray[np.float64]:
    """Each prompt is tinted in a way of its own, the same for all of its seeds."""
    tints = ((0.2, 0, 0), (-0.2, 0, 0), (0, 0, 0.2), (0, 0, -0.2))
    return np.full((64, 64, 3), tints[prompt])


def test_what_each_prompt_does_on_its_own_is_no_common_way() -> None:
    samples = samples_of({NO_WORDS: by_prompt})
    moved = moves(samples, Place(1.0))
    assert coherence(moved, sorted(moved)) > 0.05
    assert one_way(samples, Place(1.0)).mean < 0


def test_a_style_is_a_common_way_of_all_prompts() -> None:
    found = one_way(samples_of({NO_WORDS: darker}), Place(1.0))
    assert found.mean > 0.4
    assert found.low > 0.2


def test_pictures_of_one_prompt_leave_open_what_is_common() -> None:
    found = one_way(samples_of({NO_WORDS: darker}, prompts=1), Place(1.0))
    assert not np.isfinite(found.low)


@pytest.mark.parametrize(
    ("word_adds", "news", "answered"),
    [(0.0, 0.0, Decision.NO), (0.3, 0.1, Decision.NO), (3.0, 0.9, Decision.YES)],
)
def test_a_word_is_answered_by_what_its_placebo_lacks(
    word_adds: float, news: float, answered: Decision
) -> None:
    def plain(prompt: int, seed: int) -> NDArray[np.float64]:
        return 0.05 * pattern(DRIFT) + 0.005 * pattern(7 * prompt + seed)

    def called(prompt: int, seed: int) -> NDArray[np.float64]:
        return plain(prompt, seed) + word_adds * 0.05 * pattern(STYLE)

    found = answer(samples_of({NO_WORDS: plain, "ohwx": called, "w": plain}), 1.0, "ohwx", "w")
    assert found.news.mean == pytest.approx(news, abs=0.08)
    assert found.answered(0.25) is answered


def test_a_word_that_moves_pictures_as_any_word_does_is_not_answered() -> None:
    def moved_by(word: int) -> Change:
        def change(prompt: int, seed: int) -> NDArray[np.float64]:
            own = pattern(5000 + 100 * word + 10 * prompt + seed)
            return 0.05 * pattern(DRIFT) + 0.05 * own

        return change

    drawn = {NO_WORDS: moved_by(0), "ohwx": moved_by(1), "w": moved_by(2)}
    found = answer(samples_of(drawn, prompts=6, seeds=4), 1.0, "ohwx", "w")
    assert found.news.mean > 0.3
    assert found.answered(0.25) is not Decision.YES


def test_an_early_look_has_to_be_surer() -> None:
    few, many = Interval(1.0, 0.8, 1.1, 3), Interval(1.0, 0.8, 1.1, 12)
    assert early(many, 12) == many
    wide = early(few, 12)
    assert (wide.low, wide.high) == pytest.approx((0.6, 1.2))


@pytest.mark.parametrize(("every", "kind"), [(True, K.ALWAYS_ON), (False, K.UNDECIDED)])
def test_what_waits_for_none_of_its_captions_is_always_on(*, every: bool, kind: K) -> None:
    def each_its_own(prompt: int, seed: int) -> NDArray[np.float64]:
        other = pattern(3000 + 10 * prompt + seed)
        turned = np.cos(0.4) * plain_pattern(prompt, seed) + np.sin(0.4) * other
        return np.asarray(0.1 * (turned - plain_pattern(prompt, seed)))

    word = TriedWord("dotted", "header", "w", 1)
    inquiry = Inquiry(6, (1, 2, 3, 4), (), (word,), Depth.NORMAL, every)
    drawn = dict.fromkeys((NO_WORDS, "dotted", "w"), each_its_own)
    samples = samples_of(drawn, prompts=6, seeds=4)
    kinds = {one.kind for one in judge(State(inquiry, samples, 0.29)).findings}
    assert kind in kinds
