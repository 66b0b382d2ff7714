"""Verdicts in lines for people."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

from loradex.cli.words import date_text
from loradex.domain.verdict_words import (
    cost_line,
    findings_line,
    headline,
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
    yield "Noise floor", f"{evidence.floor:.3g} of 255; another seed {evidence.seed_distance:.3g}"
    for score in evidence.words:
        yield (
            score.word,
            f"{word_effect(score.score.mean)} ({score.score.low:.0%} to {score.score.high:.0%});"
            f" {max(score.leak.mean, 0):.0%} is there without it; placebo {score.placebo}",
        )
    for measure in evidence.extra:
        yield (
            measure.title or measure.name,
            f"{measure.base:.3g} on the base, {measure.lora:.3g} at {measure.strength:g}"
            f" [{measure.source}]",
        )
    yield "Cost", f"{cost_line(evidence)} in {evidence.seconds:.0f} s, by {evidence.engine}"


def said_by(verdict: Verdict) -> str:
    """Return who says it."""
    who = "you" if verdict.source is VerdictSource.PERSON else "probe"
    return f"{who}, from {verdict.origin}" if verdict.origin else who


def said_line(verdict: Verdict) -> str:
    """Return all that a verdict says in a line."""
    said = findings_line(verdict.findings)
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
    else:
        on = f" on {verdict.checkpoint}" if verdict.checkpoint else ""
        said = f"probed{on}, {date_text(verdict.created_at)}"
    return f"{said} [from {verdict.origin}]" if verdict.origin else said
