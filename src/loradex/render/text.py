"""Turn prompts into what the U-Net listens to, as diffusers' pipelines do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.errors import UsageError
from loradex.render.parts import Parts, TextPart

if TYPE_CHECKING:
    from torch import Tensor

_LONGEST = 77


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text: `embeds` (1, tokens, width), and for SDXL `pooled` (1, width)."""

    embeds: Tensor
    pooled: Tensor | None


def encode(parts: Parts, text: str, *, clip_skip: int, negative: bool) -> Encoded:
    """Encode `text` by itself, so that the result cannot depend on its neighbours.

    `clip_skip` counts layers from the end. SDXL was trained on the layer before the last, so 1
    and 2 are the same there. An empty negative text is all zeros where the checkpoint says so.
    """
    import torch  # noqa: PLC0415 - heavy

    outputs = [_one(parts, part, text, clip_skip) for part in parts.texts]
    embeds = torch.cat([output.embeds for output in outputs], dim=-1)
    pooled = outputs[-1].pooled
    if negative and not text and parts.zero_empty_negative:
        embeds = torch.zeros_like(embeds)
        pooled = None if pooled is None else torch.zeros_like(pooled)
    return Encoded(embeds, pooled)


def cut_off(parts: Parts, text: str) -> int:
    """Return how many of the text's tokens lie beyond what the encoders read."""
    tokenizer = parts.texts[0].tokenizer
    count = len(tokenizer(text, add_special_tokens=False)["input_ids"])
    return max(0, count - (_length(parts.texts[0]) - 2))


def _one(parts: Parts, part: TextPart, text: str, clip_skip: int) -> Encoded:
    import torch  # noqa: PLC0415 - heavy

    if parts.shape == "sdxl":
        clip_skip = max(clip_skip, 2)
    if clip_skip > part.layers:
        raise UsageError(
            f"Clip skip {clip_skip} is more than the text encoder's {part.layers} layers."
        )
    device = next(part.model.parameters()).device
    ids = torch.tensor([_ids(part, text)], device=device)
    with torch.inference_mode():
        output = part.model(ids, output_hidden_states=True)
        if parts.shape == "sdxl":
            pooled = output.text_embeds if part.projects else None
            return Encoded(output.hidden_states[-clip_skip], pooled)
        if clip_skip == 1:
            return Encoded(output.last_hidden_state, None)
        inner = part.model.get_submodule("text_model" if _nested(part) else "")
        norm = inner.get_submodule("final_layer_norm")
        return Encoded(norm(output.hidden_states[-clip_skip]), None)


def _nested(part: TextPart) -> bool:
    """Tell whether this transformers keeps the encoder one level down, as those before 5 do."""
    return any(name == "text_model" for name, _ in part.model.named_children())


def _length(part: TextPart) -> int:
    return min(_LONGEST, part.tokenizer.model_max_length)


def _ids(part: TextPart, text: str) -> list[int]:
    """Return the text's tokens between start and end marks, cut and padded to full length."""
    tokenizer, length = part.tokenizer, _length(part)
    words = tokenizer(text, add_special_tokens=False)["input_ids"][: length - 2]
    ids = [tokenizer.bos_token_id, *words, tokenizer.eos_token_id]
    return ids + [tokenizer.pad_token_id] * (length - len(ids))
