"""Texts through the encoders that the transformer families use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.domain.tokens import UNKNOWN_TOKEN
from loradex.render.bases.weighing import away_from, is_neutral, is_weighed, weighed_tokens
from loradex.render.parts import TextPart
from loradex.render.prompts.emphasis import weigh

if TYPE_CHECKING:
    from torch import Tensor

    from loradex.render.parts import Tokenizer

QWEN_IMAGE_TEMPLATE = (
    "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, "
    "quantity, text, spatial relationships of the objects and background:<|im_end|>\n"
    "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
)
"""Part of the model's interface: Qwen-Image was trained with exactly this around a prompt."""
QWEN_IMAGE_LEAD = 34
"""How many tokens of the template come before the prompt; their output is not used."""
CHAT_TEMPLATE = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
"""What Qwen3's own chat template makes of one message from a person."""
NO_THINKING = "<think>\n\n</think>\n\n"
"""What the same template adds for an answer without reasoning."""


def t5(part: TextPart, text: str, length: int, *, masked: bool) -> tuple[Tensor, Tensor]:
    """Return a T5 encoder's output (1, length, width) and which tokens are not padding.

    `masked`: padding is hidden from the encoder too, as Chroma wants and FLUX does not.
    """
    ids, weights = weighed_tokens(part, text, length - 1)
    embeds, mask = _t5(part, ids, length, masked=masked)
    if not is_neutral(weights):
        nothing, _ = _t5(part, [], length, masked=masked)
        embeds = away_from(nothing, embeds, weights, first=0)
    return embeds, mask


def _t5(part: TextPart, ids: list[int], length: int, *, masked: bool) -> tuple[Tensor, Tensor]:
    import torch  # noqa: PLC0415 - heavy

    padded, mask = _padded(part, [*ids, part.tokenizer.eos_token_id], length)
    with torch.inference_mode():
        output = part.model(padded, attention_mask=mask if masked else None)
    embeds: Tensor = output.last_hidden_state
    return embeds, mask.bool()


def clip_pair(part: TextPart, text: str, clip_skip: int) -> tuple[Tensor, Tensor]:
    """Return a CLIP's hidden layer, the one before the last at least, and its pooled output.

    The pooled output is that of the words alone, whatever their weights.
    """
    length = min(77, part.tokenizer.model_max_length)
    ids, weights = weighed_tokens(part, text, length - 2)
    hidden, pooled = _clip(part, ids, length, clip_skip)
    if not is_neutral(weights):
        nothing, _ = _clip(part, [], length, clip_skip)
        hidden = away_from(nothing, hidden, weights, first=1)
    return hidden, pooled


def _clip(part: TextPart, words: list[int], length: int, clip_skip: int) -> tuple[Tensor, Tensor]:
    import torch  # noqa: PLC0415 - heavy

    ids, _ = _padded(
        part, [part.tokenizer.bos_token_id, *words, part.tokenizer.eos_token_id], length
    )
    with torch.inference_mode():
        output = part.model(ids, output_hidden_states=True)
    pooled: Tensor = output.text_embeds if part.projects else output.pooler_output
    hidden: Tensor = output.hidden_states[-max(2, clip_skip)]
    return hidden, pooled


def qwen(
    part: TextPart, text: str, longest: int, layers: Sequence[int], *, fill: bool
) -> tuple[list[Tensor], Tensor]:
    """Return these hidden layers (1, tokens, width) of a Qwen, and which tokens are not padding.

    Longer texts are cut to `longest` tokens; `fill` pads shorter ones up to it.
    """
    import torch  # noqa: PLC0415 - heavy

    words = list(part.tokenizer(text, add_special_tokens=False)["input_ids"][:longest])
    ids, mask = _padded(part, words, longest if fill else len(words))
    with torch.inference_mode():
        output = part.model(
            input_ids=ids, attention_mask=mask, output_hidden_states=True, use_cache=False
        )
    return [output.hidden_states[layer] for layer in layers], mask.bool()


def plain(text: str) -> str:
    """Return a prompt's words without what weighs them."""
    return weigh(text).plain


def token_ids(tokenizer: Tokenizer, text: str) -> tuple[int, ...]:
    """Return the tokens of a text without what weighs its words."""
    unknown = tokenizer.unk_token_id
    ids = tokenizer(plain(text), add_special_tokens=False)["input_ids"]
    return tuple(UNKNOWN_TOKEN if one == unknown else one for one in ids)


def too_long(part: TextPart, text: str, longest: int) -> tuple[str, ...]:
    """Return a sentence when a text has more than `longest` tokens, of which the rest is lost."""
    beyond = count(part, text) - longest
    return (f"The last {beyond} tokens of this prompt are not read.",) if beyond > 0 else ()


def weights_unread(text: str) -> tuple[str, ...]:
    """Return a sentence when a prompt has weights, for an encoder that reads them as words.

    These encoders are language models, which are shown the prompt as it was written; ComfyUI
    does the same.
    """
    if not is_weighed(text):
        return ()
    return ("Weights as in (word:1.2) are read as words by this checkpoint's text encoder.",)


def count(part: TextPart, text: str) -> int:
    """Return how many tokens a text has, as it stands."""
    return len(part.tokenizer(text, add_special_tokens=False)["input_ids"])


def _padded(part: TextPart, ids: list[int], length: int) -> tuple[Tensor, Tensor]:
    import torch  # noqa: PLC0415 - heavy

    device = next(part.model.parameters()).device
    missing = length - len(ids)
    padded = torch.tensor([ids + [part.tokenizer.pad_token_id] * missing], device=device)
    mask = torch.tensor([[1] * len(ids) + [0] * missing], device=device)
    return padded, mask
