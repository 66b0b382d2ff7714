"""Measures of plugins over pairs of pictures."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from pathlib import Path

import pytest
from PIL import Image

from loradex.domain.grid import RenderedCell
from loradex.domain.probing import ProbePoint
from loradex.domain.progress import SilentSink
from loradex.operations.probing.measuring import extra_measures, measured_pairs
from loradex.paths import Home
from loradex.plugin_api import MeasuredPicture
from loradex.plugin_manager import Plugins, load_plugins
from loradex.plugin_manager.discovery import find_installed

HEAD = """
from loradex.plugin_api import hookimpl

LORADEX_API = "1.3"

class Light:
    id, title, unit, meaning = "light", "Light", "%", "How light a picture is."
    asked = []
    def measure(self, picture):
        self.asked.append(picture)
        assert len(self.asked) == len(set(self.asked)), "asked twice"
        return {numbers}.get((picture.strength, picture.seed))

@hookimpl
def probe_measure(): return [Light()]
"""

Load = Callable[[dict[tuple[float, int], float]], Plugins]


@pytest.fixture
def load(home: Home) -> Load:
    """Load one plugin that knows these numbers by strength and seed."""

    def load(numbers: dict[tuple[float, int], float]) -> Plugins:
        home.plugins.mkdir(parents=True)
        body = HEAD.replace("{numbers}", repr(numbers))
        (home.plugins / "lamp.py").write_text(body, encoding="utf-8")
        return load_plugins(home, disabled=[plugin.name for plugin in find_installed()])

    return load


def picture(strength: float, seed: int, folder: str = "") -> MeasuredPicture:
    return MeasuredPicture(Path(folder) / f"{strength}-{seed}.png", "a lantern", seed, strength)


def pairs(strength: float, seeds: int) -> list[tuple[MeasuredPicture, MeasuredPicture]]:
    return [(picture(0.0, seed), picture(strength, seed)) for seed in range(seeds)]


def test_means_and_the_paired_difference(load: Load) -> None:
    base = {(0.0, seed): 10.0 * seed for seed in range(3)}
    plugins = load(base | {(0.5, 0): 1.0, (0.5, 1): 12.0, (0.5, 2): 23.0})

    (told,) = extra_measures(pairs(0.5, 3), plugins, SilentSink())

    assert (told.name, told.title, told.source, told.unit) == ("light", "Light", "lamp", "%")
    assert (told.meaning, told.strength) == ("How light a picture is.", 0.5)
    assert (told.base, told.lora) == (10.0, 12.0)
    # The differences are 1, 2 and 3: a mean of 2, a deviation of 1, two degrees of freedom.
    half = 4.303 / sqrt(3)
    difference = told.difference
    assert (difference.mean, difference.pairs) == (2.0, 3)
    assert (difference.low, difference.high) == pytest.approx((2 - half, 2 + half), abs=1e-3)
    assert plugins.problems == ()


def test_each_strength_stands_alone_and_base_pictures_are_measured_once(load: Load) -> None:
    numbers = {(strength, seed): strength for strength in (0.0, 0.5, 1.0) for seed in range(2)}
    plugins = load(numbers)

    told = extra_measures([*pairs(1.0, 2), *pairs(0.5, 2)], plugins, SilentSink())

    assert [(each.strength, each.base, each.lora) for each in told] == [
        (0.5, 0.0, 0.5),
        (1.0, 0.0, 1.0),
    ]
    assert plugins.problems == ()


@pytest.mark.parametrize(("missing", "left"), [((0.5, 0), 2), ((0.0, 1), 2), (None, 3)])
def test_pairs_without_a_number_are_left_out(
    load: Load, missing: tuple[float, int] | None, left: int
) -> None:
    numbers = {(strength, seed): 1.0 for strength in (0.0, 0.5) for seed in range(3)}
    plugins = load({key: value for key, value in numbers.items() if key != missing})

    (told,) = extra_measures(pairs(0.5, 3), plugins, SilentSink())

    assert told.difference.pairs == left


def test_one_pair_says_nothing(load: Load) -> None:
    plugins = load({(0.0, 0): 1.0, (0.5, 0): 2.0})
    assert extra_measures(pairs(0.5, 3), plugins, SilentSink()) == ()
    assert extra_measures([], plugins, SilentSink()) == ()


def test_the_bundled_measures_tell_colour_from_grey(home: Home, tmp_path: Path) -> None:
    found = []
    for seed in range(3):
        pair = (picture(0.0, seed, str(tmp_path)), picture(0.8, seed, str(tmp_path)))
        for one, colour in zip(pair, ((90, 90, 90), (160 + seed, 60, 60)), strict=True):
            Image.new("RGB", (16, 16), colour).save(one.path)
        found.append(pair)
    plugins = load_plugins(home)

    told = {each.name: each for each in extra_measures(found, plugins, SilentSink())}

    assert told["mean-saturation"].base == 0
    assert told["mean-saturation"].difference.low > 50
    assert told["colourfulness"].difference.low > 0
    assert told["sharpness"].difference.mean == 0
    assert plugins.problems == ()


def test_pairs_of_a_probe() -> None:
    points = [
        ProbePoint(prompt, seed, strength, words)
        for strength in (0.8, 0.0, 0.4)
        for words in ("", "zxq")
        for prompt in (0, 1)
        for seed in (7, 8)
    ]
    alone = ProbePoint(1, 8, 0.0)
    finished = {
        point: RenderedCell(str(point), f"/{number}.png", 8, 8, 0.1, "")
        for number, point in enumerate(points)
        if point != alone
    }

    found = measured_pairs(finished, ["a boat", "a {trigger} fox"])

    assert [
        (base.strength, lora.strength, lora.prompt, lora.seed, lora.words) for base, lora in found
    ] == [
        (0.0, strength, prompt, seed, "")
        for strength in (0.4, 0.8)
        for prompt, seed in (("a boat", 7), ("a boat", 8), ("a fox", 7))
    ]
    assert found[0][0].path == Path(finished[ProbePoint(0, 7, 0.0)].path)
    assert found[0][1].path == Path(finished[ProbePoint(0, 7, 0.4)].path)
    worded = measured_pairs(finished, ["a boat", "a {trigger} fox"], "zxq")
    assert {lora.prompt for _, lora in worded} == {"zxq, a boat", "a zxq fox"}
    assert len(worded) == 8
