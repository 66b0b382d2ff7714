"""Verdicts in words."""

from __future__ import annotations

import math
from dataclasses import MISSING, fields, replace

import pytest

from loradex.domain.evidence_json import (
    evidence_from_json,
    evidence_from_plain,
    evidence_to_json,
    evidence_to_plain,
)
from loradex.domain.probing import ExtraMeasure, Interval
from loradex.domain.verdict_words import (
    cost_line,
    findings_line,
    headline,
    response_curve,
    sparkline,
    word_effect,
)
from loradex.domain.verdicts import Finding, Verdict, VerdictKind, VerdictSource
from verdict_kit import BEST, BURNS, DEAD, NEEDS, USABLE, evidence

K = VerdictKind


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        ((), ""),
        ((NEEDS, USABLE, BEST), "needs its trigger ohwx · usable 0.4–1.1 · best 0.8"),
        ((DEAD, Finding(K.DEAD_TRIGGER, "", word="zwx"), BURNS),
         "dead trigger ohwx, zwx · burns above 1.25"),
        ((Finding(K.DEAD_TRIGGER, ""),), "dead trigger"),
        ((Finding(K.COLLAPSES, "", low=1.5), Finding(K.ALWAYS_ON, "")),
         "collapses seeds above 1.5 · always on"),
        ((Finding(K.BURNS, ""), Finding(K.NO_EFFECT, "")), "burns · no effect"),
        ((Finding(K.UNDECIDED, "More seeds would decide it.", word="ohwx"),), "undecided"),
        ((Finding(K.DOES_NOT_FIT, ""),), "does not fit this base"),
    ],
)  # fmt: skip
def test_a_line_for_findings(findings: tuple[Finding, ...], line: str) -> None:
    assert findings_line(findings) == line
    assert headline([Verdict(1, findings)]) == line


def test_every_kind_has_its_words() -> None:
    assert all(findings_line([Finding(kind, "")]) for kind in VerdictKind)


def test_a_headline_is_what_counts() -> None:
    probed, older = Verdict(1, (NEEDS, BURNS)), Verdict(1, (DEAD,))
    says = Verdict(1, (USABLE,), VerdictSource.PERSON)
    not_so = Verdict(1, (), VerdictSource.PERSON, dismissed=(K.NEEDS_TRIGGER, K.BURNS))
    assert headline([says, probed]) == "usable 0.4–1.1"
    assert headline([probed, older]) == "needs its trigger ohwx · burns above 1.25"
    assert headline([not_so, probed, older]) == "dead trigger ohwx"
    assert headline([not_so, probed]) == headline([]) == ""


@pytest.mark.parametrize(
    ("values", "blocks", "letters"),
    [
        ([], "", ""),
        ([0, 0], "▁▁", "__"),
        ([0, 1, 2, 4], "▁▃▅█", "_-+#"),
        ([-1, math.nan, 4, math.inf], "▁ █ ", "_ # "),
    ],
)
def test_a_chart_of_letters(values: list[float], blocks: str, letters: str) -> None:
    assert sparkline(values) == blocks
    assert sparkline(values, blocks=False) == letters


def test_the_curve_tells_its_scale() -> None:
    told = evidence()
    assert response_curve(told) == "▂▃▆█ 0.25–1.5, up to 12× the noise floor"
    plain = response_curve(told, blocks=False)
    assert plain.isascii()
    assert plain.endswith("0.25 to 1.5, up to 12 times the noise floor")
    assert response_curve(replace(told, curve=told.curve[:1])) == ""
    unknown = replace(told.curve[0], effect=Interval(math.nan, math.nan, math.nan))
    assert response_curve(replace(told, curve=(unknown, told.curve[1]))) == ""


def test_numbers_in_words() -> None:
    assert word_effect(0.754) == "adds 75 % of the response"
    assert (word_effect(-0.2), word_effect(math.nan)) == ("adds 0 % of the response", "")
    assert cost_line(evidence()) == "20 pictures drawn, 4 kept from before"
    assert cost_line(replace(evidence(), drawn=1, reused=0)) == "1 picture drawn"


def test_evidence_comes_back_from_json() -> None:
    told = replace(
        evidence("ohwx", "two words"),
        extra=(
            ExtraMeasure(
                "c", "Colour", "plugin", "%", 1.0, 2.0, 3.0, Interval(1, 0, 2, 5), "More is more."
            ),
        ),
        version=7,
        depth="thorough",
        stopped=True,
    )
    for one in (told, *told.curve[:1], *told.words[:1], *told.extra):
        for field in fields(one):  # whatever is added later has to come back as well
            given = getattr(one, field.name)
            if field.default is not MISSING and field.name not in ("diversity", "broken"):
                assert given != field.default, field.name
    assert evidence_from_json(evidence_to_json(told)) == told
    assert evidence_from_plain(evidence_to_plain(told)) == told
    for junk in (b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"floor": "much"}'):
        assert evidence_from_json(junk) is None
