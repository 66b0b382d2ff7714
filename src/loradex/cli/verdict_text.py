"""Verdicts in lines for people."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence

from loradex.cli.words import date_text, duration_text
from loradex.domain.probing import ExtraMeasure, WordScore
from loradex.domain.verdict_words import (
    cost_line,
    findings_line,
    headline,
    is_style_sheet,
    kind_words,
    response_curve,
    word_effect,
)
from loradex.domain.verdicts import Verdict, VerdictSource

Line = tuple[str, str]


def verdict_lines(verdicts: Sequence[Verdict], pages: Mapping[int, str]) -> Iterator[Line]:
    """Yield a title and a text for each thing that is said of a model, what counts first.

    `pages` are the pages of grids, by number.
    """
    for place, verdict in enumerate(verdicts):
        title = "Verdict" if place == 0 else ""
        if place == 0:
            counts = headline(verdicts)
            if counts:
                yield title, counts
                title = ""
        yield title, _who(verdict)
        for sentence in sentences(verdict):
            yield "", f"  {sentence}"
        if verdict.note:
            yield "", f"  {' '.join(verdict.note.split())}"
        if verdict.evidence is not None:
            curve = response_curve(verdict.evidence, blocks=has_blocks())
            if curve:
                yield "", f"  effect {curve}"
        page = pages.get(verdict.grid_id or 0)
        if page:
            yield "", f"  pictures: {page}"


def sentences(verdict: Verdict) -> Iterator[str]:
    """Yield what a verdict says, a sentence each, and what a person says is not so."""
    for finding in verdict.findings:
        yield finding.sentence or findings_line([finding])
    if verdict.dismissed:
        yield f"Not so: {', '.join(kind_words(kind) for kind in verdict.dismissed)}."


def number_lines(verdict: Verdict) -> Iterator[Line]:
    """Yield what a probe measured, short: the words, the floor and the cost."""
    evidence = verdict.evidence
    if evidence is None:
        return
    yield (
        "Noise floor",
        f"{_number(evidence.floor)} of 255;"
        f" another prompt or seed {_number(evidence.seed_distance)}",
    )
    for score in evidence.words:
        yield score.word, _word_line(score)
    for measure in evidence.extra:
        yield measure.title or measure.name, _measure_line(measure)
    yield "Cost", f"{cost_line(evidence)} in {duration_text(evidence.seconds)}"


def _word_line(score: WordScore) -> str:
    added = word_effect(score.score.mean)
    if not added:
        return "could not be measured"
    leak = max(score.leak.mean, 0)
    return (
        f"{added} ({score.score.low:.0%} to {score.score.high:.0%}); {leak:.0%} is there without"
        f" it; placebo {score.placebo}"
    )


def _measure_line(measure: ExtraMeasure) -> str:
    """Return what was measured on the base, and with the LoRA where there is one."""
    unit = f" {measure.unit}" if measure.unit else ""
    base = f"{_number(measure.base)}{unit}"
    if math.isfinite(measure.lora):
        base += f" on the base, {_number(measure.lora)}{unit} at {measure.strength:g}"
    return f"{base} [{measure.source}]"


def _number(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "?"


def said_by(verdict: Verdict) -> str:
    """Return who says it."""
    who = "you" if verdict.source is VerdictSource.PERSON else "probe"
    return f"{who}, from {verdict.origin}" if verdict.origin else who


def said_line(verdict: Verdict) -> str:
    """Return all that a verdict says in a line."""
    said = "style sheet" if is_style_sheet(verdict) else findings_line(verdict.findings)
    refused = ", ".join(kind_words(kind) for kind in verdict.dismissed)
    return " · ".join(part for part in (said, f"not {refused}" if refused else "") if part)


def has_blocks() -> bool:
    """Tell whether the output's encoding has block characters."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        "▁█×–".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _who(verdict: Verdict) -> str:
    if verdict.source is VerdictSource.PERSON:
        said = f"you said on {date_text(verdict.created_at)}"
    elif is_style_sheet(verdict):
        said = f"style sheet of {date_text(verdict.created_at)}"
    else:
        on = f" on {verdict.checkpoint}" if verdict.checkpoint else ""
        said = f"probed{on}, {date_text(verdict.created_at)}"
    return f"{said} [from {verdict.origin}]" if verdict.origin else said
