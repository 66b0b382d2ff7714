"""At which strengths a LoRA is usable, about where its response is full, and what ends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loradex.domain.verdicts import Finding, VerdictKind
from loradex.probe import limits
from loradex.probe.curve import Curve, Level
from loradex.probe.state import State

_NOTHING_YET = 0.0


def range_findings(state: State, curve: Curve) -> Iterator[Finding]:
    """Yield usable, best, burns and collapses, as far as the curve tells."""
    burns = _first(curve.levels, "burns")
    # Where no picture is whole there is no effect to compare, and still something burns.
    if not curve.levels or (burns is None and curve.full <= limits.ACTS):
        return
    collapses = _first(curve.levels, "collapses")
    end = min((one for one in (burns, collapses) if one is not None), default=None)
    low = crossing(curve.levels, limits.HALF * curve.full)
    sound = [level for level in curve.levels if end is None or level.strength <= end]
    acts = curve.full > limits.ACTS
    if acts and low is not None and sound and (end is None or low < end):
        high = end if end is not None else curve.levels[-1].strength
        numbers = {"full_share": curve.full, "limit_half": limits.HALF}
        yield Finding(
            VerdictKind.USABLE,
            _usable(low, high, tried=end is None),
            low=low,
            high=high,
            numbers=_rounded(numbers),
        )
        best = crossing(sound, limits.FULL * max(level.share for level in sound))
        if best is not None:
            best = round(min(max(best, low), high), 2)
            yield Finding(
                VerdictKind.BEST,
                f"The response is about complete at {best:g}.",
                low=best,
                numbers=_rounded({"limit_full": limits.FULL}),
            )
    if burns is not None:
        level = next(one for one in curve.levels if one.burns)
        yield Finding(
            VerdictKind.BURNS,
            f"Above {burns:g} pictures burn: {level.burning.why}.",
            low=burns,
            numbers=_rounded({**level.burning.numbers, "at": level.strength}),
        )
    if collapses is not None:
        level = next(one for one in curve.levels if one.collapses)
        point = next(one for one in curve.points if one.strength == level.strength)
        yield Finding(
            VerdictKind.COLLAPSES,
            _collapse(collapses, level, point.diversity),
            low=collapses,
            numbers=_rounded(
                _known(diversity=point.diversity, variety=level.variety, at=level.strength)
            ),
        )


def _collapse(above: float, level: Level, diversity: float | None) -> str:
    if diversity is not None and diversity < limits.COLLAPSE:
        return (
            f"Above {above:g} seeds collapse: at {level.strength:g} their pictures are"
            f" {100 * diversity:.0f} % as far apart as without it."
        )
    share = 100 * (level.variety or 0)
    return (
        f"Above {above:g} pictures collapse into one: at {level.strength:g} those of different"
        f" prompts and seeds are {share:.0f} % as unlike in look as without it."
    )


def _known(**numbers: float | None) -> dict[str, float]:
    return {name: value for name, value in numbers.items() if value is not None}


def crossing(levels: Sequence[Level], share: float) -> float | None:
    """Return the strength at which the effect first reaches `share`, between the levels drawn.

    The effect of strength 0 is 0. None where no level reaches it.
    """
    before_strength, before_share = 0.0, _NOTHING_YET
    for level in levels:
        if level.share >= share:
            rise = level.share - before_share
            part = (share - before_share) / rise if rise > 0 else 1.0
            return round(before_strength + part * (level.strength - before_strength), 2)
        before_strength, before_share = level.strength, level.share
    return None


def _first(levels: Sequence[Level], what: str) -> float | None:
    """Return the highest strength below the first level that burns or collapses."""
    before = _NOTHING_YET
    for level in levels:
        if getattr(level, what):
            return before
        before = level.strength
    return None


def _usable(low: float, high: float, *, tried: bool) -> str:
    end = f"{high:g} (the highest tried)" if tried else f"{high:g}"
    return f"Usable from {low:g} to {end}: it acts, and nothing burns or collapses."


def _rounded(numbers: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in numbers.items()}
