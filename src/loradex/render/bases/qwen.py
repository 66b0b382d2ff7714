"""Qwen-Image: texts of any length, and guidance that keeps each token's strength."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.render.bases import words
from loradex.render.bases.base import NO_EMBEDDINGS, Embeddings, Encoded
from loradex.render.bases.flow import FlowBase
from loradex.render.bases.guidance import guide
from loradex.render.bases.packing import pack_patches, unpack_patches

if TYPE_CHECKING:
    from torch import Tensor

_TOKENS = 1024
_BUCKET = 128
"""Texts are padded to a multiple of this, so that few lengths meet in a batch."""


class QwenBase(FlowBase):
    """A Qwen-Image checkpoint."""

    family = "qwen"

    def encode(
        self,
        text: str,
        *,
        clip_skip: int = 1,
        negative: bool = False,
        embeddings: Embeddings = NO_EMBEDDINGS,
    ) -> Encoded:
        """Return the last layer behind the template's opening, padded to a bucket."""
        import torch  # noqa: PLC0415 - heavy

        whole = words.QWEN_IMAGE_TEMPLATE.format(text)
        longest = _TOKENS + words.QWEN_IMAGE_LEAD
        (layer,), _ = words.qwen(self._text("text_encoder"), whole, longest, (-1,), fill=False)
        layer = layer[:, words.QWEN_IMAGE_LEAD :]
        tokens = layer.shape[1]
        missing = -tokens % _BUCKET
        embeds = torch.nn.functional.pad(layer, (0, 0, 0, missing))
        mask = torch.arange(tokens + missing, device=embeds.device)[None] < tokens
        return Encoded(embeds, mask=mask)

    def unread(self, text: str) -> tuple[str, ...]:
        """Tell what is more than the encoder takes, and that it knows no weights."""
        whole = words.QWEN_IMAGE_TEMPLATE.format(text)
        longest = _TOKENS + words.QWEN_IMAGE_LEAD
        long = words.too_long(self._text("text_encoder"), whole, longest)
        return (*long, *words.weights_unread(text))

    def arguments(
        self, order: Sequence[Encoded], guidance: Sequence[float], rows: int, columns: int
    ) -> dict[str, object]:
        """Return texts filled up to the longest, and the picture's shape in tokens."""
        import torch  # noqa: PLC0415 - heavy

        longest = max(one.embeds.shape[1] for one in order)
        pad = torch.nn.functional.pad
        embeds = [pad(one.embeds, (0, 0, 0, longest - one.embeds.shape[1])) for one in order]
        masks = [
            pad(one.mask, (0, longest - one.mask.shape[1])) for one in order if one.mask is not None
        ]
        weight = self._weight()
        return {
            "encoder_hidden_states": torch.cat([one.to(weight) for one in embeds]),
            "encoder_hidden_states_mask": torch.cat([one.to(weight.device) for one in masks]),
            "img_shapes": [[(1, rows // 2, columns // 2)]] * len(order),
        }

    def guided(self, without: Tensor, with_text: Tensor, guidance: Sequence[float]) -> Tensor:
        """Give each guided token the length that it has with the text alone."""
        import torch  # noqa: PLC0415 - heavy

        combined = guide(without, with_text, guidance)
        wanted = torch.linalg.vector_norm(with_text, dim=-1, keepdim=True)
        kept: Tensor = combined * (
            wanted / torch.linalg.vector_norm(combined, dim=-1, keepdim=True)
        )
        return kept

    def pack(self, latents: Tensor) -> Tensor:
        """Return 2x2 latents as a token."""
        return pack_patches(latents)

    def unpack(self, packed: Tensor, rows: int, columns: int) -> Tensor:
        """Undo `pack`."""
        return unpack_patches(packed, rows, columns)
