"""Which LoRAs act on a loaded checkpoint at the moment.

Plain LoRAs run beside the denoiser's weights, with a strength for each picture, so that cells of
many strengths and files share a batch. All others are merged into the weights, and so is
everything in text encoders. Which of the two a LoRA gets depends on its file alone: merged and
unmerged differ in the last bits, and a cell must not depend on the grid it is in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.domain.recipe import GridModel, LoraUse, Recipe
from loradex.render.bases.base import Base
from loradex.render.lora.blocks import BlockStrengths, block_strengths
from loradex.render.lora.file import LoraFile, match_lora
from loradex.render.lora.merge import Merger
from loradex.render.lora.modules import modules_from
from loradex.render.lora.per_sample import PerSample, can_run_unmerged, rank_class
from loradex.render.lora.use import LoraAt
from loradex.render.ways import Way

if TYPE_CHECKING:
    from torch import nn

_AT_ONCE = 8
"""LoRA files that are attached to the denoiser at the same time."""
_BESIDE = "beside"


class Weights:
    """Matches LoRA files with one checkpoint, and puts them into effect."""

    def __init__(self, base: Base, device: str, way: Way = "usual") -> None:
        """`device` is where the denoiser computes, also while its weights lie elsewhere.

        `otherwise` merges plain LoRAs as well, where the weights are exact enough to take them.
        """
        networks = base.modules()
        self._base = base
        self._device = device
        self._merges_all = way == "otherwise"
        self._modules = modules_from(networks)
        self._texts = frozenset(name for name in networks if name.startswith("text_encoder"))
        self._denoiser = next(name for name in networks if name not in self._texts)
        self._files: dict[str, LoraFile] = {}
        self._beside_files: set[str] = set()
        self._text_files: set[str] = set()
        self._blocks: dict[str, BlockStrengths] = {}
        self._chunks: dict[str, tuple[int, int]] = {}
        self._counts: dict[int, int] = {}
        self._in_texts = Merger(self._texts)
        self._text_uses: object = ()
        self._merged = Merger(frozenset({self._denoiser}))
        self._beside: PerSample | None = None
        self._attached: frozenset[str] = frozenset()

    @property
    def denoiser(self) -> nn.Module:
        """The network that goes from noise to latents."""
        return self._base.modules()[self._denoiser]

    def match(self, loras: Sequence[LoraUse]) -> list[tuple[str, str]]:
        """Open the files of a cell, once each; return notes as (name, sentence).

        Raises `LoraMismatch` when one does not fit, and `UsageError` for block strengths that
        this checkpoint does not have.
        """
        notes: list[tuple[str, str]] = []
        for use in loras:
            model = use.model
            if model.digest not in self._files:
                file = match_lora(Path(model.path), self._modules, name=model.name, base=model.base)
                self._files[model.digest] = file
                self._chunks[model.digest] = self._chunk(file)
                # Asked for every cell, and each answer takes a walk through the whole file.
                if self._can_run_beside(file):
                    self._beside_files.add(model.digest)
                if file.touches_text:
                    self._text_files.add(model.digest)
                notes += [(model.name, note) for note in file.notes]
            if use.blocks and use.blocks not in self._blocks:
                self._blocks[use.blocks] = block_strengths(use.blocks, self.denoiser)
        return notes

    def company(self, loras: Sequence[LoraUse]) -> object:
        """Return what has to be alike for cells to share a batch.

        Files whose ranks are filled up to one size go together, some at a time; cells without a
        LoRA are welcome among them, but no reason to attach anything.
        """
        if not self.runs_beside(loras):
            return tuple(_acting(loras))
        return (_BESIDE, len(loras), *sorted({self._chunks[use.model.digest] for use in loras}))

    def runs_beside(self, loras: Sequence[LoraUse]) -> bool:
        """Tell whether nothing of these has to be merged into the denoiser."""
        return all(use.model.digest in self._beside_files for use in loras)

    def text_state(self, loras: Sequence[LoraUse]) -> object:
        """Return what these LoRAs make of the text encoders; () where they leave them alone."""
        return tuple(
            (use.model.digest, use.strength_clip, use.blocks)
            for use in loras
            if use.strength_clip and use.model.digest in self._text_files
        )

    def put_into_texts(self, loras: Sequence[LoraUse]) -> None:
        """Make the text encoders what they are with exactly these LoRAs."""
        state = self.text_state(loras)
        if state != self._text_uses:
            self._in_texts.apply([self._at(use) for use in loras])
            self._text_uses = state

    @contextmanager
    def for_batch(self, recipes: Sequence[Recipe], *, guided: bool) -> Iterator[None]:
        """Let each picture of a batch have its LoRAs in the denoiser during the block.

        All `recipes` have the same `company`. Where `guided`, the network sees every picture
        twice: once with the negative text.
        """
        loras = recipes[0].loras
        if not all(self.runs_beside(recipe.loras) for recipe in recipes):
            self._detach()
            self._merged.apply([self._at(use) for use in loras])
            yield
            return
        self._merged.restore()
        self._attach(recipes)
        if self._beside is not None:
            samples = [[self._at(use) for use in recipe.loras] for recipe in recipes]
            self._beside.set([*samples, *samples] if guided else samples)
        yield

    def done_with_texts(self) -> None:
        """Let go of the text encoders: nothing is put into them any more."""
        self._in_texts.restore()
        self._text_uses = ()

    def restore(self) -> None:
        """Leave the checkpoint as it was loaded, bit for bit."""
        self._detach()
        self._merged.restore()
        self._in_texts.restore()
        self._text_uses = ()

    def _can_run_beside(self, file: LoraFile) -> bool:
        """Tell whether this file runs beside the denoiser's weights instead of in them."""
        if not can_run_unmerged(file, frozenset({self._denoiser})):
            return False
        return not (self._merges_all and _takes_merging(file))

    def _chunk(self, file: LoraFile) -> tuple[int, int]:
        """Return which files this one is attached with: a rank, and a number."""
        rank = rank_class(file)
        count = self._counts[rank] = self._counts.get(rank, 0) + 1
        return rank, (count - 1) // _AT_ONCE

    def _attach(self, recipes: Sequence[Recipe]) -> None:
        """Attach the files of these recipes and all that share a chunk with them."""
        needed = {use.model.digest for recipe in recipes for use in recipe.loras}
        if needed <= self._attached:
            return
        chunks = {self._chunks[digest] for digest in needed}
        wanted = frozenset(
            digest for digest in self._beside_files if self._chunks[digest] in chunks
        )
        self._detach()
        self._beside = PerSample(
            [self._files[digest] for digest in sorted(wanted)],
            frozenset({self._denoiser}),
            device=self._device,
        )
        self._attached = wanted

    def _detach(self) -> None:
        if self._beside is not None:
            self._beside.remove()
        self._beside = None
        self._attached = frozenset()

    def _at(self, use: LoraUse) -> LoraAt:
        blocks = self._blocks.get(use.blocks) if use.blocks else None
        return LoraAt(self._files[use.model.digest], use.strength, use.strength_clip, blocks)


def _acting(loras: Sequence[LoraUse]) -> Iterator[tuple[GridModel, float, str]]:
    """Yield what of each LoRA reaches the denoiser."""
    return ((use.model, use.strength, use.blocks) for use in loras if use.strength)


def _takes_merging(file: LoraFile) -> bool:
    """Tell whether all weights that a file changes have 16 bits at least: fewer would lose it."""
    weights = [patch.module._parameters["weight"] for patch in file.patches]
    return all(one is None or (one.is_floating_point() and one.itemsize > 1) for one in weights)
