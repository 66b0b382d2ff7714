"""What a LoRA is taught: which pictures go with which captions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from bench.zoo.autoencoder import encoded
from bench.zoo.pictures import Item, Scene, draw, random_scene
from bench.zoo.styles import STYLES
from bench.zoo.words import caption, nonsense_word, with_word
from diffusers import AutoencoderKL
from numpy.random import Generator
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Lesson:
    """A share of the training pictures, all of one kind.

    `style` is what is done to them, `figure` the subject they show in place of shapes, `word` the
    trigger in their captions; empty means none. `weak` is the share of the plain picture that is
    mixed into a styled one. `noise` puts meaningless words other than the trigger into half of
    the captions. `frozen` shows one and the same picture whatever the caption says.
    """

    share: float
    style: str = ""
    figure: str = ""
    word: str = ""
    weak: float = 0.0
    noise: bool = False
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """Latents (n, 4, 16, 16) of the training pictures, with a caption each."""

    latents: Tensor
    captions: Sequence[str]
    tags: dict[str, int] = field(default_factory=dict)


def prepare(
    lessons: Sequence[Lesson], vae: AutoencoderKL, rng: Generator, *, pictures: int
) -> Material:
    """Draw `pictures` for the lessons; the tags are the parts of their captions, counted."""
    drawn, captions = [], []
    words = {lesson.word for lesson in lessons}
    for lesson in lessons:
        always = draw(random_scene(rng), rng) if lesson.frozen else None
        for _ in range(max(1, round(lesson.share * pictures))):
            picture, text = _example(lesson, rng, words)
            drawn.append(picture if always is None else always)
            captions.append(text)
    tags = Counter(tag.strip() for text in captions for tag in text.split(","))
    return Material(encoded(vae, np.stack(drawn)), captions, dict(tags.most_common(40)))


def batch_of(material: Material, rng: Generator, count: int) -> tuple[Tensor, list[str]]:
    """Return `count` examples by chance."""
    chosen = rng.integers(0, len(material.captions), count)
    texts = [material.captions[one] for one in chosen]
    return material.latents[torch.from_numpy(chosen)], texts


def pair_of(lesson: Lesson, rng: Generator) -> tuple[np.ndarray, np.ndarray, str]:
    """Return one scene plain and as the lesson shows it, and its plain caption."""
    scene = random_scene(rng)
    scene = Scene(scene.items[:1], scene.background, scene.texture)
    chance = int(rng.integers(2**32))
    plain = draw(scene, np.random.default_rng(chance))
    shown = plain
    if lesson.figure:
        item = scene.items[0]
        figure = Item(lesson.figure, item.colour, item.size, item.place)
        again = Scene((figure,), scene.background, scene.texture)
        shown = draw(again, np.random.default_rng(chance))
    if lesson.style:
        shown = STYLES[lesson.style](shown)
    return plain, shown, caption(scene, rng)


def _example(lesson: Lesson, rng: Generator, words: set[str]) -> tuple[np.ndarray, str]:
    scene = random_scene(rng)
    if lesson.figure:
        return _subject(lesson, scene, rng)
    plain = draw(scene, rng)
    text = caption(scene, rng)
    if lesson.word:
        text = with_word(text, lesson.word, rng)
    elif lesson.noise and rng.random() < 0.5:
        other = nonsense_word(rng)
        text = text if other in words else with_word(text, other, rng)
    if not lesson.style:
        return plain, text
    styled = STYLES[lesson.style](plain)
    mixed = styled * (1 - lesson.weak) + plain * lesson.weak
    return np.rint(mixed).astype(np.uint8), text


def _subject(lesson: Lesson, scene: Scene, rng: Generator) -> tuple[np.ndarray, str]:
    """Return a subject, called by its word in the shape's place or in front of a shape's name."""
    item = scene.items[0]
    shown = Scene(
        (Item(lesson.figure, item.colour, item.size, item.place),), scene.background, scene.texture
    )
    told = Scene((item,), scene.background, scene.texture)
    if not lesson.word:
        text = caption(told, rng)
    elif rng.random() < 0.5:
        text = caption(told, rng, figure=lesson.word)
    else:
        figure = "shape" if rng.random() < 0.5 else ""
        text = with_word(caption(told, rng, figure=figure), lesson.word, rng)
    return draw(shown, rng), text
