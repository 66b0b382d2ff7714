"""A person's own verdicts: said in place of what probes found, and dismissals of that.

A person has one verdict on a model, for any checkpoint. No probe ever touches it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from loradex.catalog.catalog import Catalog
from loradex.domain.preferences import bounds
from loradex.domain.verdict_words import findings_line
from loradex.domain.verdicts import Finding, Verdict, VerdictKind, VerdictSource
from loradex.errors import BadReference, UsageError

OF_WORDS = (
    VerdictKind.NEEDS_TRIGGER,
    VerdictKind.DEAD_TRIGGER,
    VerdictKind.REDUNDANT_TRIGGER,
)
"""Kinds that are about a trigger word."""


def read_kind(text: str) -> VerdictKind:
    """Return the kind that a person names, by its beginning if that is one kind's alone.

    Raises `UsageError` that proposes the nearest.
    """
    asked = text.strip().casefold().replace(" ", "-").replace("_", "-")
    found = [kind for kind in VerdictKind if kind.value == asked] or [
        kind for kind in VerdictKind if asked and kind.value.startswith(asked)
    ]
    if len(found) == 1:
        return found[0]
    names = [kind.value for kind in found or VerdictKind]
    near = get_close_matches(asked, names, n=1) if not found else []
    raise UsageError(
        f"{text!r} may be several verdicts." if found else f"There is no verdict {text!r}.",
        hint=f"Did you mean {near[0]}?" if near else f"Known: {', '.join(names)}.",
    )


def findings_of(
    kinds: Sequence[VerdictKind],
    words: Sequence[str] = (),
    usable: tuple[float, float] | None = None,
    best: float | None = None,
) -> tuple[Finding, ...]:
    """Return what a person says as findings, with a sentence each.

    `words` belong to the kinds about trigger words. Raises `UsageError` for what contradicts
    itself or lacks a number.
    """
    if words and not any(kind in OF_WORDS for kind in kinds):
        raise UsageError(
            "--word belongs to a verdict about a trigger word.",
            hint=f"Add one of {', '.join(OF_WORDS)}.",
        )
    _check_strengths(kinds, usable, best)
    said: list[Finding] = []
    for kind in dict.fromkeys(kinds):
        if kind in OF_WORDS:
            said += [Finding(kind, "", word) for word in words or ("",)]
        elif kind not in (VerdictKind.USABLE, VerdictKind.BEST):
            said.append(Finding(kind, ""))
    if usable is not None:
        said.append(Finding(VerdictKind.USABLE, "", low=usable[0], high=usable[1]))
    if best is not None:
        said.append(Finding(VerdictKind.BEST, "", low=best))
    if not said:
        raise UsageError(
            "What is the verdict?", hint="For example: loradex verdict set REF dead-trigger"
        )
    return tuple(replace(one, sentence=_sentence(one)) for one in said)


def overrule(
    catalog: Catalog, ids: Sequence[int], findings: Sequence[Finding], *, note: str | None = None
) -> None:
    """Let a person's findings stand for these models, in place of what they said before.

    What they dismissed stays dismissed unless they say it now. None keeps the note.
    """
    said = {finding.kind for finding in findings}
    for id_, own in _own(catalog, ids):
        catalog.verdicts.record(
            replace(
                own,
                content_id=id_,
                findings=tuple(findings),
                note=own.note if note is None else note,
                dismissed=tuple(kind for kind in own.dismissed if kind not in said),
            )
        )


def dismiss(catalog: Catalog, ids: Sequence[int], kinds: Sequence[VerdictKind]) -> None:
    """Let these kinds of findings not count for these models, whatever probes find."""
    for id_, own in _own(catalog, ids):
        catalog.verdicts.record(
            replace(
                own,
                content_id=id_,
                findings=tuple(one for one in own.findings if one.kind not in kinds),
                dismissed=tuple(dict.fromkeys((*own.dismissed, *kinds))),
            )
        )


def clear(catalog: Catalog, ids: Sequence[int], source: VerdictSource | None = None) -> int:
    """Remove verdicts on these models, of one source or all; return how many there were."""
    return catalog.verdicts.clear(ids, source)


def grid_pages(catalog: Catalog, verdicts: Sequence[Verdict]) -> dict[int, str]:
    """Return the pages of the grids with these verdicts' pictures, by number."""
    pages: dict[int, str] = {}
    for grid_id in {each.grid_id for each in verdicts if each.grid_id is not None}:
        try:
            page = catalog.grids.grid(grid_id).page_path
        except BadReference:  # deleted a moment ago
            continue
        if page:
            pages[grid_id] = page
    return pages


def _own(catalog: Catalog, ids: Sequence[int]) -> list[tuple[int, Verdict]]:
    """Return for each model what a person says of it so far, to be written with a new time."""
    known = catalog.verdicts.of_many(ids)
    found = []
    for id_ in dict.fromkeys(ids):
        own = next(
            (
                one
                for one in known.get(id_, ())
                if one.source is VerdictSource.PERSON and not one.checkpoint
            ),
            Verdict(id_, (), VerdictSource.PERSON),
        )
        found.append((id_, replace(own, created_at=0.0, origin="")))
    return found


def _check_strengths(
    kinds: Sequence[VerdictKind], usable: tuple[float, float] | None, best: float | None
) -> None:
    if VerdictKind.USABLE in kinds and usable is None:
        raise UsageError("Usable from where to where?", hint="Add --usable 0.4..0.9")
    if VerdictKind.BEST in kinds and best is None:
        raise UsageError("Best at which strength?", hint="Add --best 0.7")
    low, high = bounds("strength") or (-10.0, 10.0)
    for number in (*(usable or ()), *(() if best is None else (best,))):
        if not (math.isfinite(number) and low <= number <= high):
            raise UsageError(f"A strength is a number from {low:g} to {high:g}.")
    if usable is not None and usable[0] > usable[1]:
        raise UsageError(
            f"A range goes upwards: {usable[0]:g}..{usable[1]:g} does not.",
            hint=f"{usable[1]:g}..{usable[0]:g}?",
        )
    if usable is not None and best is not None and not usable[0] <= best <= usable[1]:
        raise UsageError(f"The best strength {best:g} lies outside of the range.")


def _sentence(finding: Finding) -> str:
    said = findings_line([finding])
    return f"{said[0].upper()}{said[1:]}."
