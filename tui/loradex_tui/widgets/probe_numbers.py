"""The numbers of a probe as a small table with bars: the response over strength, and the words."""

from __future__ import annotations

import math

from textual.content import Content

from loradex.domain.probing import CurvePoint, ProbeEvidence, WordScore
from loradex.domain.verdict_words import cost_line
from loradex_tui.cells import cell_text, fit

_BAR = 16
_LEAST_SIGN = 0.005


def numbers_text(evidence: ProbeEvidence) -> Content:
    """Return the curve, the words, the noise floor and the cost."""
    parts: list[Content] = []
    curve = sorted(evidence.curve, key=lambda point: (point.words, point.strength))
    if curve:
        words = {point.words for point in curve} - {""}
        front = f" with {', '.join(sorted(words))} in front" if words else ""
        parts.append(Content.styled(f"Effect over strength{cell_text(front, 80)}", "bold $primary"))
        top = max((p.effect.mean for p in curve if math.isfinite(p.effect.mean)), default=0.0)
        parts += [_point(point, top) for point in curve]
    if evidence.words:
        parts += [Content(), Content.styled("Words", "bold $primary")]
        parts += [_word(score) for score in evidence.words]
    parts += [
        Content(),
        Content.styled(
            f"Noise floor {evidence.floor:.2g} of 255; another prompt or seed changes"
            f" {evidence.seed_distance:.3g}.",
            "$quiet",
        ),
        Content.styled(f"{cost_line(evidence)}, in {evidence.seconds:.0f} s.", "$quiet"),
    ]
    return Content("\n").join(parts)


def _point(point: CurvePoint, top: float) -> Content:
    mean = point.effect.mean
    share = mean / top if top > 0 and math.isfinite(mean) else 0.0
    bar = "█" * round(share * _BAR)
    signs = [f"{name} {value:+.2g}" for name, value in point.burn.items()
             if abs(value) >= _LEAST_SIGN]  # fmt: skip
    if point.broken:
        signs.insert(0, f"{point.broken} broken")
    return Content.assemble(
        (f"{point.strength:>5g}  ", "bold"),
        (f"{bar:<{_BAR}} ", "$accent"),
        f"{_number(mean)}×",
        (f"  response {_number(point.response.mean)}", "$quiet"),
        (f"  {cell_text(', '.join(signs[:2]), 60)}" if signs else "", "$warning"),
    )


def _word(score: WordScore) -> Content:
    return Content.assemble(
        (f"  {fit(score.word, 18)} ", "bold"),
        f"{_percent(score.score.mean)} due to it",
        (f", {_percent(score.leak.mean)} there without it", "$quiet"),
        (f"  (placebo {cell_text(score.placebo, 24)})", "$quiet"),
    )


def _number(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "?"


def _percent(value: float) -> str:
    return f"{value * 100:.0f} %" if math.isfinite(value) else "?"
