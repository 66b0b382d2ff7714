"""What a LoRA file holds for one module, and where its rows go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.render.lora.algorithms import (
    Settings,
    bias_change,
    is_plain,
    needs_base,
    touches_bias,
    touches_weight,
    weight_change,
)
from loradex.render.lora.modules import Piece, weight_shape

if TYPE_CHECKING:
    from torch import Tensor, nn


_SAMPLES_JOINED = ("all_x_embedder.", "cap_embedder.")
"""Z-Image's embedders get the tokens of all samples in one row."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The tensors of one LoRA module: role to tensor name, its numbers and its target.

    The target is more than one piece where the trainer knew as one matrix what is several
    modules here (query, key and value).
    """

    name: str
    tensors: Mapping[str, str]
    settings: Settings
    pieces: tuple[Piece, ...]

    @property
    def roles(self) -> frozenset[str]:
        """The roles of its tensors."""
        return frozenset(self.tensors)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the (perhaps fused) weight that it changes."""
        rows = sum(piece.count for piece in self.pieces)
        return (rows, *weight_shape(self.pieces[0].module)[1:])

    @property
    def needs_base(self) -> bool:
        """True when the change depends on the untouched weight."""
        return needs_base(self.roles)

    def weight_change(
        self, weight: Tensor, tensors: Mapping[str, Tensor], *, strength: float
    ) -> Tensor:
        """Return the change of the whole (fused) weight, float32 in its shape.

        `tensors` is by role, float32. `weight` only gives the shape unless `needs_base`.
        """
        return weight_change(weight, tensors, self.settings, strength=strength)

    def bias_change(self, tensors: Mapping[str, Tensor], *, strength: float) -> Tensor:
        """Return the change of the whole (fused) bias, float32."""
        return bias_change(tensors, self.settings, strength=strength)


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """The share of a group that goes to one module."""

    part: str
    group: Group
    piece: Piece

    @property
    def module(self) -> nn.Module:
        """The module that it changes."""
        return self.piece.module

    @property
    def path(self) -> str:
        """The module's diffusers name inside its part."""
        return self.piece.path

    @property
    def roles(self) -> frozenset[str]:
        """The roles of its tensors."""
        return self.group.roles

    @property
    def in_text(self) -> bool:
        """True for a module of a text encoder."""
        return self.part.startswith("text_encoder")

    @property
    def is_plain(self) -> bool:
        """True for LoRA or LoCon of two factors and nothing else."""
        return is_plain(self.roles)

    @property
    def can_run_unmerged(self) -> bool:
        """True for what can run beside the weight, with a strength for each sample."""
        return self.is_plain and not self.path.startswith(_SAMPLES_JOINED)

    @property
    def touches_weight(self) -> bool:
        """True when it changes the module's weight."""
        return touches_weight(self.roles)

    @property
    def touches_bias(self) -> bool:
        """True when it changes the module's bias."""
        return touches_bias(self.roles)

    def factors(self, tensors: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, float]:
        """Return down (r, i, *k), up (o, r, ...) and scale of a plain patch, as stored.

        The change of the piece's rows at strength s is s * scale * up @ down. `tensors` is by
        tensor name.
        """
        down, up = (tensors[self.group.tensors[role]] for role in ("down", "up"))
        rows = up[self.piece.source : self.piece.source + self.piece.count]
        alpha = self.group.settings.alpha
        return down, rows, 1.0 if alpha is None else alpha / down.shape[0]
