"""A person's pictures: which are used, what captions mean, and what their errors come to."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from PIL import Image

from loradex.domain.denoising import DenoisingLoss, DenoisingVariant, NoiseDraw
from loradex.domain.probing import Depth, ExtraMeasure
from loradex.domain.progress import CancelToken
from loradex.domain.recipe import GridModel, Recipe, RenderSettings
from loradex.errors import RenderError
from loradex.operations.drawing_rounds import DrawingRoom
from loradex.operations.probing.planning import ProbePlan
from loradex.operations.probing.points import ProbeCells
from loradex.operations.probing.reference_losses import reference_measures
from loradex.operations.probing.references import (
    MOST_PICTURES,
    Reference,
    caption_with_place,
    found_references,
)
from loradex.probe.inquiry import Inquiry, TriedWord
from progress_kit import Recorder


def picture(path: Path, size: tuple[int, int] = (8, 6)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "teal").save(path)
    return path


def found(*places: Path) -> tuple[tuple[Reference, ...], list[tuple[str, str]]]:
    told = Recorder()
    seen = found_references(places, sink=told, cancel=CancelToken())
    return seen, [(problem.item, problem.message) for problem in told.problems]


def test_files_and_folders_are_looked_through(tmp_path: Path) -> None:
    one = picture(tmp_path / "one.jpg")
    below = picture(tmp_path / "set" / "10_word" / "two.webp", (7, 9))
    picture(tmp_path / "set" / "10_word" / "three.bmp")
    seen, told = found(tmp_path / "set", one, one)
    assert seen == (Reference(one, 8, 6), Reference(below, 7, 9))
    assert told == []
    assert found() == ((), [])


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("text.png", lambda path: path.write_text("hello"), "cannot be read"),
        ("empty.png", lambda path: path.write_bytes(b""), "cannot be read"),
        ("bitmap.png", lambda path: Image.new("RGB", (4, 4)).save(path, "BMP"), "cannot be read"),
        ("strip.png", lambda path: picture(path, (41, 2)), "long and narrow"),
        ("huge.png", lambda path: Image.new("1", (9000, 8000)).save(path), "64,000,000 pixels"),
        ("vast.png", lambda path: Image.new("1", (9500, 9500)).save(path), "64,000,000 pixels"),
    ],
)
def test_a_picture_that_cannot_be_used_is_told(
    tmp_path: Path, name: str, make: Callable[[Path], object], reason: str
) -> None:
    make(tmp_path / name)
    good = picture(tmp_path / "good.png")
    seen, [(item, message)] = found(tmp_path)
    assert [reference.path for reference in seen] == [good]
    assert item == name
    assert reason in message


def test_a_cut_picture_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cut.png"
    Image.effect_noise((60, 60), 80).save(path)
    path.write_bytes(path.read_bytes()[:1500])
    assert found(path) == (
        (),
        [("cut.png", "The picture cannot be read: PNG, JPEG and WebP can be.")],
    )


def test_of_many_pictures_some_are_used(tmp_path: Path) -> None:
    for number in range(2 * MOST_PICTURES):
        picture(tmp_path / f"{number:02}.png")
    seen, told = found(tmp_path)
    assert [int(reference.path.stem) for reference in seen] == list(range(0, 32, 2))
    assert told == [("References", "Only 16 of 32 pictures are used.")]


def test_where_there_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert found(tmp_path / "empty")[1][0][0] == "References"
    assert found(tmp_path / "gone")[1][0][0] == str(tmp_path / "gone")


@pytest.mark.parametrize(
    ("files", "caption"),
    [
        ({}, ""),
        ({".txt": b"\xef\xbb\xbf a red boat \r\nanother\n"}, "a red boat"),
        ({".caption": b"a fox"}, "a fox"),
        ({".txt": b"tags, first", ".caption": b"a fox"}, "tags, first"),
        ({".txt": b""}, ""),
        ({".txt": b"\xff\xfea\x00"}, "a"),
        ({".txt": b"long " * 1000}, ("long " * 400).strip()),
    ],
)
def test_the_text_beside_a_picture_is_its_caption(
    tmp_path: Path, files: dict[str, bytes], caption: str
) -> None:
    path = picture(tmp_path / "one.png")
    for suffix, data in files.items():
        path.with_suffix(suffix).write_bytes(data)
    ((reference,), _) = found(path)
    assert reference.caption == caption


@pytest.mark.parametrize(
    ("caption", "words", "expected"),
    [
        ("a red boat", "", "a red boat"),
        ("a red boat", "ohwx", "a red boat"),
        ("photo of OHWX, red", "ohwx", "photo of {trigger}, red"),
        ("ohwxy boat", "ohwx", "ohwxy boat"),
        ("boat (toy), [x]", "", r"boat \(toy\), \[x\]"),
        ("miku (voc), blue", "miku (voc)", "{trigger}, blue"),
        ("", "ohwx", ""),
    ],
)
def test_captions_are_meant_letter_by_letter(caption: str, words: str, expected: str) -> None:
    assert caption_with_place(caption, words) == expected


Error = Callable[[int, str, bool, float], float]
"""The error on a picture, by the prompt, with or without the LoRA, at a level of noise."""


@dataclass
class Known:
    """A room whose checkpoint errs as it is told."""

    error: Error
    asked: list[tuple[Recipe, tuple[str, ...], list[str], int]] = field(default_factory=list)

    def denoising_losses(
        self,
        recipe: Recipe,
        variants: Sequence[DenoisingVariant],
        pictures: Sequence[Path],
        draws: Sequence[NoiseDraw],
    ) -> list[DenoisingLoss]:
        prompts = tuple(dict.fromkeys(one.prompt for one in variants))
        self.asked.append((recipe, prompts, [path.stem for path in pictures], len(draws)))
        return [
            DenoisingLoss(
                number, place, draw,
                self.error(int(path.stem), one.prompt, bool(one.loras), draw.level),
            )
            for place, one in enumerate(variants)
            for number, path in enumerate(pictures)
            for draw in draws
        ]  # fmt: skip


def measured(
    room: Known, words: str, references: Sequence[Reference], *, settings: RenderSettings
) -> dict[str, ExtraMeasure]:
    checkpoint, lora = (GridModel(n, name, name, name, None) for n, name in enumerate("cl"))
    cells = ProbeCells(checkpoint, lora, ("a boat",), "", settings, lambda _: "engine")
    inquiry = Inquiry(1, (1,), (TriedWord("ohwx", "claimed", "zubo", 1),), (), Depth.NORMAL)
    plan = cast("ProbePlan", SimpleNamespace(cells=cells, inquiry=inquiry))
    found = reference_measures(cast("DrawingRoom", room), plan, words, references)
    return {one.name: one for one in found}


def some(count: int, *, caption: str = "", size: tuple[int, int] = (64, 64)) -> list[Reference]:
    return [Reference(Path(f"{number}.png"), *size, caption) for number in range(count)]


SQUARE = RenderSettings(width=512, height=512)


def test_gaps_are_shares_of_the_base_over_pictures() -> None:
    def error(picture: int, prompt: str, lora: bool, level: float) -> float:
        size = (1 + picture) * level
        if not lora:
            return size * (0.9 if "ohwx" in prompt else 1.0)
        return size * (0.45 if "ohwx" in prompt else 0.8 - 0.1 * picture)

    room = Known(error)
    told = measured(room, "ohwx", some(3), settings=SQUARE)

    assert list(told) == ["reference-loss", "reference-loss-without-word", "reference-word"]
    knowing, silent, word = told.values()
    assert knowing.difference.mean == pytest.approx(0.5)
    assert knowing.difference.low == pytest.approx(0.5)
    assert (knowing.base, knowing.lora) == (pytest.approx(0.9), pytest.approx(0.45))
    assert knowing.difference.pairs == 3
    # 0.2, 0.3 and 0.4: a deviation of 0.1, two degrees of freedom.
    assert silent.difference.mean == pytest.approx(0.3)
    assert silent.difference.high == pytest.approx(0.3 + 4.303 * 0.1 / math.sqrt(3))
    # Alone the word is worth a tenth; with the LoRA it turns 0.8, 0.7 and 0.6 into 0.45.
    assert word.base == pytest.approx(0.1)
    assert word.lora == pytest.approx(sum(1 - 0.45 / left for left in (0.8, 0.7, 0.6)) / 3)
    assert word.difference.mean == pytest.approx(word.lora - word.base)
    assert [draws for *_, draws in room.asked] == [8]


def test_pictures_with_one_caption_and_shape_are_asked_about_at_once() -> None:
    room = Known(lambda *_: 1.0)
    pictures = [
        *some(2, caption="ohwx, a boat"),
        Reference(Path("2.png"), 1000, 1000, ""),
        Reference(Path("3.png"), 200, 100, "ohwx, a boat"),
        Reference(Path("4.png"), 10, 190, "ohwx, a boat"),
    ]
    measured(room, "ohwx", pictures, settings=SQUARE)
    told = [
        ((recipe.settings.width, recipe.settings.height), prompts, stems)
        for recipe, prompts, stems, _ in room.asked
    ]
    boat = ("ohwx, a boat", "a boat", "zubo, a boat")
    assert told == [
        ((512, 512), boat, ["0", "1"]),
        ((512, 512), ("ohwx", "", "zubo"), ["2"]),
        ((704, 384), boat, ["3"]),
        ((256, 1024), boat, ["4"]),
    ]
    assert {draws for *_, draws in room.asked} == {4}


def test_a_size_in_the_same_shape_is_left_as_it_is() -> None:
    room = Known(lambda *_: 1.0)
    settings = RenderSettings(width=40, height=40)
    measured(room, "", some(1, size=(801, 800)), settings=settings)
    ((recipe, prompts, _, _),) = room.asked
    assert recipe.settings == settings
    assert prompts == ("",)


def test_errors_out_of_range_are_left_out() -> None:
    def error(picture: int, _: str, lora: bool, level: float) -> float:
        return math.nan if picture == 0 or level > 0.9 else (0.5 if lora else 1.0)

    told = measured(Known(error), "", some(2), settings=SQUARE)
    (knowing,) = told.values()
    assert knowing.difference.mean == 0.5
    assert knowing.difference.pairs == 1
    with pytest.raises(RenderError, match="out of range"):
        measured(Known(lambda *_: math.nan), "ohwx", some(2), settings=SQUARE)


def test_without_references_nothing_is_asked() -> None:
    room = Known(lambda *_: 1.0)
    assert measured(room, "ohwx", [], settings=SQUARE) == {}
    assert room.asked == []
