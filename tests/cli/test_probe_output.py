"""What `loradex probe` says of verdicts, to people and to programs; nothing is drawn."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_kit import add_library, look
from cli.kit import HOSTILE, Run
from loradex.catalog.catalog import Catalog
from loradex.cli.probe_json import (
    cost_json,
    failed_json,
    known_json,
    left_out_json,
    not_reached_json,
    probed_json,
)
from loradex.cli.probe_report import ProbeReport
from loradex.cli.probe_text import block_lines, checkpoint_table, cost_lines
from loradex.domain.models import ModelRow
from loradex.domain.probing import ExtraMeasure, Interval
from loradex.domain.progress import Problem
from loradex.domain.verdicts import Finding, Verdict, VerdictKind
from loradex.errors import NotRenderable
from loradex.operations.probing.cost import ProbeCost, WordToTry
from loradex.operations.probing.many import Done, Failed, NotReached, Planned
from loradex.operations.probing.probe import Probed
from loradex.operations.probing.publishing import Published
from loradex.operations.probing.tasks import ProbeTask, ProbeTasks
from loradex.paths import Home
from progress_kit import Recorder
from verdict_kit import BEST, NEEDS, USABLE, evidence

DOCUMENTED = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
PUBLISHED = Published(3, Path("/grids/3"), (Path("/grids/3/sheet.png"),), Path("/grids/3/g.html"))
NEVER = Interval(math.nan, math.nan, math.nan)
OPEN = Interval(0.5, -math.inf, math.inf, 1)
EXTRA = ExtraMeasure("sat", "Saturation", "colours", "%", 1.0, 30, 45.5, OPEN)


@pytest.fixture
def rows(home: Home) -> dict[str, ModelRow]:
    with Catalog.open(home) as catalog:
        catalog.looks.record(
            add_library(catalog),
            [
                look("neon.safetensors", 1, words=("ohwx",)),
                look(f"{HOSTILE}.safetensors", 2),
                look("painter.safetensors", 3, kind="checkpoint"),
                look("sketcher.safetensors", 4, kind="checkpoint"),
            ],
            "1",
        )
        names = ("neon", "evil", "painter", "sketcher")
        return dict(zip(names, catalog.rows([1, 2, 3, 4]), strict=True))


def verdict(*findings: Finding) -> Verdict:
    measured = replace(evidence("ohwx"), extra=(EXTRA, replace(EXTRA, strength=2.0, lora=99)))
    return Verdict(1, findings, checkpoint_id=3, checkpoint="painter", evidence=measured, id=9)


def test_a_block_has_words_numbers_and_places(rows: dict[str, ModelRow]) -> None:
    task = ProbeTask(rows["neon"], rows["painter"])
    told = list(block_lines(task, verdict(NEEDS, USABLE, BEST), PUBLISHED))
    assert told[:7] == [
        "neon on painter",
        "  needs its trigger ohwx · usable 0.4–1.1 · best 0.8",
        "  Responds to ohwx; without it pictures hardly change.",
        "  Usable from 0.4 to 1.1.",
        "  The response is about complete at 0.8.",
        "",
        "  with ohwx in front:",
    ]
    assert told[7].split() == ["strength", "effect", "share", "response", "diversity", "signs"]
    assert told[8].endswith(" clipped +0.01")
    assert "2× (1.75 to 2.25)" in told[8]
    assert "12 % (8 to 25)" in told[8]
    assert told[12:] == [
        "",
        "  word            tokens  due to it        without it       placebo",
        "  ohwx (caption)       2  75 % (70 to 80)  12 % (10 to 15)  qzv kfp",
        "",
        "  measured    base  at 1    by",
        "  Saturation  30 %  45.5 %  colours",
        "",
        "  noise floor 1.2 of 255; another prompt or seed changes 40",
        "  20 pictures drawn, 4 kept from before; 8 of the checkpoint alone; 12 s",
        "  sheet  /grids/3/sheet.png",
        "  page   /grids/3/g.html",
    ]


def test_what_could_not_be_measured_is_no_number(rows: dict[str, ModelRow]) -> None:
    measured = evidence("ohwx")
    (word,) = measured.words
    odd = replace(
        measured,
        curve=(replace(measured.curve[0], effect=NEVER, share=OPEN, diversity=None, broken=3),),
        words=(replace(word, score=NEVER, leak=OPEN),),
    )
    told = "\n".join(
        block_lines(
            ProbeTask(rows["neon"], rows["painter"]),
            replace(verdict(), evidence=odd),
            None,
        )
    )
    assert "nan" not in told
    assert "inf" not in told
    assert "3 broken" in told
    assert "nothing was found" in told


def test_a_style_sheet_is_a_table_of_means(rows: dict[str, ModelRow]) -> None:
    task = ProbeTask(rows["painter"], rows["painter"])
    measured = replace(evidence(), curve=(), extra=(replace(EXTRA, strength=0, lora=math.nan),))
    told = list(block_lines(task, Verdict(3, (), evidence=measured), PUBLISHED, stopped=True))
    assert told[:4] == [
        "painter",
        "  measured    mean  by",
        "  Saturation  30 %  colours",
        "",
    ]
    assert "The time was up" in "\n".join(told)


def test_nothing_a_terminal_obeys_is_printed(rows: dict[str, ModelRow]) -> None:
    task = ProbeTask(rows["evil"], replace(rows["painter"], name=HOSTILE))
    finding = Finding(VerdictKind.DEAD_TRIGGER, f"{HOSTILE} does nothing.", word=HOSTILE)
    found = verdict(finding)
    words = tuple(replace(one, word=HOSTILE, placebo=HOSTILE) for one in evidence("x").words)
    found = replace(found, evidence=replace(evidence(), words=words))
    cost = ProbeCost(1, 2, 0, None, (WordToTry(HOSTILE, "claimed", HOSTILE),), (), (), 64, 64, 2)
    told = [
        *block_lines(task, found, None),
        *checkpoint_table([(task, found)]),
        *cost_lines(task, cost),
    ]
    assert not set("\x1b\x07\x9b\u202e") & set("".join(told))


def test_a_table_tells_where_a_lora_responds(rows: dict[str, ModelRow]) -> None:
    silent = Finding(VerdictKind.NO_EFFECT, "Nothing.")
    told = list(
        checkpoint_table(
            [
                (ProbeTask(rows["neon"], rows["painter"]), verdict(NEEDS)),
                (ProbeTask(rows["neon"], rows["sketcher"]), verdict(silent)),
            ]
        )
    )
    assert told == [
        "neon responds on 1 of 2 checkpoints: painter.",
        "  checkpoint  effect  verdict",
        "  painter         8×  needs its trigger ohwx",
        "  sketcher        8×  no effect",
    ]


COST = ProbeCost(
    first=24, most=196, exist=12, seconds=90.0,
    words=(WordToTry("ohwx", "claimed", "qzv"), WordToTry("a fox", "header")),
    prompts=("a", "b", "c"), seeds=(1, 2, 3, 4), width=64, height=64, steps=2,
)  # fmt: skip


def test_a_dry_run_counts_and_names_words(rows: dict[str, ModelRow]) -> None:
    assert list(cost_lines(ProbeTask(rows["neon"], rows["painter"]), COST)) == [
        "neon on painter: 24 pictures at first, 12 of which exist, at most 196.",
        "  64x64, 2 steps, 3 prompts, seeds 1, 2, 3, 4. Time for the first: about 1 min 30 s.",
        "  words: ohwx (placebo qzv)",
        "  from its training captions, if those leave anything open: a fox",
    ]
    bare = replace(COST, words=(), seconds=None, exist=0)
    told = list(cost_lines(ProbeTask(rows["neon"], rows["painter"]), bare))
    assert told[1].endswith("Time for the first: not known yet.")
    assert told[2] == "  words: none is known; --word names some"


def test_json_has_its_documented_keys(rows: dict[str, ModelRow]) -> None:
    task = ProbeTask(rows["neon"], rows["painter"])
    found = verdict(NEEDS)
    objects = [
        probed_json(task, found, PUBLISHED, stopped=False),
        probed_json(task, replace(found, evidence=None), None, stopped=True),
        known_json(task, found),
        failed_json(task, NotRenderable("No.", hint="Yes.")),
        not_reached_json(task, 12.5),
        left_out_json(Problem("vae", "It is a VAE.", None)),
        cost_json(task, COST),
    ]
    assert [one["state"] for one in objects] == [
        "probed", "probed", "known", "failed", "not-reached", "left-out", "planned",
    ]  # fmt: skip
    section = DOCUMENTED.partition("## `loradex probe --json`")[2].partition("\n## ")[0]
    verdicts = DOCUMENTED.partition("## `loradex verdict list")[2].partition("\n## `loradex dup")[0]
    section_words = set(re.findall(r"\w+", section))
    for one in objects:
        assert f"`{one['state']}`" in section
        for key in one:
            assert key in section_words or f"`{key}`" in verdicts, key
    for key in (*cost_json(task, COST)["words"][0], "repository", "revision", "bytes"):  # type: ignore[index]
        assert key in section
    measured = objects[0]["measured"]
    assert isinstance(measured, dict)
    assert measured["curve"][0]["effect"] == {"mean": 2.0, "low": 1.75, "high": 2.25, "pairs": 12}


def test_a_run_is_summed_up(rows: dict[str, ModelRow], capsys: pytest.CaptureFixture[str]) -> None:
    neon, sketched = (ProbeTask(rows["neon"], rows[name]) for name in ("painter", "sketcher"))
    evil = ProbeTask(rows["evil"], rows["painter"])
    sink = Recorder()
    report = ProbeReport(sink)
    report.begin(
        ProbeTasks(
            known=(replace(neon, earlier=verdict(NEEDS)),),
            left_out=(Problem("a", "No.", "Do."), Problem("c", "Why?"), Problem("b", "No.", "Do.")),
        )
    )
    assert capsys.readouterr().err == "Known: neon on painter: needs its trigger ohwx\n"
    report.tell(Done(sketched, Probed(verdict(USABLE), "neon", PUBLISHED)))
    report.tell(Failed(evil, NotRenderable("It is gone.")))
    report.tell(NotReached(evil, 3.0))
    report.end()
    out = capsys.readouterr().out
    assert "neon responds on 2 of 2 checkpoints: painter, sketcher." in out
    assert out.splitlines()[-1].startswith(
        "1 probe made, 1 known already (--again makes those anew), 1 failed, 3 left out, in"
    )
    assert out.endswith(" 1 probe left for the next call.\n")
    assert [(one.item, one.message, one.hint) for one in sink.problems][:2] == [
        ("a, b", "No.", "Do."),
        ("c", "Why?", None),
    ]
    assert sink.problems[2].message == "It is gone."
    assert (report.failed, report.left) == (1, 1)


def test_a_dry_run_is_summed_up(
    rows: dict[str, ModelRow], capsys: pytest.CaptureFixture[str]
) -> None:
    report = ProbeReport(Recorder())
    task = ProbeTask(rows["neon"], rows["painter"])
    report.tell(Planned(task, COST))
    report.tell(Planned(task, replace(COST, exist=24, seconds=0.0)))
    report.end()
    assert capsys.readouterr().out.splitlines()[-1] == (
        "2 probes: 12 pictures to draw at first, about 1 min 30 s."
    )


def test_lines_of_json_stand_alone(
    rows: dict[str, ModelRow], capsys: pytest.CaptureFixture[str]
) -> None:
    report = ProbeReport(Recorder(), as_json=True)
    task = ProbeTask(rows["evil"], rows["painter"], verdict(NEEDS))
    report.begin(ProbeTasks(known=(task,), left_out=(Problem("a", "No."),)))
    report.tell(Done(task, Probed(verdict(USABLE), "neon", None)))
    report.end()
    out = capsys.readouterr().out
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["state"] for line in lines] == ["left-out", "known", "probed"]
    assert lines[2]["name"] == rows["evil"].name
    assert not set("\x1b\x07\x9b\u202e") & set(out)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Nothing says what to probe."),
        (["neom"], "'neom' names no model"),
        (["-q", "zzz"], "finds nothing"),
        (["neon", "--quick", "--thorough"], "do not go together"),
        (["neon", "--budget", "3x"], "'3x' is not a length of time"),
        (["neon", "--seeds", "1,2"], "4 to 16 different seeds, not 2"),
        (["neon", "-p", "a boat"], "3 to 12 different prompts, not 1"),
        (["neon", "--size", "64,128"], "All pictures have one size."),
        (["neon"], "Several checkpoints fit"),
        (["neon", "-c", "2"], "is no checkpoint"),
        (["neon", "2", "-c", "painter", "--reference", "x.png"], "what one LoRA should know"),
    ],
)
def test_failures_are_a_sentence(
    run: Run, rows: dict[str, ModelRow], arguments: list[str], words: str
) -> None:
    ended = run("probe", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert "Traceback" not in ended.err
