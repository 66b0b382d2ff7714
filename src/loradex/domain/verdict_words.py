"""Verdicts in words for people: a headline, a line for each fact, and a curve of letters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from loradex.domain.probing import ProbeEvidence
from loradex.domain.verdicts import Finding, Verdict, VerdictKind, VerdictSource

_SAID = {
    VerdictKind.NO_EFFECT: "no effect",
    VerdictKind.ALWAYS_ON: "always on",
    VerdictKind.NEEDS_TRIGGER: "needs its trigger",
    VerdictKind.DEAD_TRIGGER: "dead trigger",
    VerdictKind.REDUNDANT_TRIGGER: "redundant trigger",
    VerdictKind.USABLE: "usable",
    VerdictKind.BEST: "best",
    VerdictKind.BURNS: "burns",
    VerdictKind.COLLAPSES: "collapses seeds",
    VerdictKind.DOES_NOT_FIT: "does not fit this base",
    VerdictKind.UNDECIDED: "undecided",
}
_ABOVE = (VerdictKind.BURNS, VerdictKind.COLLAPSES)
_BARS = "▁▂▃▄▅▆▇█"
_LETTERS = "_.-=+*%#"
"""The same where a terminal has no block characters."""


def counting(verdicts: Sequence[Verdict]) -> list[tuple[Verdict, Finding]]:
    """Return the findings that count of one model's verdicts, which come in the catalog's order.

    What a person says stands for all that probes say; else probes' findings count, without those
    that a person dismissed.
    """
    people = [one for one in verdicts if one.source is VerdictSource.PERSON]
    if any(one.findings for one in people):
        return [(one, finding) for one in people for finding in one.findings]
    dismissed = {kind for one in people for kind in one.dismissed}
    return [
        (one, finding)
        for one in verdicts
        for finding in one.findings
        if finding.kind not in dismissed
    ]


def headline(verdicts: Sequence[Verdict]) -> str:
    """Return what counts in one line, as the first of these verdicts with any finding says.

    For example `needs its trigger ohwx · usable 0.4–1.1 · best 0.8`; empty without a finding.
    """
    said = counting(verdicts)
    return findings_line(finding for one, finding in said if one is said[0][0])


def findings_line(findings: Iterable[Finding]) -> str:
    """Return findings in a line; those of one kind about several words are one."""
    grouped: dict[VerdictKind, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.kind, []).append(finding)
    return " · ".join(_phrase(kind, some) for kind, some in grouped.items())


def _phrase(kind: VerdictKind, findings: Sequence[Finding]) -> str:
    said = _SAID[kind]
    first = findings[0]
    words = ", ".join(dict.fromkeys(one.word for one in findings if one.word))
    if words and kind is not VerdictKind.UNDECIDED:
        said = f"{said} {words}"
    if first.low is None:
        return said
    if first.high is not None:
        return f"{said} {first.low:g}–{first.high:g}"
    return f"{said} above {first.low:g}" if kind in _ABOVE else f"{said} {first.low:g}"


def is_style_sheet(verdict: Verdict) -> bool:
    """Tell whether a probe looked at a checkpoint itself: it measures, and finds nothing."""
    of_itself = verdict.content_id == verdict.checkpoint_id
    return of_itself and verdict.source is VerdictSource.PROBE and not verdict.findings


def kind_words(kind: VerdictKind) -> str:
    """Return a kind of finding in words."""
    return _SAID[kind]


def sparkline(values: Sequence[float], *, blocks: bool = True) -> str:
    """Return numbers as a small chart, a character each, from 0 to the highest of them.

    What is no number is a space. Without `blocks` the characters are ASCII.
    """
    steps = _BARS if blocks else _LETTERS
    top = max((value for value in values if math.isfinite(value)), default=0.0)
    if top <= 0:
        return steps[0] * len(values)
    return "".join(
        steps[min(int(max(value, 0.0) / top * len(steps)), len(steps) - 1)]
        if math.isfinite(value)
        else " "
        for value in values
    )


def response_curve(evidence: ProbeEvidence, *, blocks: bool = True) -> str:
    """Return the effect over strength: `▂▄▆█ 0.25–1.5, up to 12× the noise floor`.

    Empty when nothing was measured at two strengths.
    """
    by_strength: dict[float, float] = {}
    for point in sorted(evidence.curve, key=lambda point: point.strength):
        if math.isfinite(point.strength) and math.isfinite(point.effect.mean):
            before = by_strength.get(point.strength, 0.0)
            by_strength[point.strength] = max(point.effect.mean, before)
    if len(by_strength) < 2:
        return ""
    strengths, effects = list(by_strength), list(by_strength.values())
    dash = "–" if blocks else " to "
    times = "×" if blocks else " times"
    return (
        f"{sparkline(effects, blocks=blocks)} {strengths[0]:g}{dash}{strengths[-1]:g},"
        f" up to {max(effects):.3g}{times} the noise floor"
    )


def word_effect(effect: float) -> str:
    """Return what a word adds: `adds 75 % of the response`; empty for what is no number."""
    if not math.isfinite(effect):
        return ""
    return f"adds {max(round(effect * 100), 0)} % of the response"


def cost_line(evidence: ProbeEvidence) -> str:
    """Return what a probe cost: `20 pictures drawn, 4 kept from before`."""
    drawn = f"{evidence.drawn:,} picture{'' if evidence.drawn == 1 else 's'} drawn"
    return f"{drawn}, {evidence.reused:,} kept from before" if evidence.reused else drawn
