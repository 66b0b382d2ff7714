"""The values of an axis as one text: as a flag of `loradex grid` has them, or a prompt a line."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.domain.axes import AxisKind
from loradex.operations.grid_values import KINDS_OF_MODELS
from loradex.render.ranges import parse_texts

LINES = frozenset({AxisKind.PROMPT, AxisKind.NEGATIVE})
"""Kinds whose values stand a line each, since commas belong to them."""

_GRAMMAR = {
    AxisKind.STRENGTH: "numbers and ranges: 0..1.2:0.2, or 0, 0.5, 1",
    AxisKind.STRENGTH2: "numbers and ranges: 0..1.2:0.2",
    AxisKind.STRENGTH_CLIP: "numbers and ranges, or same: as on the denoiser",
    AxisKind.SEED: "1..4, or 1, 7, 9, or random:4",
    AxisKind.STEPS: "20, or 10..30:10",
    AxisKind.GUIDANCE: "7, or 3..9:2",
    AxisKind.CLIP_SKIP: "1 or 2: counted from the last layer",
    AxisKind.SIZE: "512x768, or 512 for both",
    AxisKind.SAMPLER: "Euler a, DPM++ 2M, DDIM …",
    AxisKind.SCHEDULE: "Automatic, Karras, Exponential, Simple …",
    AxisKind.TRIGGER: "on, off, or words of your own; empty: they come and go with the LoRA",
    AxisKind.PROMPT: "one a line; {trigger} is where trigger words go",
    AxisKind.NEGATIVE: "one a line",
    AxisKind.PROMPT_PART: "what to put in its place, between commas",
    AxisKind.BLOCKS: 'ALL, INALL, MIDD, OUTALL …, or factors in quotes: "1,0,0.5"',
    AxisKind.DENOISING: "above 0 to 1: 0.4..0.8:0.2",
    AxisKind.INIT_IMAGE: "paths of pictures; none is without",
    AxisKind.MASK: "paths of pictures; none is without",
    AxisKind.CONTROL_IMAGE: "paths of pictures",
}


def grammar_of(kind: AxisKind) -> str:
    """Return in a few words what can be typed for an axis."""
    if kind in KINDS_OF_MODELS:
        return "numbers or names of models, query:QUERY; none is without"
    return _GRAMMAR.get(kind, "numbers and ranges: 0..1:0.25")


def split_texts(kind: AxisKind, text: str) -> tuple[str, ...]:
    """Return the values in a text, ranges as they stand; raise `UsageError` for an open quote."""
    if kind in LINES:
        return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    return parse_texts(text) if text.strip() else ()


def joined_texts(kind: AxisKind, texts: Sequence[str]) -> str:
    """Return values as a text that `split_texts` takes apart again."""
    if kind in LINES:
        return "\n".join(" ".join(text.split()) for text in texts)
    return ", ".join(_quoted(text) for text in texts)


def _quoted(text: str) -> str:
    plain = text.strip() == text and not any(sign in text for sign in ',"\n')
    if plain and text and not text.upper().startswith("SKIP:"):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
