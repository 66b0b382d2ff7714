"""A probe: which pictures it draws of a model, and what it measures on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NO_WORDS = ""
"""The words of a cell whose prompt is left as it is."""


class Depth(StrEnum):
    """How much a probe spends on what the first pictures leave open."""

    QUICK = "quick"
    """What the first pictures decide; the rest stays undecided."""
    NORMAL = "normal"
    """More seeds where an interval straddles a limit."""
    THOROUGH = "thorough"
    """More strengths and words as well."""


@dataclass(frozen=True, slots=True)
class ProbePoint:
    """One picture of a probe: which prompt and seed, at which strength, with which words in front.

    `prompt` counts the probe's prompts. `strength` 0 is the checkpoint alone. `words` is a trigger
    word, a placebo or nothing.
    """

    prompt: int
    seed: int
    strength: float
    words: str = NO_WORDS


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over pairs of pictures, and the 95 % interval it lies in. `pairs` counts them."""

    mean: float
    low: float
    high: float
    pairs: int = 0


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What a strength does, with the words in front that the model answers best to.

    `effect` is the distance from the same pictures without the LoRA, as a multiple of the noise
    floor; `share` the same as a share of what another prompt or seed changes.
    `response` is how far along
    the LoRA's own direction pictures move, 1 at strength 1. `diversity` is how far apart pictures
    of different seeds are, 1 being as far as without the LoRA. `burn` holds the differences from
    the base that can mean burning, by name.
    """

    strength: float
    words: str
    effect: Interval
    share: Interval
    response: Interval
    diversity: float | None = None
    burn: Mapping[str, float] = field(default_factory=dict)
    broken: int = 0
    """Pictures that are flat, black or could not be drawn for numbers out of range."""


@dataclass(frozen=True, slots=True)
class WordScore:
    """How a model answers to one trigger word at one strength.

    `score` is what the word adds beyond what it does to the checkpoint alone and beyond the
    `placebo`, as a share of the whole response; `leak` is the share that is there without the
    word. `source` says where the word comes from (`claimed`, `header`, `asked`).
    """

    word: str
    source: str
    tokens: int
    placebo: str
    strength: float
    score: Interval
    leak: Interval


@dataclass(frozen=True, slots=True)
class ExtraMeasure:
    """What a plugin or a model of the library measured: on the base, with the LoRA, and by how
    much they differ over pairs. `source` is the plugin.
    """

    name: str
    title: str
    source: str
    unit: str
    strength: float
    base: float
    lora: float
    difference: Interval
    meaning: str = ""
    """One sentence: what is counted, and what more of it means."""


@dataclass(frozen=True, slots=True)
class ProbeEvidence:
    """All numbers of a probe, and what they were measured with.

    `floor` is the noise floor: the RMS distance of two legitimate renders of one cell, in steps
    of 1/255. `seed_distance` is the same between two pictures
    of the checkpoint alone that differ in seed or prompt. `drawn` and
    `reused` count pictures, `shared` those of them that belong to the checkpoint alone.
    `settings` are the size, steps, sampler … by their names in diffusers.
    """

    floor: float
    seed_distance: float
    curve: tuple[CurvePoint, ...]
    words: tuple[WordScore, ...]
    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    settings: Mapping[str, str | int | float]
    engine: str
    drawn: int
    reused: int
    shared: int
    seconds: float
    extra: tuple[ExtraMeasure, ...] = ()
    version: int = 1
    """Raised when measuring or judging changes, so that old verdicts can be told."""
    depth: str = Depth.NORMAL.value
    """A `Depth` word."""
    stopped: bool = False
    """Whether its time was up before all was decided."""
