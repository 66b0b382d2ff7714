"""Measures of pictures: what plugins bring is checked, and the bundled ones count right."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter

from loradex.paths import Home
from loradex.plugin_api import MeasuredPicture, PictureMeasure
from loradex.plugin_manager import Plugins, load_plugins
from loradex.plugin_manager.discovery import find_installed
from loradex.plugin_manager.fenced_measures import PICTURES_AT_ONCE
from loradex_plugins import measure_colour, measure_detail

HEAD = """
from loradex.plugin_api import *

LORADEX_API = "1.3"

class Measure:
    id, title, unit, meaning = "seed", "Seed", "", "The picture's seed."
    def measure(self, picture): return picture.seed

@hookimpl
def probe_measure(): return [Own()]
"""
PICTURES = [
    MeasuredPicture(Path(f"{n}.png"), "a lantern", n, 0.5) for n in range(PICTURES_AT_ONCE + 4)
]
BUNDLED = (*measure_colour.probe_measure(), *measure_detail.probe_measure())

Load = Callable[..., Plugins]


@pytest.fixture
def load(home: Home, write: Callable[..., Path]) -> Load:
    """Load plugins whose measure, called `Own`, has these lines."""

    def load(**bodies: str) -> Plugins:
        for name, body in bodies.items():
            write(f"{name}.py", f"class Own(Measure):\n    {body}\n", head=HEAD)
        return load_plugins(home, disabled=[plugin.name for plugin in find_installed()])

    return load


def test_a_measure_sees_every_picture_on_the_plugins_thread(load: Load) -> None:
    body = (
        "def measure(self, picture):\n"
        "        import threading\n"
        "        assert threading.current_thread().name == 'plugin mine'\n"
        "        return picture.seed * picture.strength"
    )
    plugins = load(mine=body)
    (measure,) = plugins.measures()

    assert (measure.plugin, measure.id, measure.title) == ("mine", "seed", "Seed")
    assert measure.meaning == "The picture's seed."
    assert measure.measure(PICTURES) == [n * 0.5 for n in range(len(PICTURES))]
    assert measure.measure([]) == []
    assert plugins.problems == ()


def test_of_equal_ids_the_first_stays(load: Load) -> None:
    plugins = load(a="title = 'first'", b="title = 'second'")
    assert [measure.title for measure in plugins.measures()] == ["first"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("None", None),
        ("float('nan')", None),
        ("float('-inf')", None),
        ("10 ** 400", None),
        ("3", 3.0),
    ],
)
def test_only_finite_numbers_count(load: Load, value: str, expected: float | None) -> None:
    plugins = load(mine=f"def measure(self, picture): return {value}")
    (measure,) = plugins.measures()
    assert measure.measure(PICTURES[:2]) == [expected, expected]
    assert plugins.problems == ()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("'many'", "'many' where a number was due"),
        ("True", "True where a number was due"),
        ("exit()", "SystemExit"),
    ],
)
def test_one_that_fails_is_reported_once_and_left(load: Load, answer: str, message: str) -> None:
    body = f"def measure(self, picture): return 1.0 if picture.seed < {PICTURES_AT_ONCE} else "
    plugins = load(bad=body + answer, good="id = 'good'")
    bad, good = plugins.measures()

    values = bad.measure(PICTURES)

    assert values == [1.0] * PICTURES_AT_ONCE + [None] * 4
    assert bad.measure(PICTURES[:3]) == [None] * 3
    assert good.measure(PICTURES[:3]) == [0.0, 1.0, 2.0]
    (problem,) = plugins.problems
    assert (problem.plugin, problem.task, problem.times) == ("bad", "probe_measure", 1)
    assert message in problem.message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("id = 'Seed'", "id cannot be 'Seed'"),
        ("id = ''", "id cannot be ''"),
        ("id = 5", "id cannot be 5"),
        ("title = None", "title cannot be None"),
        ("unit = 5", "unit cannot be 5"),
        ("meaning = b'x'", "meaning cannot be b'x'"),
        ("def __new__(cls): return 5", "5 where a PictureMeasure was due"),
        ("def __new__(cls): 1 / 0", "ZeroDivisionError"),
    ],
)
def test_what_is_no_measure_is_left_out(load: Load, body: str, message: str) -> None:
    plugins = load(bad=body, good="pass")
    assert [measure.plugin for measure in plugins.measures()] == ["good"]
    (problem,) = plugins.problems
    assert (problem.plugin, problem.task) == ("bad", "probe_measure")
    assert message in problem.message


def test_words_are_cut_and_made_safe(load: Load) -> None:
    plugins = load(mine=r"title, unit, meaning = '\x1b[31mx', 'm' * 99, 's' * 999")
    (measure,) = plugins.measures()
    assert "\x1b" not in measure.title
    assert (len(measure.unit), len(measure.meaning)) == (20, 300)


def measured(image: Image.Image, folder: Path) -> dict[str, float | None]:
    """Return what the bundled measures say of a picture."""
    path = folder / "picture.png"
    image.save(path)
    picture = MeasuredPicture(path, "", 0, 0.0)
    return {measure.id: measure.measure(picture) for measure in BUNDLED}


def test_the_bundled_ones_are_there(home: Home) -> None:
    plugins = load_plugins(home)
    assert {measure.id for measure in plugins.measures()} == {each.id for each in BUNDLED}
    assert all(isinstance(measure, PictureMeasure) for measure in BUNDLED)
    assert plugins.problems == ()


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((255, 255, 255), (0, 0, 100)),
        ((255, 0, 0), (0.3 * math.hypot(255, 127.5), 100, 76 / 2.55)),
        ((200, 100, 100), (0.3 * math.hypot(100, 50), 127 / 2.55, 130 / 2.55)),
    ],
)  # fmt: skip
def test_a_flat_picture(
    tmp_path: Path, colour: tuple[int, int, int], expected: tuple[float, float, float]
) -> None:
    values = measured(Image.new("RGB", (9, 7), colour), tmp_path)
    told = (values["colourfulness"], values["mean-saturation"], values["brightness"])
    assert told == pytest.approx(expected, abs=0.01)
    assert (values["contrast"], values["sharpness"], values["edge-density"]) == (0, 0, 0)


def test_colourfulness_against_its_formula(tmp_path: Path) -> None:
    pixels = [(12, 200, 31), (250, 3, 99), (0, 0, 255), (77, 78, 79)]
    image = Image.new("RGB", (2, 2))
    for number, pixel in enumerate(pixels):
        image.putpixel((number % 2, number // 2), pixel)
    differences = [(r - g, (r + g) / 2 - b) for r, g, b in pixels]
    means = [sum(values) / 4 for values in zip(*differences, strict=True)]
    variance = sum((rg - means[0]) ** 2 + (yb - means[1]) ** 2 for rg, yb in differences) / 4

    values = measured(image, tmp_path)

    assert values["colourfulness"] == pytest.approx(math.sqrt(variance) + 0.3 * math.hypot(*means))
    assert (values["sharpness"], values["edge-density"]) == (None, None)


def test_black_and_white_stripes(tmp_path: Path) -> None:
    image = Image.new("RGB", (10, 10))
    ImageDraw.Draw(image).rectangle((5, 0, 9, 9), "white")

    values = measured(image, tmp_path)

    assert values["contrast"] == pytest.approx(50)
    assert values["edge-density"] == pytest.approx(25)  # two of the eight inner columns
    # Those two columns have a Laplacian of 255 and -255, the others none.
    assert values["sharpness"] == pytest.approx(255**2 / 4)


def test_blur_lowers_what_detail_there_is(tmp_path: Path) -> None:
    image = Image.effect_noise((64, 64), 80).convert("RGB")
    sharp = measured(image, tmp_path)
    soft = measured(image.filter(ImageFilter.GaussianBlur(3)), tmp_path)
    for name in ("sharpness", "edge-density", "contrast"):
        before, after = sharp[name], soft[name]
        assert before is not None
        assert after is not None
        assert after < before / 2
