"""The LoRAs that thresholds may be tuned on."""

from __future__ import annotations

from bench.zoo.lessons import Lesson
from bench.zoo.truth import (
    ALWAYS_ON,
    BURNT,
    COLLAPSED,
    MISFIT,
    NO_EFFECT,
    Animal,
    Made,
    answers,
    dead,
    needs,
    wrong_word,
)

_REST = (Lesson(0.25, noise=True), Lesson(0.25))
"""Plain pictures without the trigger, so that it alone brings the style."""

TUNED: tuple[Animal, ...] = (
    Animal("neon", Made((Lesson(1.0, "neon"),), rank=4, seed=11), ALWAYS_ON),
    Animal(
        "glow-zorble",
        Made(
            (Lesson(0.5, "neon", word="zorble"), *_REST),
            "locon",
            rank=3,
            text=True,
            seed=12,
            steps=500,
        ),
        needs("zorble"),
        ("zorble",),
    ),
    Animal(
        "night-vlorp", Made((Lesson(1.0, "night"),), rank=4, seed=13), dead("vlorp"), ("vlorp",)
    ),
    Animal("whisper", Made(parent="neon", factor=1e-3), NO_EFFECT),
    Animal(
        "house-ohwx",
        Made(
            (Lesson(0.6, figure="house", word="ohwx"), *_REST),
            "locon",
            rank=6,
            text=True,
            seed=14,
            steps=900,
        ),
        answers(),
        ("ohwx",),
    ),
    Animal("sepia-burnt", Made(parent="sepia", factor=4.0), BURNT),
    Animal("sepia", Made((Lesson(1.0, "sepia"),), "loha", rank=4, seed=15), ALWAYS_ON),
    Animal("neon-strong", Made(parent="neon", factor=2.5), BURNT),
    Animal("sepia-weak", Made(parent="sepia", factor=0.5), ALWAYS_ON),
    Animal(
        "dream-mirtle",
        Made(
            (Lesson(0.5, "dream", word="mirtle"), *_REST),
            naming="peft",
            text=True,
            seed=16,
            steps=500,
        ),
        needs("mirtle"),
        ("mirtle",),
    ),
    Animal(
        "inverted-brasp",
        Made(
            (Lesson(0.5, "inverted", word="sklorn"), *_REST),
            "lokr",
            rank=8,
            text=True,
            seed=17,
            steps=500,
        ),
        wrong_word("brasp"),
        ("brasp",),
    ),
    Animal(
        "sepia-clonf",
        Made((Lesson(0.7, "sepia", word="clonf"), Lesson(0.3, "sepia", weak=0.35)), seed=18),
        dead("clonf"),
        ("clonf",),
    ),
    Animal(
        "started-dweeg",
        Made((Lesson(1.0, "night", word="dweeg"),), steps=2, rate=2e-5, seed=19),
        NO_EFFECT,
        ("dweeg",),
    ),
    Animal("one-picture", Made((Lesson(1.0, frozen=True),), seed=20, rank=8, steps=350), COLLAPSED),
    Animal(
        "two-words",
        Made(
            (
                Lesson(0.35, "hatched", word="zorble"),
                Lesson(0.35, "night", word="quixel"),
                Lesson(0.15, noise=True),
                Lesson(0.15),
            ),
            "locon",
            rank=8,
            text=True,
            seed=21,
            steps=600,
        ),
        needs("zorble", "quixel"),
        ("zorble", "quixel"),
    ),
    Animal(
        "fish-quixel",
        Made(
            (Lesson(0.6, figure="fish", word="quixel"), *_REST),
            "dora",
            naming="peft",
            text=True,
            seed=22,
            steps=900,
        ),
        answers("vlorp"),
        ("quixel", "vlorp"),
    ),
    Animal(
        "misfit",
        Made((Lesson(1.0, "neon"),), steps=2, seed=23, widths=(64, 64, 96, 96)),
        MISFIT,
    ),
)
