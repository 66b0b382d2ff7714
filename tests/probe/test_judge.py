"""Whole probes of made-up LoRAs whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loradex.domain.probing import Depth, ProbePoint
from loradex.domain.verdicts import VerdictKind
from loradex.probe import sentences
from loradex.probe.inquiry import TriedWord
from probe_worlds import TRIGGER, Lora, Picture, cells_with_lora, picture, probed

K = VerdictKind
CLEAR_CASE = 24
"""Pictures with the LoRA that a clear case may cost."""

CASES = [
    ("always on", Lora(always=1), (), {K.ALWAYS_ON}, {K.NEEDS_TRIGGER, K.NO_EFFECT, K.BURNS}),
    ("needs it", Lora(by_word=1), (TRIGGER,), {K.NEEDS_TRIGGER}, {K.ALWAYS_ON, K.DEAD_TRIGGER}),
    ("dead", Lora(always=1), (TRIGGER,), {K.ALWAYS_ON, K.DEAD_TRIGGER}, {K.NEEDS_TRIGGER}),
    ("nothing", Lora(), (TRIGGER,), {K.NO_EFFECT}, {K.ALWAYS_ON, K.NEEDS_TRIGGER, K.USABLE}),
    ("near nothing", Lora(always=0.001), (), {K.NO_EFFECT}, {K.ALWAYS_ON}),
    ("another word", Lora(by_word=1, word="zork"), (TRIGGER,), {K.NO_EFFECT}, {K.NEEDS_TRIGGER}),
]


@pytest.mark.parametrize(
    ("lora", "words", "must", "never"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_clear_case_is_told_for_what_it_is(
    lora: Lora, words: tuple[TriedWord, ...], must: set[K], never: set[K]
) -> None:
    judged, samples = probed(lora, *words)
    kinds = {one.kind for one in judged.findings}
    assert must <= kinds
    assert not never & kinds
    assert cells_with_lora(samples) <= CLEAR_CASE


def test_seeds_that_become_alike_are_told() -> None:
    judged, _ = probed(Lora(always=0.3, one_picture=True))
    (found,) = [one for one in judged.findings if one.kind is K.COLLAPSES]
    assert found.low == 0.5
    usable = [one for one in judged.findings if one.kind is K.USABLE]
    assert all(one.high is not None and one.high <= 0.5 for one in usable)


def test_one_picture_for_every_prompt_is_a_collapse_however_it_is_shifted() -> None:
    def one_pattern(point: ProbePoint, lora: Lora) -> Picture:
        if point.strength < 1:
            return picture(point, lora)
        stripes = np.arange(64) % 16 < 8
        again = np.where(stripes[None, :, None], 0.9, 0.1).repeat(64, axis=0).repeat(3, axis=2)
        return np.roll(again, 8 * (point.seed % 2), axis=1).astype(np.float32)

    judged, _ = probed(Lora(always=0.4), draw=one_pattern)
    (found,) = [one for one in judged.findings if one.kind is K.COLLAPSES]
    assert found.low == 0.5
    assert found.numbers["variety"] < 0.3 < found.numbers["diversity"]
    assert "collapse into one" in found.sentence


def test_a_weak_one_is_usable_where_a_strong_one_is_not_any_more() -> None:
    ranges = []
    for gain in (0.4, 1.0, 2.5):
        judged, _ = probed(Lora(always=1, gain=gain))
        (best,) = [one for one in judged.findings if one.kind is K.BEST]
        ranges.append(best.low or 0.0)
    assert ranges == sorted(ranges, reverse=True)
    assert ranges[0] > 1.2
    assert ranges[2] < 0.6


def test_a_word_of_the_captions_is_found_when_nobody_claims_one() -> None:
    mined = (TriedWord("red circle", "header", "blorp zork", 2), replace(TRIGGER, source="header"))
    judged, _ = probed(Lora(by_word=1), mined=mined)
    (found,) = [one for one in judged.findings if one.kind is K.NEEDS_TRIGGER]
    assert found.word == "ohwx"
    assert "captions" in found.sentence
    assert judged.words == "ohwx"


def test_captions_that_are_not_answered_are_no_dead_triggers() -> None:
    mined = (TriedWord("red circle", "header", "blorp zork", 2),)
    judged, _ = probed(Lora(always=1), mined=mined)
    kinds = {one.kind for one in judged.findings}
    assert K.ALWAYS_ON in kinds
    assert not kinds & {K.DEAD_TRIGGER, K.NEEDS_TRIGGER}


def test_two_words_are_judged_each_on_its_own() -> None:
    other = TriedWord("mirtle", "claimed", "blorp", 1)
    judged, _ = probed(Lora(by_word=1), TRIGGER, other)
    by_word = {one.word: one.kind for one in judged.findings if one.word}
    assert by_word == {"ohwx": K.NEEDS_TRIGGER, "mirtle": K.DEAD_TRIGGER}
    assert K.ALWAYS_ON not in {one.kind for one in judged.findings}


def test_a_quick_probe_spends_no_more_than_its_first_pictures() -> None:
    unclear = Lora(always=0.4, by_word=0.4, jitter=0.06)
    _, quick = probed(unclear, TRIGGER, depth=Depth.QUICK)
    _, normal = probed(unclear, TRIGGER)
    assert cells_with_lora(quick) <= CLEAR_CASE < cells_with_lora(normal)


def test_broken_pictures_end_the_range() -> None:
    def flat_above_one(point: ProbePoint, lora: Lora) -> Picture:
        drawn = picture(point, lora)
        return np.zeros_like(drawn) if point.strength > 1 else drawn

    judged, _ = probed(Lora(always=1), draw=flat_above_one)
    (burns,) = [one for one in judged.findings if one.kind is K.BURNS]
    assert burns.low is not None
    assert 1 <= burns.low < 1.5
    (usable,) = [one for one in judged.findings if one.kind is K.USABLE]
    assert usable.high == burns.low


def test_what_breaks_every_picture_burns_at_any_strength() -> None:
    def black(point: ProbePoint, lora: Lora) -> Picture:
        drawn = picture(point, lora)
        return np.zeros_like(drawn) if point.strength else drawn

    judged, _ = probed(Lora(always=1), draw=black)
    kinds = {one.kind for one in judged.findings}
    assert K.BURNS in kinds
    assert not kinds & {K.USABLE, K.BEST, K.NO_EFFECT}


def test_every_finding_has_its_numbers_and_claims_no_more_than_was_measured() -> None:
    for _, lora, words, _, _ in CASES:
        judged, _ = probed(lora, *words)
        for finding in judged.findings:
            assert finding.numbers
            assert np.isfinite(list(finding.numbers.values())).all()
            text = finding.sentence.casefold()
            assert not any(word in text for word in ("good", "bad", "looks", "quality", "nan"))


def test_findings_come_with_what_would_decide_an_open_question() -> None:
    judged, _ = probed(Lora(always=0.4, by_word=0.6, jitter=0.09), TRIGGER, depth=Depth.QUICK)
    for finding in judged.findings:
        if finding.kind is K.UNDECIDED:
            assert "more seeds" in finding.sentence


def test_no_sentence_speaks_of_more_than_all() -> None:
    numbers = {"score": 1.012, "leak": -0.003}
    said = sentences.on_word(K.NEEDS_TRIGGER, TRIGGER, numbers)
    assert "100 % of the change is due to it; 0 % of the change is there without it." in said
