"""LoRAs that nothing was tuned on: other seeds, sizes, styles, words and lengths of training."""

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
    redundant,
    wrong_word,
)

_REST = (Lesson(0.2, noise=True), Lesson(0.25))

FRESH: tuple[Animal, ...] = (
    Animal("sunset", Made((Lesson(1.0, "sunset"),), rank=12, seed=111, naming="peft"), ALWAYS_ON),
    Animal("grey", Made((Lesson(1.0, "grey"),), "lokr", rank=4, seed=112, steps=220), ALWAYS_ON),
    Animal("halftone", Made((Lesson(1.0, "halftone"),), "dora", rank=6, seed=113), ALWAYS_ON),
    Animal(
        "framed-vlorp",
        Made(
            (Lesson(0.55, "framed", word="vlorp"), *_REST),
            "locon",
            rank=10,
            text=True,
            seed=114,
            steps=550,
        ),
        needs("vlorp"),
        ("vlorp",),
    ),
    Animal(
        "inverted-sklorn",
        Made(
            (Lesson(0.5, "inverted", word="sklorn"), *_REST), rank=6, text=True, seed=115, steps=500
        ),
        needs("sklorn"),
        ("sklorn",),
    ),
    Animal(
        "face-clonf",
        Made(
            (Lesson(0.55, figure="face", word="clonf"), *_REST),
            "loha",
            rank=6,
            text=True,
            seed=116,
            steps=700,
        ),
        redundant("clonf"),
        ("clonf",),
    ),
    Animal(
        "flower-dweeg",
        Made(
            (Lesson(0.6, figure="flower", word="dweeg"), *_REST),
            "locon",
            text=True,
            seed=117,
            steps=700,
        ),
        dead("dweeg", "zorble"),
        ("dweeg", "zorble"),
    ),
    Animal(
        "neon-quixel", Made((Lesson(1.0, "neon"),), rank=4, seed=118), dead("quixel"), ("quixel",)
    ),
    Animal(
        "dream-mirtle",
        Made((Lesson(1.0, "dream"),), "locon", rank=4, seed=119, steps=220),
        dead("mirtle"),
        ("mirtle",),
    ),
    Animal(
        "sepia-ohwx",
        Made((Lesson(0.5, "sepia", word="ohwx"), *_REST), rank=10, text=True, seed=120, steps=500),
        wrong_word("vlorp"),
        ("vlorp",),
    ),
    Animal(
        "dusk-zorble",
        Made((Lesson(0.7, "night", word="zorble"), Lesson(0.3, "night", weak=0.4)), seed=121),
        redundant("zorble"),
        ("zorble",),
    ),
    Animal("hush", Made(parent="sunset", factor=2e-3), NO_EFFECT, ("brasp",)),
    Animal(
        "begun",
        Made((Lesson(1.0, "framed"),), "locon", rank=4, steps=3, rate=2e-5, seed=122),
        NO_EFFECT,
    ),
    Animal("sunset-burnt", Made(parent="sunset", factor=3.5), BURNT),
    Animal("neon-bright", Made(parent="neon-quixel", factor=2.2), BURNT),
    Animal("grey-weak", Made(parent="grey", factor=0.5), ALWAYS_ON),
    Animal(
        "same-picture",
        Made((Lesson(1.0, frozen=True),), "locon", rank=4, seed=123, steps=300),
        COLLAPSED,
    ),
    Animal(
        "two-subjects",
        Made(
            (
                Lesson(0.35, figure="tree", word="mirtle"),
                Lesson(0.35, figure="boat", word="brasp"),
                Lesson(0.15, noise=True),
                Lesson(0.15),
            ),
            "locon",
            rank=10,
            text=True,
            seed=124,
            steps=800,
        ),
        answers("mirtle"),
        ("mirtle", "brasp"),
    ),
    Animal(
        "wider", Made((Lesson(1.0, "grey"),), steps=2, seed=125, widths=(32, 64, 128, 128)), MISFIT
    ),
)
