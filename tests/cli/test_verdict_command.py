"""`loradex verdict`, and verdicts in lists and details."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from cli.kit import Run
from loradex.catalog.catalog import Catalog
from loradex.domain.probing import ExtraMeasure, Interval
from loradex.domain.verdicts import VerdictKind, VerdictSource
from loradex.paths import Home
from verdict_kit import BEST, BURNS, DEAD, NEEDS, USABLE, evidence, probe, shelf


@pytest.fixture
def probed(home: Home) -> Home:
    with Catalog.open(home) as catalog:
        shelf(catalog)
        said = replace(probe(1, NEEDS, USABLE, BEST, BURNS), created_at=1_700_000_000.0)
        catalog.verdicts.record(replace(said, evidence=evidence("ohwx")))
        catalog.verdicts.record(replace(probe(2, DEAD), created_at=1_600_000_000.0))
    return home


def own(home: Home, id_: int = 1) -> tuple[list[str], list[str]]:
    """Return what a person says of a model, and what they dismissed."""
    with Catalog.open(home) as catalog:
        for each in catalog.verdicts.of(id_):
            if each.source is VerdictSource.PERSON:
                return [kind.value for kind in each.kinds], [k.value for k in each.dismissed]
    return [], []


def test_a_list(run: Run, probed: Home) -> None:
    shown = run("verdict", "list")
    assert shown.code == 0
    first, second = shown.out.splitlines()
    assert "needs its trigger ohwx · usable 0.4–1.1 · best 0.8 · burns above 1.25" in first
    assert second.split("\t")[:4] == ["2", "two", "dead trigger ohwx", "base"]
    assert run("verdict", "list", "verdict:dead").out.splitlines() == [second]
    assert run("verdict", "list", "-verdict:needs", "kind:lora").out.splitlines() == [second]
    page = run("verdict", "list", "--limit", "1", "--offset", "1")
    assert (page.out.splitlines(), "1 of 2 verdicts" in page.err) == ([second], True)
    nothing = run("verdict", "list", "id:3")
    assert (nothing.out, "No verdicts" in nothing.err) == ("", True)


def test_a_list_for_scripts(run: Run, probed: Home) -> None:
    first, second = json.loads(run("verdict", "list", "--json").out)
    assert (first["model"], first["name"], first["source"]) == (1, "one", "probe")
    assert (first["checkpoint"], first["checkpoint_id"]) == ("base", 5)
    assert first["findings"][0] == {
        "kind": "needs-trigger", "word": "ohwx", "low": None, "high": None,
        "sentence": NEEDS.sentence, "numbers": {"score": 0.75, "leak": 0.125},
    }  # fmt: skip
    assert second["findings"][0]["kind"] == "dead-trigger"


def test_show_says_it_all(run: Run, probed: Home) -> None:
    for command in (("show", "1"), ("verdict", "show", "1")):
        shown = run(*command).out
        assert "needs its trigger ohwx · usable 0.4–1.1 · best 0.8" in shown
        assert "Responds to ohwx; without it" in shown
        assert "probed on base, 2023-11-1" in shown
        assert "up to 12× the noise floor" in shown
    assert "OHWX (adds 75 % of the response)" in run("show", "1").out
    assert "placebo qzv kfp" in shown
    told = json.loads(run("verdict", "show", "1", "--json").out)
    assert told["headline"].startswith("needs its trigger ohwx")
    assert told["verdicts"][0]["measured"]["floor"] == 1.25
    details = json.loads(run("show", "1", "--json").out)
    assert [each["kind"] for each in details["verdicts"][0]["findings"]] == [
        "needs-trigger", "usable", "best", "burns"
    ]  # fmt: skip
    assert "measured" not in details["verdicts"][0]
    assert "nothing was found out yet" in run("verdict", "show", "3").err


def test_columns(run: Run, probed: Home) -> None:
    shown = run("list", "verdict:dead", "--columns", "name,verdict,probed")
    assert shown.out.split("\t")[1:3] == ["two", "dead-trigger"]
    (row,) = json.loads(run("list", "best:0.8", "--columns", "verdict,best", "--json").out)
    assert row["columns"] == {"verdict": ["needs-trigger", "usable", "best", "burns"], "best": 0.8}


def test_a_person_overrules(run: Run, probed: Home) -> None:
    dry = run("verdict", "set", "1", "always-on", "-n")
    assert (dry.out.splitlines()[0], own(probed)) == (
        "Would be judged always on: 1 model.", ([], [])
    )  # fmt: skip
    assert run("verdict", "set", "1", "always", "--note", "seen it").out == (
        "judged always on: 1 model.\n"
    )
    assert own(probed) == (["always-on"], [])
    shown = run("show", "1").out
    assert shown.index("always on") < shown.index("probed on base")
    assert "seen it" in shown
    assert run("list", "verdict:needs", "--count").out.strip() == "0"
    run(
        "verdict", "set", "1", "needs-trigger", "--word", "a", "--word", "b", "--usable", "0.2..0.5"
    )
    assert own(probed)[0] == ["needs-trigger", "usable"]
    assert "needs its trigger a, b · usable 0.2–0.5" in run("show", "1").out
    assert "[verdict]" in run("edit", "1").out
    run("verdict", "set", "-q", "id:2 OR id:3", "no-effect")
    assert (own(probed, 2)[0], own(probed, 3)[0]) == (["no-effect"], ["no-effect"])


def test_a_person_dismisses(run: Run, probed: Home) -> None:
    assert "Would be dismissed burns" in run("verdict", "dismiss", "1", "burns", "-n").out
    assert own(probed) == ([], [])
    assert run("verdict", "dismiss", "1", "burns", "best").code == 0
    assert own(probed) == ([], ["burns", "best"])
    assert "Not so: burns, best." in run("show", "1").out
    shown = run("list", "id:1", "--columns", "verdict").out
    assert shown.strip().split("\t")[1] == "needs-trigger, usable"
    run("verdict", "set", "1", "burns")
    assert own(probed) == (["burns"], ["best"])
    run("verdict", "dismiss", "1", "burns")
    assert own(probed) == ([], ["best", "burns"])


def test_clearing(run: Run, probed: Home) -> None:
    run("verdict", "set", "1", "always-on")
    assert run("verdict", "clear", "1", "-n").out == "Would remove 2 verdicts.\n"
    assert run("verdict", "clear", "1", "--person").out == "Removed 1 verdict.\n"
    assert run("verdict", "clear", "-q", "kind:lora", "--probe", "-n").out == (
        "Would remove 2 verdicts.\n"
    )
    assert run("verdict", "clear", "1").out == "Removed 1 verdict.\n"
    assert run("verdict", "list", "id:1", "--json").out == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["set"], "Which model?"),
        (["set", "1"], "What is the verdict?"),
        (["set", "1", "deat-trigger"], "Did you mean dead-trigger?"),
        (["set", "1", "n"], "may be several"),
        (["set", "1", "usable"], "--usable 0.4..0.9"),
        (["set", "1", "best"], "--best 0.7"),
        (["set", "1", "--usable", "0.9..0.4"], "goes upwards"),
        (["set", "1", "--usable", "much"], "no range of strengths"),
        (["set", "1", "--usable", "0.1..99"], "a number from -10 to 10"),
        (["set", "1", "--best", "nan"], "a number from -10 to 10"),
        (["set", "1", "--usable", "0.1..0.4", "--best", "1"], "outside of the range"),
        (["set", "1", "burns", "--word", "x"], "--word belongs"),
        (["dismiss", "1"], "What is not so?"),
        (["clear"], "Which models?"),
    ],
)
def test_mistakes_are_explained(run: Run, probed: Home, arguments: list[str], said: str) -> None:
    ended = run("verdict", *arguments)
    assert ended.code == 2
    assert said in ended.err
    assert own(probed) == ([], [])


def test_every_kind_can_be_said(run: Run, probed: Home) -> None:
    for kind in VerdictKind:
        extra = {"usable": ("--usable", "0.1..0.2"), "best": ("--best", "0.1")}.get(kind.value, ())
        assert run("verdict", "set", "1", kind.value, *extra).code == 0
        assert own(probed)[0] == [kind.value]


def test_a_style_sheet_is_called_so(run: Run, probed: Home) -> None:
    nothing = Interval(math.nan, math.nan, math.nan)
    colour = ExtraMeasure("s", "Saturation", "loradex", "", 0.0, 0.41, math.nan, nothing)
    with Catalog.open(probed) as catalog:
        measured = replace(evidence(), curve=(), floor=math.nan, extra=(colour,))
        catalog.verdicts.record(replace(probe(5), evidence=measured))
    assert run("verdict", "list", "id:5").out.split("\t")[2] == "style sheet"
    shown = run("verdict", "show", "5").out
    assert "style sheet of 20" in shown
    assert "0.41 [loradex]" in shown
    assert "? of 255; another prompt or seed 40" in shown
    assert "nan" not in shown
    assert run("list", "verdict: kind:checkpoint", "--count").out.strip() == "2"
