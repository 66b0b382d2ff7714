"""The prompts and seeds of a probe, when a person names none."""

from __future__ import annotations

from loradex.domain.probing import Depth
from loradex.operations.probing.request import FEWEST_SEEDS

STANDARD_PROMPTS = (
    "a portrait of a woman",
    "a street in a city with cars and people",
    "a bowl of fruit on a wooden table",
    "a mountain landscape with a lake",
    "a man standing in a room",
    "a cat sitting on a chair",
)
"""People, places and things in plain words that every checkpoint has seen; no word of style."""

STANDARD_SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)

_MOST_TOKENS_A_WORD = 2.5


def usual_seeds(depth: Depth) -> tuple[int, ...]:
    """Return as many seeds as a probe of this depth may come to need, the same ones first."""
    return STANDARD_SEEDS if depth is Depth.THOROUGH else STANDARD_SEEDS[:FEWEST_SEEDS]


def is_readable(tokens: int, prompt: str) -> bool:
    """Tell whether a tokenizer has words for a prompt, rather than spelling it letter by letter."""
    return tokens <= _MOST_TOKENS_A_WORD * max(len(prompt.split()), 1)
