"""What `loradex probe` tells people: a block a model, and a table where it tried checkpoints."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from loradex.cli.columns import cell_width
from loradex.cli.words import count_text, duration_text
from loradex.domain.probing import CurvePoint, ExtraMeasure, Interval, ProbeEvidence, WordScore
from loradex.domain.text import display_text
from loradex.domain.verdict_words import cost_line, findings_line
from loradex.domain.verdicts import Verdict, VerdictKind

if TYPE_CHECKING:
    from pathlib import Path

    from loradex.operations.probing.cost import ProbeCost
    from loradex.operations.probing.publishing import Published
    from loradex.operations.probing.tasks import ProbeTask

_NAME = 60
_LEAST_SIGN = 0.005
"""A difference from the base below this is not worth a place in the table."""
_UNDER = "  "


def block_lines(
    task: ProbeTask, verdict: Verdict, published: Published | None, *, stopped: bool = False
) -> Iterator[str]:
    """Yield what a probe found of a model: in words, then in numbers, then where to look."""
    yield title_of(task)
    evidence = verdict.evidence
    if evidence is not None and task.of_checkpoint:
        yield from _indented(_sheet_lines(evidence, stopped=stopped))
    else:
        yield from _indented(_verdict_lines(verdict))
    if evidence is not None:
        yield f"{_UNDER}{_cost(evidence)}"
    if published is not None:
        yield from _indented(_places(published.sheets, published.page))


def title_of(task: ProbeTask) -> str:
    """Return `neon on painter`, or the checkpoint's name alone."""
    name = display_text(task.subject.name, _NAME)
    return name if task.of_checkpoint else f"{name} on {display_text(task.checkpoint.name, _NAME)}"


def headline_of(task: ProbeTask, verdict: Verdict) -> str:
    """Return what was found in a line."""
    if task.of_checkpoint:
        return "style sheet"
    return display_text(findings_line(verdict.findings)) or "nothing"


def checkpoint_table(found: Sequence[tuple[ProbeTask, Verdict]]) -> Iterator[str]:
    """Yield a table of one LoRA's checkpoints: how much it does at strength 1, and the verdict."""
    yield f"{display_text(found[0][0].subject.name, _NAME)} responds on {_responding(found)}."
    rows = [("checkpoint", "effect", "verdict")]
    rows += [
        (
            display_text(task.checkpoint.name, _NAME),
            _effect_at_full(verdict),
            headline_of(task, verdict),
        )
        for task, verdict in found
    ]
    yield from _indented(aligned(rows, right=(1,)))


def cost_lines(task: ProbeTask, cost: ProbeCost) -> Iterator[str]:
    """Yield what a probe would draw."""
    todo = cost.first - cost.exist
    exist = f", {cost.exist:,} of which exist" if cost.exist else ""
    most = "" if cost.most <= cost.first else f", at most {cost.most:,}"
    yield f"{title_of(task)}: {count_text(cost.first, 'picture')} at first{exist}{most}."
    time = f"about {duration_text(cost.seconds)}" if cost.seconds is not None else "not known yet"
    seeds = ", ".join(map(str, cost.seeds))
    yield (
        f"  {cost.width}x{cost.height}, {count_text(cost.steps, 'step')},"
        f" {count_text(len(cost.prompts), 'prompt')}, seeds {seeds}."
        + (f" Time for the first: {time}." if todo else "")
    )
    claimed = [_word(one.word, one.placebo) for one in cost.words if one.source != "header"]
    mined = [_word(one.word, one.placebo) for one in cost.words if one.source == "header"]
    if claimed:
        yield f"  words: {', '.join(claimed)}"
    if mined:
        yield f"  from its training captions, if those leave anything open: {', '.join(mined)}"
    if not (cost.words or task.of_checkpoint):
        yield "  words: none is known; --word names some"


def aligned(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> Iterator[str]:
    """Yield rows with their columns below each other; those numbered in `right` end together."""
    ends = set(right)
    widths = [max(cell_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - cell_width(cell))
            cells.append(space + cell if place in ends else cell + space)
        yield "  ".join(cells).rstrip()


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"{_UNDER}{line}" if line else "" for line in lines)


def _verdict_lines(verdict: Verdict) -> Iterator[str]:
    yield display_text(findings_line(verdict.findings)) or "nothing was found"
    for finding in verdict.findings:
        if finding.sentence:
            yield display_text(finding.sentence)
    evidence = verdict.evidence
    if evidence is None:
        return
    if evidence.curve:
        yield ""
        yield from _curve(evidence.curve)
    if evidence.words:
        yield ""
        yield from _words(evidence.words)
    extra = list(_extra(evidence.extra, verdict.of(VerdictKind.BEST)))
    if extra:
        yield ""
        yield from extra
    if evidence.curve or evidence.words or extra:
        yield ""
    yield (
        f"noise floor {evidence.floor:.2g} of 255; another prompt or seed changes"
        f" {evidence.seed_distance:.3g}"
    )


def _curve(curve: Sequence[CurvePoint]) -> Iterator[str]:
    words = {point.words for point in curve}
    if words != {""}:
        yield f"with {', '.join(display_text(word) for word in sorted(words))} in front:"
    rows = [("strength", "effect", "share", "response", "diversity", "signs")]
    rows += [
        (
            f"{point.strength:g}",
            _spread(point.effect, "{:.3g}", "×"),
            _spread(point.share, "{:.0f}", " %", 100),
            _spread(point.response, "{:.2f}"),
            "" if point.diversity is None else f"{point.diversity:.2f}",
            _signs(point),
        )
        for point in sorted(curve, key=lambda point: (point.words, point.strength))
    ]
    yield from aligned(rows, right=(0,))


def _signs(point: CurvePoint) -> str:
    told = [
        f"{display_text(name)} {value:+.2g}"
        for name, value in point.burn.items()
        if abs(value) >= _LEAST_SIGN
    ]
    if point.broken:
        told.insert(0, f"{point.broken} broken")
    return ", ".join(told)


def _words(scores: Sequence[WordScore]) -> Iterator[str]:
    rows = [("word", "tokens", "due to it", "without it", "placebo")]
    rows += [
        (
            display_text(score.word, _NAME) + (" (caption)" if score.source == "header" else ""),
            str(score.tokens),
            _spread(score.score, "{:.0f}", " %", 100),
            _spread(score.leak, "{:.0f}", " %", 100),
            display_text(score.placebo, _NAME),
        )
        for score in scores
    ]
    yield from aligned(rows, right=(1,))


def _spread(interval: Interval, form: str, unit: str = "", times: float = 1.0) -> str:
    """Return a mean with its interval: `12× (10 to 14)`; the interval only where it is known."""
    if not math.isfinite(interval.mean):
        return "?"
    mean = form.format(interval.mean * times)
    if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return f"{mean}{unit}"
    low, high = form.format(interval.low * times), form.format(interval.high * times)
    return f"{mean}{unit} ({low} to {high})"


def _extra(measures: Sequence[ExtraMeasure], best: object) -> Iterator[str]:
    """Yield what was measured besides, at the strength that is best, else the one nearest to 1."""
    if not measures:
        return
    wanted = getattr(best, "low", None) or 1.0
    strengths = {measure.strength for measure in measures}
    strength = min(strengths, key=lambda one: abs(one - wanted))
    rows = [
        (
            display_text(measure.title or measure.name, _NAME),
            _number(measure.base, measure.unit),
            _number(measure.lora, measure.unit),
            display_text(measure.source, _NAME),
        )
        for measure in measures
        if measure.strength == strength
    ]
    yield from aligned([("measured", "base", f"at {strength:g}", "by"), *rows])


def _number(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return "?"
    return f"{value:.3g} {display_text(unit, _NAME)}".rstrip()


def _sheet_lines(evidence: ProbeEvidence, *, stopped: bool) -> Iterator[str]:
    rows = [
        (
            display_text(measure.title or measure.name, _NAME),
            _number(measure.base, measure.unit),
            display_text(measure.source, _NAME),
        )
        for measure in evidence.extra
    ]
    if rows:
        yield from aligned([("measured", "mean", "by"), *rows])
        yield ""
    yield (
        f"noise floor {evidence.floor:.2g} of 255; {count_text(len(evidence.prompts), 'prompt')},"
        f" seeds {', '.join(map(str, evidence.seeds))}"
    )
    if stopped:
        yield "The time was up before every seed was drawn: probe again to go on."


def _cost(evidence: ProbeEvidence) -> str:
    shared = f"; {evidence.shared:,} of the checkpoint alone" if evidence.shared else ""
    return f"{cost_line(evidence)}{shared}; {duration_text(evidence.seconds)}"


def _places(sheets: Sequence[Path], page: Path) -> Iterator[str]:
    for sheet in sheets:
        yield f"sheet  {display_text(str(sheet))}"
    yield f"page   {display_text(str(page))}"


def _effect_at_full(verdict: Verdict) -> str:
    """Return the effect at strength 1, or the nearest to it that was drawn."""
    curve = verdict.evidence.curve if verdict.evidence else ()
    if not curve:
        return ""
    nearest = min(abs(point.strength - 1) for point in curve)
    at = [point.effect.mean for point in curve if abs(point.strength - 1) == nearest]
    finite = [value for value in at if math.isfinite(value)]
    return f"{max(finite):.3g}×" if finite else "?"


_SILENT = (VerdictKind.NO_EFFECT, VerdictKind.DOES_NOT_FIT)


def _responding(found: Sequence[tuple[ProbeTask, Verdict]]) -> str:
    names = [
        display_text(task.checkpoint.name, _NAME)
        for task, verdict in found
        if not any(verdict.of(kind) for kind in _SILENT) and verdict.evidence is not None
    ]
    return f"{len(names)} of {len(found)} checkpoints" + (f": {', '.join(names)}" if names else "")


def _word(word: str, placebo: str) -> str:
    shown = display_text(word, _NAME)
    return f"{shown} (placebo {display_text(placebo, _NAME)})" if placebo else shown
