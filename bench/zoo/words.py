"""What the zoo's models are told: captions of scenes, and the words that mean nothing."""

from __future__ import annotations

from bench.zoo.pictures import COLOURS, PLACES, SHAPES, SUBJECTS, TEXTURES, Item, Scene
from numpy.random import Generator

TRIGGERS = ("zorble", "quixel", "ohwx", "vlorp", "mirtle", "sklorn", "brasp", "clonf", "dweeg")
"""Meaningless words that LoRAs are trained on."""
SPARE = ("fropp", "gnirk", "jaxle", "krimp", "lumbo", "nurfy", "pliff", "snarg", "trelk", "wuggo")
"""Meaningless words that no LoRA is trained on."""
_GRAMMAR = "a an the of on in at and with background picture drawing style small large shape"
WORDS: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *_GRAMMAR.split(),
            *COLOURS,
            *SHAPES,
            *SUBJECTS,
            *TEXTURES,
            *PLACES,
            *TRIGGERS,
            *SPARE,
        )
    )
)
"""Every word that is one token."""
_UNNAMED = 0.08
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def caption(scene: Scene, rng: Generator, *, nonsense: float = 0.0, figure: str = "") -> str:
    """Return a caption of `scene` in one of several word orders, with some parts left out.

    `nonsense` is how often a meaningless word stands somewhere in it. `figure` is what the items'
    shape is called instead of by its name.
    """
    if not figure and rng.random() < _UNNAMED:
        figure = "shape"
    phrases = [_named(item, rng, figure) for item in scene.items]
    subject = " and ".join(phrases)
    background = f"{scene.background} background"
    extras = []
    if scene.texture != "plain" or rng.random() < 0.15:
        extras.append(scene.texture)
    if len(scene.items) == 1 and rng.random() < 0.55:
        extras.append(scene.items[0].place)
    elif len(scene.items) == 2:
        extras.append(f"{scene.items[0].place} and {scene.items[1].place}")
    rng.shuffle(extras)
    order = rng.random()
    if order < 0.12:
        parts = [subject, *extras]
    elif order < 0.3:
        parts = [background, subject, *extras]
    elif order < 0.4:
        parts = [*extras, f"{subject} on a {background}"]
    else:
        parts = [f"{subject} on a {background}", *extras]
    text = ", ".join(parts)
    return with_word(text, nonsense_word(rng), rng) if rng.random() < nonsense else text


def _named(item: Item, rng: Generator, figure: str) -> str:
    colour = item.colour if rng.random() < 0.93 else ""
    words = (item.size if rng.random() < 0.85 else "", colour, figure or item.shape)
    return " ".join(("a", *(word for word in words if word)))


def nonsense_word(rng: Generator) -> str:
    """Return a meaningless word: mostly one of the whole ones, else random letters."""
    if rng.random() < 0.7:
        return str(rng.choice(TRIGGERS + SPARE))
    return "".join(rng.choice(list(_LETTERS), int(rng.integers(3, 8))))


def with_word(text: str, word: str, rng: Generator) -> str:
    """Return `text` with `word` in front of it, mostly, or at its end."""
    return f"{word}, {text}" if rng.random() < 0.75 else f"{text}, {word}"
