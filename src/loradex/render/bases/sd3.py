"""SD 3 and SD 3.5: two CLIPs, and a T5 that may be missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from loradex.render.bases import words
from loradex.render.bases.base import NO_EMBEDDINGS, Embeddings, Encoded
from loradex.render.bases.flow import FlowBase

if TYPE_CHECKING:
    from torch import Tensor

_T5_TOKENS = 256
_CLIP_TOKENS = 75


class SD3Base(FlowBase):
    """A checkpoint of the SD 3 family."""

    family = "sd3"
    own_sigmas = True

    def encode(
        self,
        text: str,
        *,
        clip_skip: int = 1,
        negative: bool = False,
        embeddings: Embeddings = NO_EMBEDDINGS,
    ) -> Encoded:
        """Put both CLIPs side by side, padded to T5's width, and T5 behind them."""
        import torch  # noqa: PLC0415 - heavy

        first, pooled = words.clip_pair(self._text("text_encoder"), text, clip_skip)
        second, pooled_2 = words.clip_pair(self._text("text_encoder_2"), text, clip_skip)
        clips = torch.cat([first, second], dim=-1)
        width = int(self._parts.transformer.config.joint_attention_dim)  # type: ignore[union-attr, arg-type]
        if "text_encoder_3" in self._texts:
            long, _ = words.t5(self._text("text_encoder_3"), text, _T5_TOKENS, masked=False)
        else:
            long = clips.new_zeros((1, _T5_TOKENS, width))
        clips = torch.nn.functional.pad(clips, (0, width - clips.shape[-1]))
        embeds = torch.cat([clips, long.to(clips)], dim=1)
        return Encoded(embeds, torch.cat([pooled, pooled_2], dim=-1))

    def unread(self, text: str) -> tuple[str, ...]:
        """Tell what the longest reader does not read."""
        plain = words.plain(text)
        if "text_encoder_3" in self._texts:
            return words.too_long(self._text("text_encoder_3"), plain, _T5_TOKENS - 1)
        return words.too_long(self._text("text_encoder"), plain, _CLIP_TOKENS)

    def arguments(
        self, order: Sequence[Encoded], guidance: Sequence[float], rows: int, columns: int
    ) -> dict[str, object]:
        """Return the texts."""
        return {
            "encoder_hidden_states": self._embeds(order),
            "pooled_projections": self._pooled(order),
        }

    def ask(self, latents: Tensor, timestep: Tensor, arguments: Mapping[str, object]) -> Tensor:
        """Call the transformer, which packs by itself."""
        predicted: Tensor = self._parts.transformer(
            hidden_states=latents, timestep=timestep, **arguments, return_dict=False
        )[0]
        return predicted
