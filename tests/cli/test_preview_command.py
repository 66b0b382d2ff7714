"""`loradex preview`: what it says before and after, and how it fails."""

from __future__ import annotations

import json
import re

import pytest

from cli.kit import Run
from grid_stock import Stock
from loradex.paths import Home

pytestmark = pytest.mark.render


def test_a_dry_run_says_what_would_be_drawn(run: Run, stocked: Stock, home: Home) -> None:
    told = run("preview", "neon", "glow", "EasyBad", "--dry-run").out.splitlines()
    assert sorted(told[:2]) == ["On painter: neon", "On painterXL: glow"]
    assert told[2:] == [
        "Left out: EasyBad. Pictures are drawn of LoRAs and checkpoints, not of the kind"
        " embedding.",
        "2 pictures would be drawn.",
    ]
    as_json = json.loads(run("preview", "neon", "-c", "sketcher", "--dry-run", "--json").out)
    assert as_json["portions"] == [
        {"checkpoint": {"id": 3, "name": "sketcher"}, "models": [{"id": 6, "name": "neon"}]}
    ]
    assert {key: as_json[key] for key in ("to_draw", "seconds", "shown", "left_out")} == {
        "to_draw": 1,
        "seconds": None,
        "shown": 0,
        "left_out": [],
    }
    assert not home.renders.exists()


def test_no_time_is_no_failure(run: Run, stocked: Stock) -> None:
    ended = run("preview", "--missing", "--hours", "0.0000001", "--json", "--progress", "none")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert (told["drawn"], told["left"], told["failed"]) == (0, 7, [])
    said = run("preview", "neon", "--hours", "0.0000001").out
    assert re.fullmatch(r"0 pictures drawn, in .*s\. 1 model left for the next call\.\n", said)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Nothing says which models to draw."),
        (["neom"], "'neom' names no model"),
        (["-q", "zzz"], "finds nothing"),
        (["--missing", "--hours", "0"], "hours"),
        (["neon", "--size", "64,128"], "All pictures have one size."),
        (["neon", "--size", "big"], "This is no size"),
        (["neon", "--steps", "0"], "steps"),
        (["neon", "-c", "nope"], "'nope' names no model"),
    ],
)
def test_failures_are_a_sentence(
    run: Run, stocked: Stock, arguments: list[str], words: str
) -> None:
    ended = run("preview", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert "Traceback" not in ended.err
