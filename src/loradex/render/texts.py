"""The texts of cells, each encoded once for all cells that share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.domain.grid import Cell
from loradex.domain.recipe import Recipe
from loradex.render.bases.base import Base, Condition, Embeddings, Encoded
from loradex.render.embeddings import read_embedding
from loradex.render.prompts.editing import Stage, joint_stages, stages
from loradex.render.weights import Weights

if TYPE_CHECKING:
    from torch import Tensor

_CLIPS = ("text_encoder", "text_encoder_2")
_NAMES = ("clip_l", "clip_g")


@dataclass(frozen=True, slots=True)
class _Key:
    text: str
    negative: bool
    clip_skip: int
    state: object
    """What LoRAs make of the text encoders; those that leave them alone are not in it."""
    embeddings: tuple[tuple[str, str], ...]
    """The words of the prompts that stand for embeddings, with the files' digests."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What each picture of a batch listens to from the network's `call` (from 0) on."""

    call: int
    conditions: tuple[Condition, ...]


class Texts:
    """Encodes prompts while the right LoRAs are in the text encoders."""

    def __init__(self, base: Base, weights: Weights) -> None:
        self._base = base
        self._weights = weights
        self._known: dict[_Key, Encoded] = {}
        self._told: set[str] = set()
        self._vectors_of: dict[str, tuple[Tensor, ...]] = {}

    def in_good_order(self, cells: Sequence[Cell]) -> list[Cell]:
        """Return cells so that the text encoders change as seldom as can be."""
        ranks: dict[object, int] = {}
        return sorted(
            cells,
            key=lambda cell: ranks.setdefault(
                self._weights.text_state(cell.recipe.loras), len(ranks)
            ),
        )

    def encode(self, recipe: Recipe) -> list[tuple[str, str]]:
        """Encode a recipe's prompt and negative prompt; return notes as (text, sentence).

        Raises `UsageError` for a clip skip that the encoder does not have.
        """
        notes: list[tuple[str, str]] = []
        prompt, negative = _written(recipe)
        pairs = product(prompt, negative)
        for key in dict.fromkeys(
            key for one, two in pairs for key in self._keys(recipe, one.text, two.text)
        ):
            if key in self._known:
                continue
            self._weights.put_into_texts(recipe.loras)
            self._known[key] = self._base.encode(
                key.text,
                clip_skip=key.clip_skip,
                negative=key.negative,
                embeddings=self._vectors(recipe),
            )
            if key.text not in self._told:
                self._told.add(key.text)
                notes += [(key.text[:60], sentence) for sentence in self._base.unread(key.text)]
        return notes

    def turns(self, recipes: Sequence[Recipe], calls: int) -> list[Turn]:
        """Return what the pictures of a batch listen to, from the first to the last change.

        Where the same texts come again, so do the same conditions. `calls` is how often the
        network is asked on the whole way. The texts are encoded already.
        """
        prompts, negatives = zip(*(_written(recipe) for recipe in recipes), strict=True)
        whole = (*prompts, *negatives)
        found: list[Turn] = []
        known: dict[tuple[str, ...], tuple[Condition, ...]] = {}
        for call, now in joint_stages(whole, calls):
            texts = tuple(written[at].text for written, at in zip(whole, now, strict=True))
            if texts not in known:
                own, other = texts[: len(recipes)], texts[len(recipes) :]
                known[texts] = tuple(map(self._condition, recipes, own, other))
            found.append(Turn(call, known[texts]))
        return found

    def lengths(self, recipe: Recipe) -> tuple[tuple[int, ...], ...]:
        """Return how many tokens a recipe's encoded texts have: only equal ones share a batch.

        Texts are made equally long where they differ, which changes the last bits. Each row
        begins with the step from which it holds: there are several where a prompt changes.
        """
        prompt, negative = _written(recipe)
        rows: list[tuple[int, ...]] = []
        for step, (own, other) in joint_stages((prompt, negative), prompt[-1].last):
            keys = self._keys(recipe, prompt[own].text, negative[other].text)
            lengths = tuple(self._known[key].embeds.shape[1] for key in keys)
            if not rows or rows[-1][1:] != lengths:
                rows.append((step, *lengths))
        return tuple(rows)

    def _condition(self, recipe: Recipe, prompt: str, negative: str) -> Condition:
        encoded = [self._known[key] for key in self._keys(recipe, prompt, negative)]
        other = encoded[1] if len(encoded) > 1 else None
        return Condition(encoded[0], other, recipe.settings.guidance_scale)

    def _vectors(self, recipe: Recipe) -> Embeddings:
        """Return the vectors of a recipe's embeddings, for each text encoder in turn.

        Raises `NotRenderable` or `LoraMismatch` for a file that is none, or fits other encoders.
        """
        vectors: dict[str, tuple[Tensor, ...]] = {}
        for key, model in recipe.embeddings:
            if model.digest not in self._vectors_of:
                read = read_embedding(Path(model.path))
                fitting = read.for_encoders(self._widths())
                self._vectors_of[model.digest] = tuple(fitting.values())
            vectors[key] = self._vectors_of[model.digest]
        return vectors

    def _widths(self) -> dict[str, int]:
        """Return the width of the word vectors of each CLIP text encoder, by A1111's names."""
        networks = self._base.modules()
        encoders = [network for name, network in networks.items() if name in _CLIPS]
        return {
            _NAMES[number]: int(network.get_input_embeddings().weight.shape[1])  # type: ignore[operator]
            for number, network in enumerate(encoders)
        }

    def _keys(self, recipe: Recipe, prompt: str, negative: str) -> list[_Key]:
        """Return the keys of a prompt and, where it has an effect, a negative prompt."""
        state = self._weights.text_state(recipe.loras)
        skip = recipe.settings.clip_skip
        used = tuple((key, model.digest) for key, model in recipe.embeddings)
        keys = [_Key(prompt, False, skip, state, used)]
        if self._base.reads_negative(recipe.settings.guidance_scale):
            keys.append(_Key(negative, True, skip, state, used))
        return keys


def _written(recipe: Recipe) -> tuple[tuple[Stage, ...], tuple[Stage, ...]]:
    """Return what the prompt and the negative prompt become over the steps."""
    steps = recipe.settings.num_inference_steps
    return stages(recipe.prompt, steps), stages(recipe.negative_prompt, steps)
