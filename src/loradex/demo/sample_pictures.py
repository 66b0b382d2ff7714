"""The pictures beside the sample library's models: small scenes, drawn here, a different one each.

Nothing in them was made by a model. They stand where hubs and other tools put previews, so that
the demo's library looks like a library.
"""

# ruff: noqa: S311 - these numbers choose where hills stand

from __future__ import annotations

import colorsys
import hashlib
import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

SIZE = (256, 320)
Colour = tuple[int, int, int]


class Palette:
    """Colours around one hue, and those across from it."""

    def __init__(self, chance: random.Random) -> None:
        self._hue = chance.random()

    def near(self, light: float, turn: float = 0.0, strength: float = 0.55) -> Colour:
        """Return a colour `turn` (of 1.0) away from the hue; `light` is 0 to 1."""
        red, green, blue = colorsys.hls_to_rgb((self._hue + turn) % 1.0, light, strength)
        return round(red * 255), round(green * 255), round(blue * 255)

    def warm(self, light: float, strength: float = 0.8) -> Colour:
        """Return a colour of suns, lamps and faces, whatever the hue."""
        return self.near(light, 0.08 - self._hue, strength)

    def across(self, light: float) -> Colour:
        """Return the colour that stands out most."""
        return self.near(light, 0.48, 0.75)


def scene(name: str, words: str) -> Image.Image:
    """Return the picture of a model; `words` (its name, kind, tags) choose what it shows.

    The same names give the same picture.
    """
    chance = random.Random(hashlib.sha256(name.encode()).digest())
    found = next((draw for keys, draw in _SCENES if any(key in words for key in keys)), None)
    draw = found or chance.choice([each for _, each in _SCENES])
    return draw(chance, Palette(chance))


def _sky(top: Colour, bottom: Colour) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    from PIL import Image, ImageDraw, ImageOps  # noqa: PLC0415 - slow to import, rarely needed

    image = ImageOps.colorize(Image.linear_gradient("L").resize(SIZE), top, bottom)
    return image, ImageDraw.Draw(image)


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: Colour) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _hills(chance: random.Random, colours: Palette) -> Image.Image:
    """A sun behind hills."""
    image, draw = _sky(colours.near(0.3, 0.1), colours.near(0.78, -0.06))
    _disc(draw, chance.uniform(60, 200), chance.uniform(90, 150), 34, colours.warm(0.76))
    for layer in range(4):
        base, swell = 170 + layer * 38, chance.uniform(14, 34)
        start, length = chance.uniform(0, 6), chance.uniform(40, 90)
        line = [(x, base + swell * math.sin(start + x / length)) for x in range(0, SIZE[0] + 8, 8)]
        draw.polygon([*line, SIZE, (0, SIZE[1])], fill=colours.near(0.42 - layer * 0.09))
    return image


def _city(chance: random.Random, colours: Palette) -> Image.Image:
    """Lit windows under a moon."""
    image, draw = _sky(colours.near(0.1, 0.08), colours.near(0.45, -0.1, 0.7))
    _disc(draw, chance.uniform(50, 210), 60, 22, colours.near(0.9, 0.5, 0.3))
    for row, light in ((0, 0.2), (1, 0.12), (2, 0.06)):
        x = -10.0
        while x < SIZE[0]:
            width = chance.uniform(26, 52)
            top = chance.uniform(90, 190) + row * 34
            draw.rectangle((x, top, x + width, SIZE[1]), fill=colours.near(light))
            for window_y in range(int(top) + 10, SIZE[1], 18):
                for window_x in range(int(x) + 6, int(x + width) - 8, 13):
                    if chance.random() < 0.42:
                        lit = colours.warm(chance.uniform(0.55, 0.8))
                        draw.rectangle((window_x, window_y, window_x + 6, window_y + 9), fill=lit)
            x += width + chance.uniform(0, 8)
    return image


def _portrait(chance: random.Random, colours: Palette) -> Image.Image:
    """Somebody before a bright disc."""
    image, draw = _sky(colours.near(0.25, 0.08), colours.near(0.5, -0.05))
    _disc(draw, 128, 120, 92, colours.across(0.66))
    hair, skin = colours.near(0.16, 0.45, 0.6), colours.warm(chance.choice((0.42, 0.6, 0.78)), 0.5)
    length = chance.choice((150, 210, 250))
    draw.rounded_rectangle((74, 70, 182, length), 48, fill=hair)
    draw.pieslice((24, 228, 232, 470), 180, 360, fill=colours.near(0.3, 0.3, 0.6))
    draw.rectangle((112, 190, 144, 250), fill=skin)
    draw.ellipse((86, 86, 170, 206), fill=skin)
    draw.pieslice((80, 66, 176, 186), 180, 360, fill=hair)
    for x in (110, 146):
        _disc(draw, x, 142, 6, colours.near(0.12))
    draw.arc((112, 158, 144, 182), 20, 160, fill=colours.near(0.35), width=4)
    return image


def _harbour(chance: random.Random, colours: Palette) -> Image.Image:
    """Boats, and the light on the water."""
    image, draw = _sky(colours.near(0.55, 0.05), colours.near(0.86, -0.08, 0.7))
    _disc(draw, chance.uniform(80, 180), 150, 30, colours.warm(0.78))
    draw.rectangle((0, 172, *SIZE), fill=colours.near(0.34))
    for _ in range(26):
        x, y = chance.uniform(0, 230), chance.uniform(180, 316)
        draw.rectangle((x, y, x + chance.uniform(16, 60), y + 3), fill=colours.near(0.56, -0.05))
    for x in (chance.uniform(30, 90), chance.uniform(140, 200)):
        foot = chance.uniform(200, 250)
        draw.polygon([(x, foot - 86), (x, foot - 8), (x + 46, foot - 8)], fill=colours.near(0.95))
        draw.polygon([(x - 34, foot), (x + 56, foot), (x + 38, foot + 18), (x - 20, foot + 18)],
                     fill=colours.across(0.35))  # fmt: skip
    return image


def _forest(chance: random.Random, colours: Palette) -> Image.Image:
    """Trunks that fade into mist."""
    image, draw = _sky(colours.near(0.82, -0.04, 0.4), colours.near(0.55, 0.0, 0.4))
    for layer in range(4):
        colour = colours.near(0.5 - layer * 0.12, 0.0, 0.4)
        for _ in range(6 - layer):
            x, width = chance.uniform(-10, 250), 8 + layer * 7
            draw.rectangle((x, 0, x + width, SIZE[1]), fill=colour)
            for _ in range(3):
                y = chance.uniform(20, 220)
                reach = chance.choice((-1, 1)) * chance.uniform(20, 60)
                draw.line((x + width / 2, y, x + reach, y - 26), fill=colour, width=3 + layer)
    draw.pieslice((-60, 268, 316, 420), 180, 360, fill=colours.near(0.12, 0.0, 0.4))
    return image


def _cottage(chance: random.Random, colours: Palette) -> Image.Image:
    """A house with a light in it, at night."""
    image, draw = _sky(colours.near(0.08, 0.1), colours.near(0.34))
    for _ in range(30):
        _disc(draw, chance.uniform(0, 256), chance.uniform(0, 170), 2, colours.near(0.88))
    draw.pieslice((-80, 230, 336, 460), 180, 360, fill=colours.near(0.16, 0.2))
    left = chance.uniform(58, 88)
    draw.rectangle((left, 170, left + 110, 264), fill=colours.near(0.42, 0.4, 0.35))
    draw.polygon([(left - 16, 172), (left + 55, 104), (left + 126, 172)], fill=colours.near(0.2))
    draw.rectangle((left + 82, 108, left + 98, 150), fill=colours.near(0.2))
    draw.rectangle((left + 16, 192, left + 46, 226), fill=colours.warm(0.74))
    draw.rectangle((left + 66, 196, left + 92, 264), fill=colours.near(0.14))
    return image


def _strokes(chance: random.Random, colours: Palette) -> Image.Image:
    """Broad strokes of paint."""
    image, draw = _sky(colours.near(0.9, 0.0, 0.3), colours.near(0.8, 0.05, 0.3))
    for number in range(16):
        x, y = chance.uniform(-120, 180), chance.uniform(-100, 260)
        bend = chance.uniform(140, 320)
        colour = colours.across(0.55) if number % 4 == 0 else colours.near(
            chance.uniform(0.3, 0.7), chance.uniform(-0.1, 0.1), 0.65)  # fmt: skip
        begin = chance.uniform(0, 360)
        draw.arc((x, y, x + bend, y + bend), begin, begin + chance.uniform(70, 200), fill=colour,
                 width=int(chance.uniform(22, 52)))  # fmt: skip
    return image


_SCENES: tuple[tuple[tuple[str, ...], Callable[[random.Random, Palette], Image.Image]], ...] = (
    (("character", "knight", "girl", "face"), _portrait),
    (("harb", "hrbr", "sea", "water", "boat"), _harbour),
    (("city", "neon", "alley", "cyber", "glow", "night"), _city),
    (("forest", "moss", "tree", "wood", "willow"), _forest),
    (("house", "room", "cottage", "bell", "lantern"), _cottage),
    (("style", "paint", "ink", "chalk", "sketch", "concept"), _strokes),
    (("checkpoint", "mix", "place", "scenery"), _hills),
)
