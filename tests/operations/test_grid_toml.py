"""Grids as TOML: what is written is read back, and what cannot be read is said in a sentence."""

from __future__ import annotations

import random

import pytest

from loradex.domain.axes import AxisKind
from loradex.errors import UsageError
from loradex.operations.grid_request import AxisRequest, GridRequest, usual_request
from loradex.operations.grid_toml import LARGEST_TOML, read_toml, write_toml

WORDS = (
    "a, b",
    'say "hi"',
    "tab\there",
    "line\nbreak",
    "\x7f\x01",
    "ünï → 🦊",
    "[[x]]",
    "'''",
    "0..1:0.2",
    "query:tag:x rating:>=4",
    "",
    "\\u0041",
    "# no comment",
    "\u202eflip",
)


def some_request(seed: int) -> GridRequest:
    pick = random.Random(seed)
    kinds = pick.sample(list(AxisKind), pick.randint(0, 8))

    def texts() -> tuple[str, ...]:
        return tuple(pick.choices(WORDS, k=pick.randint(1, 4)))

    return GridRequest(
        axes=tuple(
            AxisRequest(kind, texts(), pick.choice(WORDS[:6]) if kind == "prompt_part" else "")
            for kind in kinds * 2
        ),
        x=tuple(kinds[:1]),
        y=tuple(kinds[1:3]),
        pages=tuple(kinds[3:]),
        exclude=tuple({kind: texts() for kind in kinds[:2]} for _ in range(2)) if kinds else (),
        baseline=pick.random() < 0.5,
        dtype=pick.choice(["auto", "float32"]),
        device=pick.choice(["auto", "cuda:1"]),
        title=pick.choice(WORDS),
    )


@pytest.mark.parametrize("seed", range(50))
def test_what_is_written_is_read_back(seed: int) -> None:
    request = some_request(seed)
    assert read_toml(write_toml(request)) == request


def test_the_usual_request_is_read_back() -> None:
    request = usual_request([3, 4], 1, prompts=["--a dash", "two\nlines"], triggers=["on", "off"])
    assert read_toml(write_toml(request)) == request


def test_requests_that_ask_for_the_same_are_equal() -> None:
    apart = GridRequest(
        (
            AxisRequest(AxisKind.PROMPT_PART, ("a",), "x"),
            AxisRequest(AxisKind.SEED, ("1",)),
            AxisRequest(AxisKind.LORA, ()),
            AxisRequest(AxisKind.SEED, ("2",)),
        )
    )
    together = GridRequest(
        (
            AxisRequest(AxisKind.SEED, ("1", "2")),
            AxisRequest(AxisKind.PROMPT_PART, ("a",), "x"),
        )
    )
    assert apart == together


def test_values_are_written_as_they_come() -> None:
    request = read_toml(
        'lora = "neon"\nseed = [1, "2..4"]\nguidance = 7.5\ntrigger = [true, false]\n'
        'x = "seed"\nbaseline = false\nstrength-clip = 1\n'
        '[[prompt_part]]\nfind = "red"\nvalues = ["red", "blue"]\n'
        "[[exclude]]\nseed = 1\nguidance = 7.5\n"
    )
    assert {axis.kind: axis.texts for axis in request.axes} == {
        AxisKind.LORA: ("neon",),
        AxisKind.SEED: ("1", "2..4"),
        AxisKind.GUIDANCE: ("7.5",),
        AxisKind.TRIGGER: ("on", "off"),
        AxisKind.STRENGTH_CLIP: ("1",),
        AxisKind.PROMPT_PART: ("red", "blue"),
    }
    assert request.axes[-1].find == "red"
    assert (request.x, request.baseline) == ((AxisKind.SEED,), False)
    assert request.exclude == ({AxisKind.SEED: ("1",), AxisKind.GUIDANCE: ("7.5",)},)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lora = [", "g.toml is no TOML"),
        ("seed = " + "9" * 5000, "g.toml is no TOML"),
        ("x = " + "[" * 5000, "g.toml is"),
        ("#" * (LARGEST_TOML + 1), "too large"),
        ('loras = ["a"]', "Did you mean lora"),
        ("strengths = 1", "Did you mean strength"),
        ("titel = 1", "Did you mean title"),
        ("zzz = 1", "It can vary checkpoint, vae"),
        ("lora = {a = 1}", "a text, a number or a list"),
        ("seed = 1979-05-27", "a text, a number or a list"),
        ("title = 3", "title in g.toml has to be a text"),
        ("baseline = 3", "true or false"),
        ('x = "strenght"', "Did you mean strength"),
        ("prompt_part = 3", "needs `find` and `values`"),
        ('[[prompt_part]]\nfind = ""\nvalues = ["a"]', "needs `find` and `values`"),
        ('[[prompt_part]]\nfind = "a"\nvalue = ["b"]', "needs `find` and `values`"),
        ('[[prompt_part]]\nfind = "a"', "needs `find` and `values`"),
        ("exclude = [3]", "exclude in g.toml is a table"),
        ("[[exclude]]\nfoo = 1", "A grid cannot vary 'foo'"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_toml(text, name="g.toml")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 500
