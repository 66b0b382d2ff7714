"""What is measured on a checkpoint's style sheet, and how that reads in a line."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from pathlib import Path

from loradex.domain.probing import ExtraMeasure, Interval, ProbeEvidence
from loradex.operations.probing.points import worded
from loradex.operations.probing.prober import Prober
from loradex.plugin_api import MeasuredPicture
from loradex.plugin_manager import Plugins
from loradex.probe.burning import Signs
from loradex.probe.features import distance
from loradex.probe.samples import Samples

OURS = "loradex"
"""The source of what loradex measures itself."""
_NEVER = Interval(math.nan, math.nan, math.nan)


def sheet_line(evidence: ProbeEvidence) -> str:
    """Return what was measured in a line: `seeds differ by 41 of 255 · saturation 0.41 · …`."""
    own = [measure for measure in evidence.extra if measure.source == OURS]
    return " · ".join(_said(measure) for measure in own if math.isfinite(measure.base))


def _said(measure: ExtraMeasure) -> str:
    unit = f" {measure.unit}" if measure.unit else ""
    title = f"{measure.title[0].lower()}{measure.title[1:]}"
    return f"{title} {measure.base:.3g}{unit}"


def apart(samples: Samples, *, one_prompt: bool) -> Iterator[float]:
    """Yield how far pictures are apart, as RMS in steps of 1/255.

    Of two seeds of one prompt, or of two prompts of one seed.
    """
    for one, other in combinations(samples.base_pairs(), 2):
        if (one[0] == other[0]) is one_prompt and (one[1] == other[1]) is not one_prompt:
            first, second = samples.at(one, 0.0).features, samples.at(other, 0.0).features
            if first is not None and second is not None:
                yield distance(first.pixels, second.pixels)


def measured(samples: Samples) -> list[ExtraMeasure]:
    """Return what loradex measures of the pictures itself."""
    signs = [sample.signs for sample in samples.known.values() if sample.signs is not None]

    def average(of: Callable[[Signs], float]) -> float:
        return mean(of(one) for one in signs)

    return [
        _measure(
            "seed-diversity", "Seeds differ by", "of 255", mean(apart(samples, one_prompt=True)),
            "How far pictures of one prompt are apart that differ in their seed alone.",
        ),
        _measure(
            "prompt-diversity", "Prompts differ by", "of 255",
            mean(apart(samples, one_prompt=False)),
            "How far pictures of one seed are apart that differ in their prompt alone.",
        ),
        _measure(
            "saturation", "Saturation", "", average(lambda one: one.saturation),
            "The largest less the smallest channel of a pixel: 0 is grey, 1 pure colour only.",
        ),
        _measure(
            "contrast", "Contrast", "%", average(lambda one: one.contrast * 100),
            "How far lightness is spread around its mean: 50 is black and white alone.",
        ),
        _measure(
            "clipped", "Clipped", "%", average(lambda one: one.clipped * 100),
            "The share of pixels with a channel at its end.",
        ),
        _measure(
            "fine-detail", "Fine detail", "%", average(lambda one: one.fine * 100),
            "The share of the spectrum's energy above half the finest detail there can be.",
        ),
    ]  # fmt: skip


def measured_by_plugins(plugins: Plugins, prober: Prober) -> Iterator[ExtraMeasure]:
    """Yield the mean of what each measure of a plugin says of the pictures."""
    pictures = [
        MeasuredPicture(
            Path(cell.path),
            worded(prober.cells.prompts[point.prompt], point.words),
            point.seed,
            0.0,
        )
        for point, cell in prober.finished.items()
    ]
    own = {measure.name for measure in measured(Samples())}
    for measure in plugins.measures():
        if measure.id in own:
            continue
        values = [value for value in measure.measure(pictures) if value is not None]
        if values:
            told = (measure.id, measure.title, measure.unit)
            yield _measure(*told, mean(values), measure.meaning, source=measure.plugin)


def _measure(
    name: str, title: str, unit: str, value: float, meaning: str, *, source: str = OURS
) -> ExtraMeasure:
    """Return a number of the checkpoint alone: there is no LoRA that it could differ by."""
    return ExtraMeasure(name, title, source, unit, 0.0, value, math.nan, _NEVER, meaning)


def mean(values: Iterable[float]) -> float:
    """Return the mean, NaN of nothing."""
    some = list(values)
    return math.fsum(some) / len(some) if some else math.nan
