"""Ask the measures of plugins about a probe's pictures, pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import fsum
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.domain.grid import RenderedCell
from loradex.domain.probing import NO_WORDS, ExtraMeasure, ProbePoint
from loradex.domain.progress import Progress, ProgressSink
from loradex.operations.probing.points import worded
from loradex.plugin_api import MeasuredPicture
from loradex.probe.statistics import t_interval

if TYPE_CHECKING:
    from loradex.plugin_manager import FencedMeasure, Plugins

Pair = tuple[MeasuredPicture, MeasuredPicture]
"""Two pictures of one prompt, seed and words: without the LoRA, and with it."""
_Values = Mapping[MeasuredPicture, float | None]
_FEWEST_PAIRS = 2
"""An interval needs two."""


def measured_pairs(
    finished: Mapping[ProbePoint, RenderedCell], prompts: Sequence[str], words: str = NO_WORDS
) -> list[Pair]:
    """Return the pairs of a probe's pictures with these words in front, by strength.

    `prompts` are those that points count. Pictures whose other half is missing are left out.
    """

    def picture(point: ProbePoint) -> MeasuredPicture:
        prompt = worded(prompts[point.prompt], point.words)
        path = Path(finished[point].path)
        return MeasuredPicture(path, prompt, point.seed, point.strength, point.words)

    order = sorted(finished, key=lambda point: (point.strength, point.prompt, point.seed))
    return [
        (picture(alone), picture(point))
        for point in order
        if point.strength and point.words == words
        if (alone := replace(point, strength=0.0)) in finished
    ]


def extra_measures(
    pairs: Sequence[Pair], plugins: Plugins, sink: ProgressSink
) -> tuple[ExtraMeasure, ...]:
    """Return what each measure says at each strength of the pairs' LoRA pictures.

    Every picture is measured once, however many pairs it is in. Pairs in which one picture has no
    such number are left out, and so is a strength at which fewer than two are left. What fails is
    in `plugins.problems`.
    """
    if not pairs:
        return ()
    pictures = list(dict.fromkeys(picture for pair in pairs for picture in pair))
    by_strength: dict[float, list[Pair]] = {}
    for pair in pairs:
        by_strength.setdefault(pair[1].strength, []).append(pair)
    found = []
    measures = plugins.measures()
    for done, measure in enumerate(measures):
        sink.progress(Progress("measure", done, len(measures), unit="measures", item=measure.title))
        values = dict(zip(pictures, measure.measure(pictures), strict=True))
        for strength, some in sorted(by_strength.items()):
            compared = _compared(measure, strength, some, values)
            if compared is not None:
                found.append(compared)
    return tuple(found)


def _compared(
    measure: FencedMeasure, strength: float, pairs: Sequence[Pair], values: _Values
) -> ExtraMeasure | None:
    known = [
        (before, after)
        for base, lora in pairs
        if (before := values[base]) is not None and (after := values[lora]) is not None
    ]
    if len(known) < _FEWEST_PAIRS:
        return None
    return ExtraMeasure(
        name=measure.id,
        title=measure.title,
        source=measure.plugin,
        unit=measure.unit,
        strength=strength,
        base=fsum(before for before, _ in known) / len(known),
        lora=fsum(after for _, after in known) / len(known),
        difference=t_interval([after - before for before, after in known]),
        meaning=measure.meaning,
    )
