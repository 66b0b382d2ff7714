"""Z-Image: one stream of text and picture; it predicts the way back, in float32 between steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from loradex.render.bases import words
from loradex.render.bases.base import NO_EMBEDDINGS, Embeddings, Encoded
from loradex.render.bases.flow import FlowBase
from loradex.render.bases.guidance import guide

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_TOKENS = 512


class ZImageBase(FlowBase):
    """A Z-Image checkpoint.

    Guidance counts as everywhere else here: 1 is off, and one less is what diffusers calls it.
    """

    family = "z-image"

    def latent_dtype(self) -> torch.dtype:
        """Latents stay in float32, whatever the weights are."""
        import torch  # noqa: PLC0415 - heavy

        return torch.float32

    def encode(
        self,
        text: str,
        *,
        clip_skip: int = 1,
        negative: bool = False,
        embeddings: Embeddings = NO_EMBEDDINGS,
    ) -> Encoded:
        """Return the layer before the last, without padding."""
        whole = words.CHAT_TEMPLATE.format(text)
        (layer,), _ = words.qwen(self._text("text_encoder"), whole, _TOKENS, (-2,), fill=False)
        return Encoded(layer)

    def unread(self, text: str) -> tuple[str, ...]:
        """Tell what is more than the encoder takes, and that it knows no weights."""
        whole = words.CHAT_TEMPLATE.format(text)
        long = words.too_long(self._text("text_encoder"), whole, _TOKENS)
        return (*long, *words.weights_unread(text))

    def arguments(
        self, order: Sequence[Encoded], guidance: Sequence[float], rows: int, columns: int
    ) -> dict[str, object]:
        """Return the texts, each of its own length."""
        return {"cap_feats": [one.embeds[0].to(self._weight()) for one in order]}

    def ask(self, latents: Tensor, timestep: Tensor, arguments: Mapping[str, object]) -> Tensor:
        """Call the transformer, whose time runs from 0 to 1 and which takes lists of frames."""
        import torch  # noqa: PLC0415 - heavy

        frames = list(latents[:, :, None].unbind(0))
        predicted = self._parts.transformer(
            frames, (1000 - timestep) / 1000, **arguments, return_dict=False
        )[0]
        return -torch.stack([one.float() for one in predicted])[:, :, 0]

    def guided(self, without: Tensor, with_text: Tensor, guidance: Sequence[float]) -> Tensor:
        """Combine as everywhere, in float32."""
        return guide(without.float(), with_text.float(), guidance)
