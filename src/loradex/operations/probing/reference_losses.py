"""Whether a LoRA knows pictures: how far the checkpoint errs on them with it, and without.

A checkpoint that is trained on pictures learns to tell the noise in them. So it errs less about
pictures that a LoRA has learnt when the LoRA is there, and less still where a word calls it. The
same noise is used on both sides of every comparison.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum
from pathlib import Path

from loradex.domain.denoising import DenoisingVariant, NoiseDraw
from loradex.domain.probing import NO_WORDS, ExtraMeasure, ProbePoint
from loradex.domain.recipe import LoraUse, Recipe, RenderSettings
from loradex.errors import RenderError
from loradex.operations.drawing_rounds import DrawingRoom
from loradex.operations.probing.planning import ProbePlan
from loradex.operations.probing.points import worded
from loradex.operations.probing.references import Reference, caption_with_place
from loradex.probe.statistics import t_interval

_STRENGTH = 1.0
"""That of training."""
_FEW_PICTURES = 4
_LEVELS_OF_FEW, _LEVELS = 8, 4
"""Noise levels of each picture where there are few, and where there are more."""
_STEP = 64
"""Sides in training are multiples of this many pixels."""
_LONGEST_SHAPE = 4.0

_Losses = Mapping[NoiseDraw, float]
_Context = tuple[str, bool]
"""Words in front, and whether the LoRA is there."""
_Seen = Mapping[_Context, _Losses]
"""The errors on one picture."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What every picture is asked with."""

    recipe: Recipe
    loras: tuple[LoraUse, ...]
    words: str
    placebo: str
    draws: tuple[NoiseDraw, ...]

    def contexts(self) -> list[_Context]:
        texts = (self.words, NO_WORDS, self.placebo) if self.words else (NO_WORDS,)
        return [(text, there) for text in dict.fromkeys(texts) for there in (False, True)]


def reference_measures(
    room: DrawingRoom, plan: ProbePlan, words: str, references: Sequence[Reference]
) -> tuple[ExtraMeasure, ...]:
    """Return how much less the checkpoint errs on pictures with the LoRA at strength 1.

    `words` are those that the LoRA answers to: with them, without them, and by how much they help
    more than a meaningless word. Intervals are over pictures. Raises what the room raises, and
    `RenderError` when no error is a finite number.
    """
    asked = _asked(plan, words, len(references))
    if not references or not asked.loras:
        return ()
    seen = list(_seen(room, asked, references))
    measures = tuple(_measures(seen, asked, plan.cells.checkpoint.name))
    if not measures:
        raise RenderError("The numbers ran out of range on every reference picture.")
    return measures


def _asked(plan: ProbePlan, words: str, count: int) -> _Asked:
    seed = plan.inquiry.seeds[0]
    tried = (*plan.inquiry.words, *plan.inquiry.mined)
    levels = _LEVELS_OF_FEW if count <= _FEW_PICTURES else _LEVELS
    return _Asked(
        recipe=plan.cells.cell(ProbePoint(0, seed, 0.0)).recipe,
        loras=plan.cells.cell(ProbePoint(0, seed, _STRENGTH)).recipe.loras,
        words=words,
        placebo=next((word.placebo for word in tried if word.text == words), NO_WORDS),
        draws=tuple(NoiseDraw((place + 0.5) / levels, place) for place in range(levels)),
    )


def _seen(room: DrawingRoom, asked: _Asked, references: Sequence[Reference]) -> Iterator[_Seen]:
    """Yield the errors on each picture. Those with one caption and size are asked about at once."""
    groups: dict[tuple[str, RenderSettings], list[Path]] = {}
    for reference in references:
        settings = _sized(asked.recipe.settings, reference)
        groups.setdefault((reference.caption, settings), []).append(reference.path)
    contexts = asked.contexts()
    for (caption, settings), paths in groups.items():
        text = caption_with_place(caption, asked.words)
        variants = [
            DenoisingVariant(worded(text, words), asked.loras if there else ())
            for words, there in contexts
        ]
        recipe = replace(asked.recipe, settings=settings)
        by_picture: dict[int, dict[_Context, dict[NoiseDraw, float]]] = {}
        for told in room.denoising_losses(recipe, variants, paths, asked.draws):
            context = contexts[told.variant]
            errors = by_picture.setdefault(told.picture, {}).setdefault(context, {})
            errors[told.draw] = told.loss
        yield from by_picture.values()


def _sized(settings: RenderSettings, reference: Reference) -> RenderSettings:
    """Return the settings in the picture's shape, with about as many pixels, as training has it."""
    shape = reference.width / reference.height
    if math.isclose(shape, settings.width / settings.height, rel_tol=0.01):
        return settings
    shape = min(max(shape, 1 / _LONGEST_SHAPE), _LONGEST_SHAPE)
    area = settings.width * settings.height
    width, height = math.sqrt(area * shape), math.sqrt(area / shape)
    return replace(settings, width=_stepped(width), height=_stepped(height))


def _stepped(side: float) -> int:
    return max(_STEP, round(side / _STEP) * _STEP)


def _measures(seen: Sequence[_Seen], asked: _Asked, source: str) -> Iterator[ExtraMeasure]:
    found = [_knowing(seen, asked.words, source)]
    if asked.words:
        found.append(_knowing(seen, NO_WORDS, source, without=True))
        if asked.placebo:
            found.append(_calling(seen, asked, source))
    yield from (measure for measure in found if measure is not None)


def _knowing(
    seen: Sequence[_Seen], words: str, source: str, *, without: bool = False
) -> ExtraMeasure | None:
    """Return how much less the checkpoint errs with the LoRA; None without a finite number."""
    rows = [
        (_mean(one[words, False]), _mean(one[words, True]), gap)
        for one in seen
        if (gap := _gap(one[words, False], one[words, True])) is not None
    ]
    if not rows:
        return None
    end = ", without the word" if without else ""
    return ExtraMeasure(
        name="reference-loss-without-word" if without else "reference-loss",
        title=f"Error on the references{end}",
        source=source,
        unit="relative gap",
        strength=_STRENGTH,
        base=fsum(row[0] for row in rows) / len(rows),
        lora=fsum(row[1] for row in rows) / len(rows),
        difference=t_interval([row[2] for row in rows]),
        meaning="The mean squared error about the noise in these pictures, and by which share of"
        " it the checkpoint errs less with the LoRA; below 0 it errs more.",
    )


def _calling(seen: Sequence[_Seen], asked: _Asked, source: str) -> ExtraMeasure | None:
    """Return how much more the word helps than its placebo; None without a finite number."""
    word, placebo = asked.words, asked.placebo
    rows = [
        (alone, there)
        for one in seen
        if (alone := _gap(one[placebo, False], one[word, False])) is not None
        and (there := _gap(one[placebo, True], one[word, True])) is not None
    ]
    if not rows:
        return None
    return ExtraMeasure(
        name="reference-word",
        title="What the word tells about the references",
        source=source,
        unit="relative gap",
        strength=_STRENGTH,
        base=fsum(alone for alone, _ in rows) / len(rows),
        lora=fsum(there for _, there in rows) / len(rows),
        difference=t_interval([there - alone for alone, there in rows]),
        meaning="By which share the error about the noise in these pictures is smaller with the"
        " word than with a meaningless one of as many tokens, without the LoRA and with it.",
    )


def _gap(before: _Losses, after: _Losses) -> float | None:
    """Return by which share errors shrink, on average over the draws of noise of one picture."""
    shares = [
        (error - after[draw]) / error
        for draw, error in before.items()
        if draw in after and error > 0 and math.isfinite(error) and math.isfinite(after[draw])
    ]
    return fsum(shares) / len(shares) if shares else None


def _mean(losses: _Losses) -> float:
    finite = [loss for loss in losses.values() if math.isfinite(loss)]
    return fsum(finite) / len(finite) if finite else math.nan
