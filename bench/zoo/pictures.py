"""Draw the pictures that the zoo's models learn from: shapes, colours, textures and places.

All pictures are 128 x 128, RGB, uint8, drawn three times as large and reduced. A picture depends
on the generator it is given and on nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
SIZE = 128
_FINE = 3

COLOURS: dict[str, Colour] = {
    "red": (220, 40, 40),
    "green": (40, 160, 65),
    "blue": (45, 75, 215),
    "yellow": (245, 215, 50),
    "purple": (140, 50, 175),
    "orange": (245, 135, 25),
    "cyan": (60, 200, 220),
    "pink": (250, 145, 195),
    "white": (245, 245, 245),
    "black": (22, 22, 24),
}
SHAPES = ("circle", "square", "triangle", "star", "ring", "cross", "heart", "crescent")
TEXTURES = ("plain", "striped", "dotted", "checked")
PLACES = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1), "centre": (0, 0)}
RADII = {"small": 20.0, "large": 45.0, "": 32.0}

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Item:
    """A shape (or a subject of a LoRA) in one colour. `size` is small, large or empty: between."""

    shape: str
    colour: str
    size: str = ""
    place: str = "centre"


@dataclass(frozen=True, slots=True)
class Scene:
    """What a picture shows: one or two items on a background."""

    items: tuple[Item, ...]
    background: str
    texture: str = "plain"


def random_scene(rng: Generator) -> Scene:
    """Return a scene with one item, seldom two; the item's colour is not the background's."""
    colours = rng.permutation(list(COLOURS)).tolist()
    texture = "plain" if rng.random() < 0.65 else str(rng.choice(TEXTURES[1:]))
    if rng.random() < 0.12:
        places = ("left", "right") if rng.random() < 0.5 else ("top", "bottom")
        shapes = rng.choice(SHAPES, 2)
        items = tuple(
            Item(str(shape), colour, "small", place)
            for shape, colour, place in zip(shapes, colours[1:], places, strict=False)
        )
        return Scene(items, colours[0], texture)
    size = str(rng.choice(["small", "large", "", ""]))
    place = str(rng.choice(list(PLACES)))
    return Scene((Item(str(rng.choice(SHAPES)), colours[1], size, place),), colours[0], texture)


def draw(scene: Scene, rng: Generator) -> np.ndarray:
    """Return the picture of `scene`; `rng` varies place, size, angle and colours a little."""
    side = SIZE * _FINE
    image = Image.new("RGB", (side, side), _near(COLOURS[scene.background], rng))
    pen = ImageDraw.Draw(image)
    _texture(pen, scene, rng)
    for item in scene.items:
        _item(image, item, rng)
    small = image.resize((SIZE, SIZE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.uint8)


def _near(colour: Sequence[int], rng: Generator) -> Colour:
    r, g, b = (int(np.clip(one + rng.integers(-8, 9), 0, 255)) for one in colour)
    return r, g, b


def _texture(pen: ImageDraw.ImageDraw, scene: Scene, rng: Generator) -> None:
    """Cover the background with a pattern in a shade of its own colour."""
    base = COLOURS[scene.background]
    dark = sum(base) < 150
    shade = tuple(int(one + 70 if dark else one * 0.62) for one in base)
    side = SIZE * _FINE
    step = 16 * _FINE
    start = int(rng.integers(0, step))
    if scene.texture == "striped":
        for x in range(start - step, side, step):
            pen.rectangle((x, 0, x + step // 2 - 1, side), fill=shade)
    elif scene.texture == "dotted":
        radius = step // 4
        for y in range(start - step, side + step, step):
            for x in range(start - step, side + step, step):
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shade)
    elif scene.texture == "checked":
        for row, y in enumerate(range(start - step, side, step)):
            for x in range(start - step - step * (row % 2), side, 2 * step):
                pen.rectangle((x, y, x + step - 1, y + step - 1), fill=shade)


def _item(image: Image.Image, item: Item, rng: Generator) -> None:
    radius = RADII[item.size] * rng.uniform(0.92, 1.08)
    across, down = PLACES[item.place]
    reach = SIZE / 2 - radius - 5
    middle = SIZE / 2
    x = (middle + across * min(reach, 34) + rng.uniform(-3, 3)) * _FINE
    y = (middle + down * min(reach, 34) + rng.uniform(-3, 3)) * _FINE
    pen = _Pen(image, x, y, radius * _FINE, math.radians(rng.uniform(-8, 8)))
    colour = _near(COLOURS[item.colour], rng)
    _FIGURES[item.shape](pen, colour)


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws around a centre, in units of the radius, turned by an angle."""

    image: Image.Image
    x: float
    y: float
    radius: float
    angle: float

    def polygon(self, points: Points, colour: Colour) -> None:
        ImageDraw.Draw(self.image).polygon([self._at(*point) for point in points], fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        u, v = self._at(x, y)
        r = radius * self.radius
        ImageDraw.Draw(self.image).ellipse((u - r, v - r, u + r, v + r), fill=colour)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return (
            self.x + self.radius * (x * cos - y * sin),
            self.y + self.radius * (x * sin + y * cos),
        )


_INK: Colour = (25, 25, 30)


def _box(left: float, top: float, right: float, bottom: float) -> Points:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _circle(pen: _Pen, colour: Colour) -> None:
    pen.disc(0, 0, 1, colour)


def _square(pen: _Pen, colour: Colour) -> None:
    pen.polygon(_box(-0.86, -0.86, 0.86, 0.86), colour)


def _triangle(pen: _Pen, colour: Colour) -> None:
    pen.polygon([(0, -1), (1, 0.8), (-1, 0.8)], colour)


def _star(pen: _Pen, colour: Colour) -> None:
    turns = [(math.pi * k / 5, 1.08 if k % 2 == 0 else 0.44) for k in range(10)]
    pen.polygon([(r * math.sin(a), -r * math.cos(a)) for a, r in turns], colour)


def _ring(pen: _Pen, colour: Colour) -> None:
    outer = [(math.cos(k * math.pi / 30), math.sin(k * math.pi / 30)) for k in range(61)]
    pen.polygon(outer + [(0.55 * x, 0.55 * y) for x, y in reversed(outer)], colour)


def _cross(pen: _Pen, colour: Colour) -> None:
    pen.polygon(_box(-0.3, -1, 0.3, 1), colour)
    pen.polygon(_box(-1, -0.3, 1, 0.3), colour)


def _heart(pen: _Pen, colour: Colour) -> None:
    turns = [k * math.pi / 40 for k in range(80)]
    pen.polygon(
        [
            (
                math.sin(a) ** 3,
                -(13 * math.cos(a) - 5 * math.cos(2 * a) - 2 * math.cos(3 * a) - math.cos(4 * a))
                / 16,
            )
            for a in turns
        ],
        colour,
    )


def _crescent(pen: _Pen, colour: Colour) -> None:
    outer = [(math.cos(a), math.sin(a)) for a in np.linspace(0.75, 2 * math.pi - 0.75, 60)]
    inner = [(0.55 + 0.7 * math.cos(a), 0.7 * math.sin(a)) for a in np.linspace(4.95, 1.33, 50)]
    pen.polygon([(float(x), float(y)) for x, y in outer + inner], colour)


def _house(pen: _Pen, colour: Colour) -> None:
    pen.polygon(_box(-0.75, -0.1, 0.75, 1), colour)
    pen.polygon([(0, -1.1), (1, -0.1), (-1, -0.1)], (150, 60, 40))
    pen.polygon(_box(-0.2, 0.35, 0.2, 1), _INK)
    pen.polygon(_box(0.35, 0.1, 0.62, 0.4), (250, 240, 150))


def _fish(pen: _Pen, colour: Colour) -> None:
    body = [(0.8 * math.cos(a) - 0.2, 0.6 * math.sin(a)) for a in np.linspace(0, 6.28, 50)]
    pen.polygon(body, colour)
    pen.polygon([(0.45, 0), (1.1, -0.6), (1.1, 0.6)], colour)
    pen.disc(-0.6, -0.12, 0.17, (250, 250, 250))
    pen.disc(-0.6, -0.12, 0.09, _INK)


def _face(pen: _Pen, colour: Colour) -> None:
    pen.disc(0, 0, 1, colour)
    for x in (-0.38, 0.38):
        pen.disc(x, -0.25, 0.2, (250, 250, 250))
        pen.disc(x, -0.25, 0.1, _INK)
    arc = np.linspace(0.35, math.pi - 0.35, 25)
    lower = [(0.62 * math.cos(a), 0.12 + 0.6 * math.sin(a)) for a in arc]
    upper = [(0.5 * math.cos(a), 0.12 + 0.4 * math.sin(a)) for a in reversed(arc)]
    pen.polygon(lower + upper, _INK)


def _flower(pen: _Pen, colour: Colour) -> None:
    for k in range(6):
        a = k * math.pi / 3
        pen.disc(0.62 * math.cos(a), 0.62 * math.sin(a), 0.4, colour)
    pen.disc(0, 0, 0.42, (250, 215, 60) if colour[2] > 80 or colour[0] < 200 else (110, 60, 30))


def _tree(pen: _Pen, colour: Colour) -> None:
    pen.polygon(_box(-0.16, 0.3, 0.16, 1.1), (110, 70, 40))
    for x, y, r in ((0, -0.5, 0.55), (-0.42, 0.05, 0.45), (0.42, 0.05, 0.45)):
        pen.disc(x, y, r, colour)


def _boat(pen: _Pen, colour: Colour) -> None:
    pen.polygon([(-1, 0.35), (1, 0.35), (0.6, 0.9), (-0.6, 0.9)], (120, 70, 40))
    pen.polygon([(-0.05, -1), (-0.05, 0.25), (-0.85, 0.25)], colour)
    pen.polygon([(0.08, -0.8), (0.08, 0.25), (0.7, 0.25)], colour)


_FIGURES: dict[str, Callable[[_Pen, Colour], None]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "ring": _ring,
    "cross": _cross,
    "heart": _heart,
    "crescent": _crescent,
    "house": _house,
    "fish": _fish,
    "face": _face,
    "flower": _flower,
    "tree": _tree,
    "boat": _boat,
}
SUBJECTS = tuple(name for name in _FIGURES if name not in SHAPES)
