"""`loradex grid`: flags as axes, what a dry run tells, and failures in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.kit import HOSTILE, Run
from grid_stock import Stock
from loradex.catalog.catalog import Catalog
from loradex.paths import Home

pytestmark = pytest.mark.render

Dry = Callable[..., dict[str, Any]]
QUICK = ("--size", "64", "--steps", "2", "--device", "cpu")


@pytest.fixture
def dry(run: Run, stocked: Stock) -> Dry:
    """Return what a dry run of a grid on `painter` tells."""

    def call(*arguments: str) -> dict[str, Any]:
        ended = run("grid", *arguments, *QUICK, "--dry-run", "--json")
        assert ended.code == 0, ended.err
        told: dict[str, Any] = json.loads(ended.out)
        return told

    return call


def axes(told: dict[str, Any]) -> dict[str, list[str]]:
    return {axis["kind"]: axis["values"] for axis in told["axes"]}


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], {"strength": ["0", "0.5", "1"]}),
        (["-s", "0..1.2:0.4"], {"strength": ["0", "0.4", "0.8", "1.2"]}),
        (["-s", "1", "--no-baseline"], {}),
        (["-s", "1"], {"strength": ["0", "1"]}),
        (["-s", "0,SKIP:0.5,1"], {"strength": ["0", "1"]}),
        (["-s", "1", "--strengths-clip", "same,0.5", "--no-baseline"],
         {"strength_clip": ["same", "0.5"]}),
        (["rain", "-s", "1"], {"lora": ["neon", "rain"], "strength": ["0", "1"]}),
        (["-q", "kind:lora base:sd1 rain", "-s", "0"], {"lora": ["neon", "rain"]}),
        (["-s", "0", "-p", "a, b", "-p", "c"], {"prompt": ["a, b", "c"]}),
        (["-s", "1", "--no-baseline", "-t", 'on,off,"my, words"'],
         {"trigger": ["on", "off", "my, words"]}),
        (["-s", "0", "--negative", "", "--negative", "bad, worse"],
         {"negative": ["(no words)", "bad, worse"]}),
        (["-s", "0", "--seeds", "1..2,9"], {"seed": ["1", "2", "9"]}),
        (["-s", "0", "--guidance", "3..7:2"], {"guidance": ["3", "5", "7"]}),
        (["-s", "0", "--sampler", 'Euler a,"DPM++ 2M"'], {"sampler": ["Euler a", "DPM++ 2M"]}),
        (["-s", "0", "--schedule", "karras,simple"], {"schedule": ["Karras", "Simple"]}),
        (["-s", "0", "--clip-skip", "1,2"], {"clip_skip": ["1", "2"]}),
        (["-s", "0", "--part", 'boat=boat,"house, old"'], {"prompt_part": ["boat", "house, old"]}),
        (["-s", "0", "-c", "sketcher"], {"checkpoint": ["painter", "sketcher"]}),
        (["-s", "0", "-a", "seed=1,2", "-a", "guidance=3,4"],
         {"guidance": ["3", "4"], "seed": ["1", "2"]}),
        (["-s", "1", "--no-baseline", "-a", "lora2=none,rain"], {"lora2": ["without", "rain"]}),
        (["-s", "1", "--no-baseline", "-a", 'blocks=ALL,MIDD,"1,0.5"'],
         {"blocks": ["ALL", "MIDD", "1,0.5"]}),
        (["-s", "0", "-a", "CLIP-SKIP=1,2"], {"clip_skip": ["1", "2"]}),
    ],
)  # fmt: skip
def test_flags_are_axes(dry: Dry, arguments: list[str], wanted: dict[str, list[str]]) -> None:
    prompt = [] if "-p" in arguments else ["-p", "a boat"]
    assert axes(dry("neon", "-c", "painter", *prompt, *arguments)) == wanted


def test_a_prompt_file_is_a_prompt_a_line(dry: Dry, tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("\ufeffone\r\n\n  two, three \n", encoding="utf-8")
    told = dry("-c", "painter", "--prompt-file", str(tmp_path / "prompts.txt"))
    assert axes(told) == {"prompt": ["one", "two, three"]}


def test_flags_come_before_what_a_file_says(dry: Dry, tmp_path: Path) -> None:
    spec = tmp_path / "g.toml"
    spec.write_text(
        'lora = ["neon"]\ncheckpoint = "painter"\nprompt = ["a", "b"]\nstrength = [0, 1]\n'
        'seed = "1..3"\ntitle = "Mine"\n[[exclude]]\nprompt = "a"\nstrength = 1\n'
    )
    told = dry("--spec", str(spec), "--seeds", "7")
    assert axes(told) == {"strength": ["0", "1"], "prompt": ["a", "b"]}
    assert told["places"] == 3


def test_what_a_dry_run_tells(dry: Dry, run: Run, home: Home) -> None:
    arguments = ("neon", "rain", "-c", "painter", "-p", "a boat", "-s", "0,1")
    told = dry(*arguments)
    assert {key: told[key] for key in ("places", "pictures", "exist", "to_draw", "seconds")} == {
        "places": 4,
        "pictures": 3,
        "exist": 0,
        "to_draw": 3,
        "seconds": None,
    }
    assert told["memory_bytes"] > 0
    assert told["checkpoint"] == "painter"
    plain = run("grid", *arguments, *QUICK, "--dry-run")
    assert plain.out.splitlines() == [
        "neon, rain on painter",
        "  lora              2  neon, rain",
        "  strength          2  0, 1",
        "4 places, 3 pictures of their own, none of which exists yet.",
        "Time: not known, since nothing was drawn with it here yet. Memory: about 621 MB.",
    ]
    assert not list(home.renders.rglob("*.png"))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, ["A grid needs a LoRA", "--query"]),
        (["neon", "-p", "x"], 2, ["Several checkpoints fit", "1 painter; 3 sketcher"]),
        (["neom"], 2, ["'neom' names no model"]),
        (["neon", "-c", "painterXL"], 1, ["neon is for sd1", "painterXL is sdxl", "1 painter"]),
        (["neon", "-a", "strenght=1"], 2, ["cannot vary 'strenght'", "Did you mean strength"]),
        (["neon", "-a", "strength"], 2, ["--axis strength has no values"]),
        (["neon", "-a", "prompt_part=a"], 2, ["Use --part"]),
        (["neon", "--part", "=a"], 2, ["no text to find"]),
        (["neon", "-c", "painter", "--part", "zebra=a,b"], 2, ["'zebra' is in neither"]),
        (["neon", "--x", "sed"], 2, ["cannot vary 'sed'", "Did you mean seed"]),
        (["neon", "-c", "painter", "--x", "seed"], 2, ["does not vary seed"]),
        (["neon", "--exclude", "lora"], 2, ["not made of KIND=VALUE"]),
        (["neon", "--exclude", 'lora="a'], 2, ["a quote is never closed"]),
        (["neon", "--exclude", " "], 2, ["--exclude names nothing"]),
        (["neon", "-s", "0,,1"], 2, ["A value is missing here"]),
        (["neon", "-s", "0..1:0.0000001"], 2, ["More than 1000"]),
        (["neon", "-c", "painter", "-p", "a <lora:nope:1>"], 2, ["<lora:nope>", "list kind:lora"]),
        (["neon", "-c", "painter", "--dtype", "int4"], 2, ["no dtype called 'int4'", "float32"]),
        (["neon", "-c", "painter", "--seeds", "1..1000", "--guidance", "1..11"], 2,
         ["33,000 pictures; 10,000 is the most"]),
    ],
)  # fmt: skip
def test_failures_are_a_sentence_with_what_to_do(
    run: Run, stocked: Stock, arguments: list[str], code: int, words: list[str]
) -> None:
    ended = run("grid", *arguments)
    text = " ".join(ended.err.split())
    assert ended.code == code, ended.err
    for word in words:
        assert word in text
    assert "Traceback" not in ended.err
    assert ended.out == ""


@pytest.mark.parametrize(
    ("flag", "data", "words"),
    [
        ("--spec", b"\xff\xfe", "is no text in UTF-8"),
        ("--spec", b"#" * (1 << 21), "is larger than"),
        ("--spec", b"lora = [", "is no TOML"),
        ("--prompt-file", b"\xff", "is no text in UTF-8"),
        ("--prompt-file", b"x" * (1 << 21), "is larger than"),
    ],
)
def test_files_that_are_no_texts_are_refused(
    run: Run, tmp_path: Path, flag: str, data: bytes, words: str
) -> None:
    (tmp_path / "given").write_bytes(data)
    ended = run("grid", "neon", flag, str(tmp_path / "given"))
    assert ended.code == 2
    assert words in ended.err


def test_no_text_can_own_the_terminal(run: Run, stocked: Stock) -> None:
    ended = run("grid", "-c", "painter", "-p", HOSTILE, "-p", "x" * 500, "--title", HOSTILE,
                *QUICK, "--dry-run")  # fmt: skip
    assert ended.code == 0, ended.err
    assert not {"\x1b", "\x07", "\u202e"} & set(ended.out)
    assert max(map(len, ended.out.splitlines())) < 250
    refused = run("grid", "-c", "painter", "-p", f"<lora:{HOSTILE}>")
    assert refused.code == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(refused.err)


def test_a_grid_is_drawn_and_told(
    run: Run, stocked: Stock, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    arguments = ("grid", "neon", "-c", "painter", "-p", "a boat", "-s", "0,1", *QUICK)
    first = run(*arguments, "--json", "--progress", "none")
    assert first.code == 0, first.err
    told = json.loads(first.out)
    assert (told["id"], told["drawn"], told["reused"], told["failed"]) == (1, 2, 0, [])
    assert Path(told["page"]).read_text(encoding="utf-8").startswith("<!")
    second = run(*arguments, "--progress", "json")
    events = [json.loads(line) for line in second.out.splitlines()]
    assert [event["event"] for event in events] == ["started", "done"]
    assert events[-1]["message"].startswith("Grid 2: 0 pictures drawn, 2 existed already")
    listed = json.loads(run("grids", "neon", "--json").out)
    assert [grid["id"] for grid in listed] == [2, 1]
    assert listed[0]["axes"] == [{"kind": "strength", "values": ["0", "1"]}]
    with Catalog.open(home) as catalog:
        assert catalog.search("is:tested kind:lora").total == 1
    again = run(*arguments, "--dry-run")
    assert again.out.splitlines()[-1] == "2 pictures, all of which exist: nothing is to be drawn."
