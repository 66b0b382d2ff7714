"""Emphasis, `BREAK` and escapes."""

from __future__ import annotations

import pytest

from loradex.errors import UsageError
from loradex.render.prompts.emphasis import weigh
from loradex.render.prompts.pieces import Piece
from loradex.render.unreadable import UnreadableText


def pieces(text: str) -> list[tuple[str, float]]:
    (section,) = weigh(text).sections
    return [(piece.text, piece.weight) for piece in section]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("normal text", [("normal text", 1.0)]),
        ("an (important) word", [("an ", 1.0), ("important", 1.1), (" word", 1.0)]),
        ("((a))", [("a", 1.1 * 1.1)]),
        ("[a]", [("a", 1 / 1.1)]),
        ("(a:1.25)", [("a", 1.25)]),
        ("(a: 0.5 )b", [("a", 0.5), ("b", 1.0)]),
        ("(a:-.5)", [("a", -0.5)]),
        ("(a:b:2)", [("a:b", 2.0)]),
        ("((a):2)", [("a", 2.2)]),
        ("(one)(two)", [("onetwo", 1.1)]),
        (r"\(literal\]", [("(literal]", 1.0)]),
        (r"name \(series\), (b)", [("name (series), ", 1.0), ("b", 1.1)]),
        ("a\\\\b\\c", [("a\\bc", 1.0)]),
        ("a\\", [("a", 1.0)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("(.:.)", [(".:.", 1.1)]),
        ("()", []),
        ("(:1.5)", []),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky)))).",
            [
                ("a ", 1.0),
                ("house", 1.3 * 1.1 * 1.1),
                (" ", 1.1),
                ("on", 1 / 1.1 * 1.1),
                (" a ", 1.1),
                ("hill", 0.5 * 1.1),
                (", sun, ", 1.1),
                ("sky", 1.1 * 1.1 * 1.1 * 1.1),
                (".", 1.0),
            ],
        ),
    ],
)
def test_weights_are_those_of_a1111(text: str, expected: list[tuple[str, float]]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize("text", ["(a", "a)", "[a", "a]", "a :(", ":) a", "([", "a)) (b", "]["])
def test_a_bracket_without_a_partner_is_a_letter(text: str) -> None:
    assert pieces(text) == [(text, 1.0)]


def test_brackets_that_cross_weigh_where_they_hold() -> None:
    assert pieces("(a[b)c]") == [("a", 1.1), ("b", 1.1 / 1.1), ("c", 1 / 1.1)]


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("a BREAK b", ["a", "b"]),
        ("a  BREAK  ", ["a", ""]),
        ("BREAK", ["", ""]),
        ("BREAKFAST a", ["BREAKFAST a"]),
        ("a break b", ["a break b"]),
    ],
)
def test_break_parts_a_prompt(text: str, sections: list[str]) -> None:
    weighted = weigh(text)
    assert ["".join(piece.text for piece in part) for part in weighted.sections] == sections
    assert weighted.plain == " ".join(sections)


def test_break_inside_brackets_parts_too() -> None:
    first, second = weigh("(a BREAK b:1.2)").sections
    assert (first, second) == ((Piece("a", 1.2),), (Piece("b", 1.2),))


@pytest.mark.parametrize(
    ("text", "position", "length"),
    [("x (a:1.2.3)", 5, 5), ("(a:101)", 3, 3), (f"(a:{'9' * 400})", 3, 400), ("(a: -500 )", 4, 4)],
)
def test_a_wrong_weight_is_pointed_at(text: str, position: int, length: int) -> None:
    with pytest.raises(UnreadableText, match=f"at character {position + 1} ") as caught:
        weigh(text)
    assert (caught.value.position, caught.value.length) == (position, length)
    assert isinstance(caught.value, UsageError)


def test_long_and_hostile_prompts_are_read_quickly() -> None:
    for part in ("(", "[", "(a:1.1)", " ", "BREAK ", "\\", ":1.", "()[](("):
        weigh(part * (20_000 // len(part)))
