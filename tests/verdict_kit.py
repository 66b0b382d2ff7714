"""Verdicts, and a shelf of models for them, for tests that need some."""

from __future__ import annotations

from catalog_kit import add_library, look
from loradex.catalog.catalog import Catalog
from loradex.domain.probing import CurvePoint, Interval, ProbeEvidence, WordScore
from loradex.domain.verdicts import Finding, Verdict, VerdictKind

NEEDS = Finding(
    VerdictKind.NEEDS_TRIGGER, "Responds to ohwx; without it pictures hardly change.", word="ohwx",
    numbers={"score": 0.75, "leak": 0.125},
)  # fmt: skip
DEAD = Finding(
    VerdictKind.DEAD_TRIGGER, "The word ohwx does no more than a placebo.", word="ohwx",
    numbers={"score": 0.0},
)  # fmt: skip
USABLE = Finding(VerdictKind.USABLE, "Usable from 0.4 to 1.1.", low=0.4, high=1.1)
BEST = Finding(VerdictKind.BEST, "The response is about complete at 0.8.", low=0.8)
BURNS = Finding(VerdictKind.BURNS, "Clips above 1.25.", low=1.25, numbers={"clipped": 0.3})


def shelf(catalog: Catalog) -> None:
    """Fill a catalog with the LoRAs 1 to 3 (the first has the word OHWX) and checkpoints 4, 5."""
    catalog.looks.record(
        add_library(catalog),
        [
            look("one.safetensors", 1, words=("OHWX",)),
            look("two.safetensors", 2),
            look("three.safetensors", 3),
            look("other.safetensors", 4, kind="checkpoint"),
            look("base.safetensors", 5, kind="checkpoint"),
        ],
        "1",
    )


def probe(content_id: int, *findings: Finding, on: int = 5) -> Verdict:
    """Return what a probe says of a model on a checkpoint, that called `base` unless told."""
    return Verdict(content_id, findings, checkpoint_id=on)


def evidence(*words: str) -> ProbeEvidence:
    """Return a probe's numbers, with a score of 0.75 for each word."""
    effect = Interval(4.0, 3.5, 4.5, 12)
    return ProbeEvidence(
        floor=1.25,
        seed_distance=40.0,
        curve=tuple(
            CurvePoint(
                strength, "ohwx", Interval(strength * 8, strength * 7, strength * 9, 12),
                Interval(strength / 2, strength / 3, strength, 12), effect,
                diversity=0.9, burn={"clipped": 0.01},
            )
            for strength in (0.25, 0.5, 1.0, 1.5)
        ),
        words=tuple(
            WordScore(
                word, "header", 2, "qzv kfp", 1.0, Interval(0.75, 0.7, 0.8, 12),
                Interval(0.125, 0.1, 0.15, 12),
            )
            for word in words
        ),
        prompts=("a house", "a tree"),
        seeds=(1, 2, 3, 4),
        settings={"width": 64, "sampler": "Euler", "guidance_scale": 5.0},
        engine="loradex 0.1",
        drawn=20,
        reused=4,
        shared=8,
        seconds=12.5,
    )  # fmt: skip
