"""FLUX.1: guidance is an input of `dev`, and `schnell` has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.render.bases import words
from loradex.render.bases.base import NO_EMBEDDINGS, Embeddings, Encoded
from loradex.render.bases.flow import FlowBase
from loradex.render.bases.packing import pack_patches, positions, unpack_patches

if TYPE_CHECKING:
    from torch import Tensor

_DEV_TOKENS = 512
_SCHNELL_TOKENS = 256
"""As their authors' own code does."""


class FluxBase(FlowBase):
    """A FLUX.1 checkpoint."""

    family = "flux"

    def reads_negative(self, guidance: float) -> bool:
        """Guidance is distilled into the weights: there is no negative text."""
        return False

    def encode(
        self,
        text: str,
        *,
        clip_skip: int = 1,
        negative: bool = False,
        embeddings: Embeddings = NO_EMBEDDINGS,
    ) -> Encoded:
        """Return T5's tokens, and CLIP's summary."""
        _, pooled = words.clip_pair(self._text("text_encoder"), text, 1)
        embeds, _ = words.t5(self._text("text_encoder_2"), text, self._tokens(), masked=False)
        return Encoded(embeds, pooled)

    def unread(self, text: str) -> tuple[str, ...]:
        """Tell what T5 does not read."""
        part = self._text("text_encoder_2")
        return words.too_long(part, words.plain(text), self._tokens() - 1)

    def arguments(
        self, order: Sequence[Encoded], guidance: Sequence[float], rows: int, columns: int
    ) -> dict[str, object]:
        """Return texts, positions, and guidance where the weights take it."""
        import torch  # noqa: PLC0415 - heavy

        embeds = self._embeds(order)
        return {
            "encoder_hidden_states": embeds,
            "pooled_projections": self._pooled(order),
            "txt_ids": torch.zeros(embeds.shape[1], 3, device=embeds.device),
            "img_ids": positions(rows // 2, columns // 2, embeds.device),
            "guidance": torch.tensor(guidance, device=embeds.device) if self._is_dev() else None,
        }

    def pack(self, latents: Tensor) -> Tensor:
        """Return 2x2 latents as a token."""
        return pack_patches(latents)

    def unpack(self, packed: Tensor, rows: int, columns: int) -> Tensor:
        """Undo `pack`."""
        return unpack_patches(packed, rows, columns)

    def _is_dev(self) -> bool:
        return bool(self._parts.transformer.config.guidance_embeds)  # type: ignore[union-attr]

    def _tokens(self) -> int:
        return _DEV_TOKENS if self._is_dev() else _SCHNELL_TOKENS
