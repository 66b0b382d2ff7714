"""Made-up models whose truth is known, as functions from a point of a probe to a picture."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loradex.domain.probing import Depth, ProbePoint
from loradex.probe.burning import signs
from loradex.probe.course import course
from loradex.probe.features import features
from loradex.probe.inquiry import Inquiry, TriedWord
from loradex.probe.judge import Judged, judge
from loradex.probe.samples import Sample, Samples
from loradex.probe.state import State

Picture = NDArray[np.float32]
SIDE = 64
TRIGGER = TriedWord("ohwx", "claimed", "blorp", 1)


@dataclass(frozen=True)
class Lora:
    """How strongly a made-up LoRA acts: always, and with its words besides.

    `jitter` moves what is in the picture a little at any strength, as real ones do.
    """

    always: float = 0.0
    by_word: float = 0.0
    word: str = "ohwx"
    jitter: float = 0.0
    burns_at: float = 99.0
    one_picture: bool = False
    gain: float = 1.0


def picture(point: ProbePoint, lora: Lora) -> Picture:
    """Draw a picture: a disc on a ground by prompt and seed, words move it a bit."""
    strength = point.strength * lora.gain
    chance = _chance(point.prompt, 0 if lora.one_picture and strength >= 1 else point.seed)
    place = chance.uniform(0.3, 0.7, 2)
    place = place + _chance(point.prompt, point.seed, point.words).normal(0, 0.02, 2)
    place = place + min(strength, 1.0) * lora.jitter * _chance(point.seed).normal(0, 1, 2)
    ground, disc = chance.uniform(0.2, 0.8, 3), chance.uniform(0.2, 0.8, 3)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    inside = (rows - place[0]) ** 2 + (columns - place[1]) ** 2 < 0.05
    drawn = np.where(inside[:, :, None], disc, ground)
    power = lora.always + (lora.by_word if lora.word in point.words else 0.0)
    part = np.tanh(1.5 * strength * power)
    stripes = 0.5 + 0.5 * np.sign(np.sin(rows * 40))[:, :, None] * np.array([0.6, 0.2, -0.5])
    drawn = (1 - 0.35 * part) * drawn + 0.35 * part * stripes
    if strength > lora.burns_at:
        over = 4 * (strength - lora.burns_at)
        rough = _chance(point.seed, point.prompt).normal(0, 1, drawn.shape)
        drawn = 0.5 + (drawn - 0.5) * (1 + over) + 0.3 * over * rough
    return np.clip(np.round(drawn * 255) / 255, 0, 1).astype(np.float32)


def probed(
    lora: Lora,
    *words: TriedWord,
    mined: tuple[TriedWord, ...] = (),
    depth: Depth = Depth.NORMAL,
    draw: Callable[[ProbePoint, Lora], Picture] = picture,
) -> tuple[Judged, Samples]:
    """Run a whole probe on a made-up LoRA; return what it says and what it drew."""
    inquiry = Inquiry(3, (1, 2, 3, 4), words, mined, depth)
    samples = Samples()
    state = State(inquiry, samples, 0.29)
    for points in course(state):
        for point in points:
            if point not in samples.known:
                pixels = draw(point, lora)
                samples.add(point, Sample(features(pixels), signs(pixels)))
    return judge(state), samples


def cells_with_lora(samples: Samples) -> int:
    """Count the pictures that belong to the LoRA and its words alone."""
    return sum(bool(point.strength) for point in samples.known)


def _chance(*parts: object) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(parts).encode()))
