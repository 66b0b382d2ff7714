"""Chroma: FLUX without CLIP and with real guidance; padding is hidden but for one token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.render.bases import words
from loradex.render.bases.base import NO_EMBEDDINGS, Embeddings, Encoded
from loradex.render.bases.flow import FlowBase
from loradex.render.bases.packing import pack_patches, positions, unpack_patches

if TYPE_CHECKING:
    from torch import Tensor

_TOKENS = 512


class ChromaBase(FlowBase):
    """A Chroma checkpoint."""

    family = "chroma"

    def encode(
        self,
        text: str,
        *,
        clip_skip: int = 1,
        negative: bool = False,
        embeddings: Embeddings = NO_EMBEDDINGS,
    ) -> Encoded:
        """Return T5's tokens; the first token of padding counts too."""
        import torch  # noqa: PLC0415 - heavy

        embeds, mask = words.t5(self._text("text_encoder"), text, _TOKENS, masked=True)
        counted = torch.arange(_TOKENS, device=mask.device) <= mask.sum(dim=1, keepdim=True)
        return Encoded(embeds, mask=counted)

    def unread(self, text: str) -> tuple[str, ...]:
        """Tell what T5 does not read."""
        return words.too_long(self._text("text_encoder"), words.plain(text), _TOKENS - 1)

    def arguments(
        self, order: Sequence[Encoded], guidance: Sequence[float], rows: int, columns: int
    ) -> dict[str, object]:
        """Return texts, positions, and which tokens of text and picture count."""
        import torch  # noqa: PLC0415 - heavy

        embeds = self._embeds(order)
        mask = torch.cat([one.mask.to(embeds) for one in order if one.mask is not None])
        picture = mask.new_ones((len(order), (rows // 2) * (columns // 2)))
        return {
            "encoder_hidden_states": embeds,
            "txt_ids": torch.zeros(embeds.shape[1], 3, device=embeds.device),
            "img_ids": positions(rows // 2, columns // 2, embeds.device),
            "attention_mask": torch.cat([mask, picture], dim=1),
        }

    def pack(self, latents: Tensor) -> Tensor:
        """Return 2x2 latents as a token."""
        return pack_patches(latents)

    def unpack(self, packed: Tensor, rows: int, columns: int) -> Tensor:
        """Undo `pack`."""
        return unpack_patches(packed, rows, columns)
