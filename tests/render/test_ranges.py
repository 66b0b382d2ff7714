"""Lists and ranges of numbers."""

from __future__ import annotations

import math

import pytest

from loradex.errors import UsageError
from loradex.render.ranges import parse_seeds, parse_strengths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", (1.0,)),
        ("0,0.5,1", (0.0, 0.5, 1.0)),
        (" 0 , .5 ", (0.0, 0.5)),
        ("0..0.3:0.1", (0.0, 0.1, 0.2, 0.3)),
        ("0..1.2:0.2", (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2)),
        ("0..1:0.4", (0.0, 0.4, 0.8)),
        ("1..0:0.5", (1.0, 0.5, 0.0)),
        ("-1..1:1", (-1.0, 0.0, 1.0)),
        ("0,0..1:0.5,1", (0.0, 0.5, 1.0)),
        ("-0", (0.0,)),
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
        ("9223372036854775807", (2**63 - 1,)),
    ],
)
def test_seeds(text: str, expected: tuple[int, ...]) -> None:
    assert parse_seeds(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "a", "0..1", "0..1:0", "0..1:x", "1,,2", "nan", "inf", "0..1e30:1", "0..1:1e-9", "1e99"],
)
def test_what_is_no_list_of_strengths_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_strengths(text)


@pytest.mark.parametrize("text", ["0.5", "0..1:0.5", "1..5000", "x"])
def test_what_is_no_list_of_seeds_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_seeds(text)
