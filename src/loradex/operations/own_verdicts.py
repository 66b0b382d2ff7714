"""What a person says of one model, bit by bit: each word of theirs can be taken back.

A person's verdict stands for all that probes say. So whoever says one thing of a model that was
probed takes over the rest of what counts, and changes only that one thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from loradex.catalog.catalog import Catalog
from loradex.domain.preferences import bounds
from loradex.domain.verdict_words import counting, findings_line, kind_words
from loradex.domain.verdicts import Finding, Verdict, VerdictKind, VerdictSource
from loradex.errors import UsageError
from loradex.operations.preferring import prefer
from loradex.operations.verdicts import OF_WORDS, overrule

WITH_STRENGTH = (VerdictKind.BEST, VerdictKind.BURNS, VerdictKind.COLLAPSES)
"""Kinds that say something of one strength."""


@dataclass(frozen=True, slots=True)
class OwnWord:
    """What a person said of a model at some time: their verdict, and their preferred strength."""

    content_id: int
    verdict: Verdict | None
    strength: float | None


def own_word(catalog: Catalog, content_id: int) -> OwnWord:
    """Return what a person says of a model now."""
    verdict = next(
        (
            one
            for one in catalog.verdicts.of(content_id)
            if one.source is VerdictSource.PERSON and not one.checkpoint
        ),
        None,
    )
    known = catalog.preferences.own([content_id]).get(content_id)
    return OwnWord(content_id, verdict, known.strength if known else None)


def take_back(catalog: Catalog, before: OwnWord) -> None:
    """Let what a person said then hold again, and nothing they said since."""
    catalog.verdicts.clear([before.content_id], VerdictSource.PERSON)
    if before.verdict is not None:
        catalog.verdicts.record(before.verdict)
    prefer(catalog, [before.content_id], {"strength": before.strength})


def findings_now(catalog: Catalog, content_id: int) -> tuple[Finding, ...]:
    """Return what counts of a model: the person's findings, else those of its first probe."""
    said = counting(catalog.verdicts.of(content_id))
    return tuple(finding for one, finding in said if one is said[0][0])


def finding_of(kind: VerdictKind, text: str = "") -> Finding:
    """Return one thing a person says: `text` is a strength, a range, or trigger words.

    Raises `UsageError` for what is no strength or range where one is needed.
    """
    said = text.strip()
    if kind is VerdictKind.USABLE:
        low, dots, high = said.partition("..")
        if not dots:
            raise UsageError("Usable from where to where?", hint="As in 0.4..0.9")
        ends = _strength(low), _strength(high)
        if ends[0] > ends[1]:
            raise UsageError("A range goes upwards.", hint=f"{ends[1]:g}..{ends[0]:g}?")
        finding = Finding(kind, "", low=ends[0], high=ends[1])
    elif kind in WITH_STRENGTH:
        if kind is VerdictKind.BEST and not said:
            raise UsageError("Best at which strength?", hint="As in 0.7")
        finding = Finding(kind, "", low=_strength(said) if said else None)
    else:
        finding = Finding(kind, "", word=said if kind in OF_WORDS else "")
    return replace(finding, sentence=_sentence(finding))


def finding_text(finding: Finding) -> str:
    """Return what `finding_of` reads: the strength, range or words of a finding."""
    if finding.low is not None and finding.high is not None:
        return f"{finding.low:g}..{finding.high:g}"
    return f"{finding.low:g}" if finding.low is not None else finding.word


def say(catalog: Catalog, content_id: int, findings: Sequence[Finding]) -> OwnWord:
    """Let these findings be a person's whole verdict, and its best strength the preferred one.

    No findings take the verdict back, but not what the person dismissed. Returns what they said
    before. Raises `UsageError` for a best strength outside the usable ones.
    """
    _check(findings)
    before = own_word(catalog, content_id)
    overrule(catalog, [content_id], findings)
    best = next((one.low for one in findings if one.kind is VerdictKind.BEST), None)
    if best is not None:
        prefer(catalog, [content_id], {"strength": best})
    return before


def say_best(catalog: Catalog, content_id: int, strength: float) -> OwnWord:
    """Let a strength be a model's best one: in its verdict, and in what is copied into prompts.

    What counts of the model besides stays, but for a range that leaves this strength out. Returns
    what the person said before. Raises `UsageError` for what is no strength.
    """
    best = finding_of(VerdictKind.BEST, f"{strength:g}")
    low = best.low or 0.0
    rest = [
        one
        for one in findings_now(catalog, content_id)
        if one.kind not in (VerdictKind.BEST, VerdictKind.UNDECIDED)
        and not (one.kind is VerdictKind.USABLE and not _holds(one, low))
    ]
    return say(catalog, content_id, [*rest, best])


def _holds(usable: Finding, strength: float) -> bool:
    return (usable.low or 0.0) <= strength <= (strength if usable.high is None else usable.high)


def _check(findings: Sequence[Finding]) -> None:
    by_kind = {one.kind: one for one in findings}
    usable, best = by_kind.get(VerdictKind.USABLE), by_kind.get(VerdictKind.BEST)
    if usable and best and best.low is not None and not _holds(usable, best.low):
        raise UsageError(
            f"The best strength {best.low:g} lies outside of {finding_text(usable)}.",
            hint="Say another range, or another best strength.",
        )


def _strength(text: str) -> float:
    low, high = bounds("strength") or (-10.0, 10.0)
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise UsageError(f"A strength is a number from {low:g} to {high:g}.", hint="As in 0.7")
    return round(number, 4)


def _sentence(finding: Finding) -> str:
    said = findings_line([finding]) or kind_words(finding.kind)
    return f"{said[0].upper()}{said[1:]}."
