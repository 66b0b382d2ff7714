"""Words with weights, `(word:1.2)`, for the encoders of transformer checkpoints.

As ComfyUI weighs them (`ClipTokenWeightEncoder` in its `sd1_clip.py`), which is where these
families are at home: a token's encoding moves away from, or towards, what the encoder makes of no
words at all. Restoring the mean, as is done for SD and SDXL, is of no use for T5: its mean is
nearly nought.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from loradex.render.parts import TextPart
from loradex.render.prompts.emphasis import weigh
from loradex.render.prompts.pieces import Piece

if TYPE_CHECKING:
    from torch import Tensor


def weighed_tokens(part: TextPart, text: str, longest: int) -> tuple[list[int], list[float]]:
    """Return the first `longest` token ids of a prompt without its brackets, and their weights.

    The words are turned into tokens as a whole, so that emphasis changes no token. One that lies
    across two weights has that of its first letter.
    """
    pieces = _joined(text)
    plain = "".join(piece.text for piece in pieces)
    if is_neutral(piece.weight for piece in pieces):
        ids = list(part.tokenizer(plain, add_special_tokens=False)["input_ids"][:longest])
        return ids, [1.0] * len(ids)
    weights = [piece.weight for piece in pieces for _ in piece.text]
    found = part.tokenizer(plain, add_special_tokens=False, return_offsets_mapping=True)
    places = found["offset_mapping"][:longest]
    return list(found["input_ids"][:longest]), [_weight(plain, weights, at) for at in places]


def is_weighed(text: str) -> bool:
    """Tell whether any word of a prompt has a weight other than 1."""
    return not is_neutral(piece.weight for piece in _joined(text))


def is_neutral(weights: Iterable[float]) -> bool:
    """Tell whether nothing is to be weighed."""
    return all(weight == 1.0 for weight in weights)


def away_from(nothing: Tensor, encoded: Tensor, weights: Sequence[float], *, first: int) -> Tensor:
    """Return `encoded` (1, tokens, width) with the tokens from the place `first` on weighed.

    `nothing` is the encoding of no words, of the same shape. Tokens of weight 1 keep their bits.
    """
    import torch  # noqa: PLC0415 - heavy

    factors = torch.ones(encoded.shape[1], dtype=torch.float32)
    factors[first : first + len(weights)] = torch.tensor(weights)
    factors = factors[None, :, None].to(encoded.device)
    without = nothing.float()
    weighed = without + (encoded.float() - without) * factors
    return torch.where(factors == 1, encoded, weighed.to(encoded.dtype))


def _joined(text: str) -> list[Piece]:
    """Return the pieces of a prompt in a row; `BREAK` means nothing where there are no chunks."""
    pieces: list[Piece] = []
    for number, section in enumerate(weigh(text).sections):
        pieces += [Piece(" ")] if number else []
        pieces += section
    return pieces


def _weight(text: str, weights: Sequence[float], place: tuple[int, int]) -> float:
    """Return the weight of the token that stands for `text` from `place[0]` up to `place[1]`."""
    first, last = place
    while first < last - 1 and text[first].isspace():
        first += 1
    return weights[first] if first < len(weights) else 1.0
