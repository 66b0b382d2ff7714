"""FLUX.2 klein: texts are three layers of a Qwen3; distilled ones need no guidance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.errors import UsageError
from loradex.render.bases import words
from loradex.render.bases.base import NO_EMBEDDINGS, Embeddings, Encoded
from loradex.render.bases.flow import FlowBase

if TYPE_CHECKING:
    from torch import Tensor

_TOKENS = 512
_LAYERS = (9, 18, 27)
_LARGE = 4300
"""Tokens of a picture above which the number of steps does not matter for the shift."""


class Flux2KleinBase(FlowBase):
    """A FLUX.2 klein checkpoint."""

    family = "flux2-klein"
    channels = 128
    scale = 16
    patch = 1

    def shift(self, tokens: int, steps: int) -> float:
        """Return `mu` as fitted by FLUX.2's authors, for 10 and for 200 steps."""
        many = 0.00016927 * tokens + 0.45666666
        if tokens > _LARGE:
            return many
        few = 8.73809524e-05 * tokens + 1.89833333
        slope = (many - few) / 190
        return slope * steps + many - 200 * slope

    def encode(
        self,
        text: str,
        *,
        clip_skip: int = 1,
        negative: bool = False,
        embeddings: Embeddings = NO_EMBEDDINGS,
    ) -> Encoded:
        """Put three layers side by side, padding included."""
        import torch  # noqa: PLC0415 - heavy

        if words.count(self._text("text_encoder"), "<think>") > 1:
            raise UsageError(
                "The tokenizer found for this checkpoint is not Qwen3's, which knows <think>.",
                hint="Put tokenizer.json of Qwen/Qwen3-4B into a folder tokenizer_qwen beside it.",
            )
        whole = words.CHAT_TEMPLATE.format(text) + words.NO_THINKING
        layers, _ = words.qwen(self._text("text_encoder"), whole, _TOKENS, _LAYERS, fill=True)
        return Encoded(torch.cat(layers, dim=-1))

    def unread(self, text: str) -> tuple[str, ...]:
        """Tell what is more than the encoder takes, and that it knows no weights."""
        whole = words.CHAT_TEMPLATE.format(text) + words.NO_THINKING
        long = words.too_long(self._text("text_encoder"), whole, _TOKENS)
        return (*long, *words.weights_unread(text))

    def arguments(
        self, order: Sequence[Encoded], guidance: Sequence[float], rows: int, columns: int
    ) -> dict[str, object]:
        """Return texts, and positions as (time, row, column, token)."""
        import torch  # noqa: PLC0415 - heavy

        embeds = self._embeds(order)
        one, tokens = torch.arange(1), torch.arange(embeds.shape[1])
        text = torch.cartesian_prod(one, one, one, tokens)
        picture = torch.cartesian_prod(one, torch.arange(rows), torch.arange(columns), one)
        return {
            "encoder_hidden_states": embeds,
            "txt_ids": text.expand(len(order), -1, -1).to(embeds.device),
            "img_ids": picture.expand(len(order), -1, -1).to(embeds.device),
            "guidance": None,
        }

    def pack(self, latents: Tensor) -> Tensor:
        """Return each latent as a token."""
        return latents.flatten(2).permute(0, 2, 1)

    def unpack(self, packed: Tensor, rows: int, columns: int) -> Tensor:
        """Undo `pack`."""
        return packed.permute(0, 2, 1).reshape(packed.shape[0], -1, rows, columns)
