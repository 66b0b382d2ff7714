"""Lists and ranges of values, and errors that point at the character."""

from __future__ import annotations

import math

import pytest

from loradex.errors import UsageError
from loradex.render.ranges import (
    parse_numbers,
    parse_seeds,
    parse_sizes,
    parse_strengths,
    parse_texts,
    parse_whole_numbers,
)
from loradex.render.unreadable import UnreadableText


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", (1.0,)),
        ("0,0.5,1", (0.0, 0.5, 1.0)),
        (" 0 , .5 ", (0.0, 0.5)),
        ("0..0.3:0.1", (0.0, 0.1, 0.2, 0.3)),
        ("0 .. 0.3 : 0.1", (0.0, 0.1, 0.2, 0.3)),
        ("0..1.2:0.2", (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2)),
        ("0..1:0.4", (0.0, 0.4, 0.8)),
        ("1..0:0.5", (1.0, 0.5, 0.0)),
        ("1..0:-0.5", (1.0, 0.5, 0.0)),
        ("-1..1:1", (-1.0, 0.0, 1.0)),
        ("-.5...5:.5", (-0.5, 0.0, 0.5)),
        ("0,0..1:0.5,1", (0.0, 0.5, 1.0)),
        ("-0", (0.0,)),
        ("1e-1", (0.1,)),
        ("0\n0.5\n1", (0.0, 0.5, 1.0)),
        ("0-1 (+0.5)", (0.0, 0.5, 1.0)),
        ("1-0 (-0.5)", (1.0, 0.5, 0.0)),
        ("0-0.3 [4]", (0.0, 0.1, 0.2, 0.3)),
        ("0-1 [3], 2", (0.0, 0.5, 1.0, 2.0)),
        ("-1--0.5 [2]", (-1.0, -0.5)),
        ("0-1 [1]", (0.0,)),
        ("0-1 [4]", (0.0, 0.333333333333, 0.666666666667, 1.0)),
        ("0, SKIP:0.5, 1", (0.0, 1.0)),
        ("0, SKIP, SKIP:0.1..0.5:0.1", (0.0,)),
        ('"0.5"', (0.5,)),
    ],
)
def test_strengths(text: str, expected: tuple[float, ...]) -> None:
    got = parse_strengths(text)
    assert got == expected
    assert all(math.copysign(1, value) == 1 for value in got if value == 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", (7,)),
        ("1..4", (1, 2, 3, 4)),
        ("1..9:4", (1, 5, 9)),
        ("3,1..3", (3, 1, 2)),
        ("1-5", (1, 2, 3, 4, 5)),
        ("1-5 (+2)", (1, 3, 5)),
        ("10-5 (-3)", (10, 7)),
        ("1-10 [5]", (1, 3, 5, 7, 10)),
        ("9223372036854775807", (2**63 - 1,)),
        ("random:3", (1410984783, 2986813706, 3450746256)),
    ],
)
def test_seeds(text: str, expected: tuple[int, ...]) -> None:
    assert parse_seeds(text) == expected


def test_random_seeds_are_always_the_same_and_told_apart_by_a_number() -> None:
    four = parse_seeds("random:4")
    assert parse_seeds("Random: 4 @ 0") == four
    assert parse_seeds("random:2") == four[:2]
    assert not set(four) & set(parse_seeds("random:4@7"))
    assert parse_seeds(f"{four[1]}, random:2") == (four[1], four[0])
    assert all(0 <= seed < 2**32 for seed in parse_seeds("random:1000"))


def test_numbers_without_a_step_go_by_one() -> None:
    assert parse_numbers("4..7, 7.5", what="guidance") == (4.0, 5.0, 6.0, 7.0, 7.5)
    assert parse_whole_numbers("10..30:10, 20", what="step count") == (10, 20, 30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("512x768", ((512, 768),)),
        ("512, 640 X 832, 1024×1024", ((512, 512), (640, 832), (1024, 1024))),
        ("512, 512x512", ((512, 512),)),
    ],
)
def test_sizes(text: str, expected: tuple[tuple[int, int], ...]) -> None:
    assert parse_sizes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat", ("cat",)),
        ("a cat, a dog", ("a cat", "a dog")),
        ('"a, b", c', ("a, b", "c")),
        ('"say ""no""", ""', ('say "no"', "")),
        ('a "b" c, d', ('a "b" c', "d")),
        ('"a"\n "b" , c', ("a", "b", "c")),
        ("a, SKIP:b, c, SKIP, skip", ("a", "c", "skip")),
        ('"SKIP", SKIP: "d, e"', ("SKIP",)),
        ("a, a", ("a",)),
    ],
)
def test_texts(text: str, expected: tuple[str, ...]) -> None:
    assert parse_texts(text) == expected


@pytest.mark.parametrize(
    ("read", "text", "position", "words"),
    [
        (parse_strengths, "", 0, "missing"),
        (parse_strengths, "a", 0, "no number"),
        (parse_strengths, "0, 0.5, x", 8, "no number"),
        (parse_strengths, "1,,2", 2, "missing"),
        (parse_strengths, "1,", 2, "missing"),
        (parse_strengths, "0..1", 0, "does not say its step"),
        (parse_strengths, "1, 0-1", 3, "does not say its step"),
        (parse_strengths, "0..1:0", 0, "step 0"),
        (parse_strengths, "0..1:x", 5, "a step can be"),
        (parse_strengths, "0, y..1:1", 3, "a strength can be"),
        (parse_strengths, "0..:1", 0, "no number"),
        (parse_strengths, "nan", 0, "no number"),
        (parse_strengths, "inf", 0, "no number"),
        (parse_strengths, "1e99", 0, "no number"),
        (parse_strengths, "0..1e30:1", 3, "no number"),
        (parse_strengths, "0..1:1e-9", 0, "More than 1000 strengths"),
        (parse_strengths, "0-1 (+x)", 5, "a step can be"),
        (parse_strengths, "0-1 (-0.1)", 0, "never comes to its end"),
        (parse_strengths, "0-1 [0]", 0, "count of a range"),
        (parse_strengths, "0-1 [2.5]", 0, "count of a range"),
        (parse_strengths, "0-1 [9999]", 0, "count of a range"),
        (parse_strengths, "SKIP:", 5, "missing"),
        (parse_seeds, "1, 0.5", 3, "0.5 is not a whole number"),
        (parse_seeds, "0..1:0.5", 0, "not a whole number"),
        (parse_seeds, "1..5000", 0, "More than 1000"),
        (parse_seeds, "1..600,1001..1600", 7, "More than 1000 seeds"),
        (parse_seeds, "x", 0, "no number"),
        (parse_seeds, "1, random:0", 3, "Between 1 and 1000"),
        (parse_seeds, "random:", 0, "no number"),
        (parse_sizes, "512, 512x", 5, "no size"),
        (parse_sizes, "x512", 0, "no size"),
        (parse_texts, 'a, "b', 3, "never closed"),
        (parse_texts, '"a" b', 4, "comma is missing"),
        (parse_texts, "a,,b", 2, "missing"),
    ],
)
def test_what_cannot_be_read_is_pointed_at(
    read: object, text: str, position: int, words: str
) -> None:
    assert callable(read)
    with pytest.raises(UnreadableText, match=words) as caught:
        read(text)
    assert caught.value.position == position
    assert isinstance(caught.value, UsageError)


def test_long_lists_are_read_quickly() -> None:
    for part in ("1.", "-", "0..", "(", '"', ", ", "1-1["):
        with pytest.raises(UnreadableText):
            parse_strengths(part * 20_000)
