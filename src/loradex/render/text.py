"""Turn prompts into what the U-Net listens to: diffusers' encoding, with A1111's prompt language.

A prompt that uses none of that language and fits into one chunk gives, to the last bit, what
diffusers' pipelines give. Emphasis multiplies a token's encoding by its weight and restores the
mean of the chunk after that, per encoder, as A1111 does. Chunks are encoded apart and joined along
the tokens; the pooled text of SDXL is that of the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loradex.errors import UsageError
from loradex.render.bases.base import NO_EMBEDDINGS, Embeddings, Encoded
from loradex.render.parts import Parts, TextPart
from loradex.render.prompts.chunks import Chunk, TokenPiece, cut_into_chunks
from loradex.render.prompts.pieces import Weighted
from loradex.render.prompts.prompt import weighted

if TYPE_CHECKING:
    from torch import Tensor, nn


_LONGEST = 77


def encode(
    parts: Parts,
    text: str,
    *,
    clip_skip: int,
    negative: bool,
    embeddings: Embeddings = NO_EMBEDDINGS,
) -> Encoded:
    """Encode `text` by itself, so that the result cannot depend on its neighbours.

    `clip_skip` counts layers from the end. SDXL was trained on the layer before the last, so 1
    and 2 are the same there. An empty negative text is all zeros where the checkpoint says so.
    `embeddings` has, by `embedding_key`, the vectors (n, width) for each text encoder in turn.
    A prompt that changes over the steps has to be encoded stage by stage.
    """
    import torch  # noqa: PLC0415 - heavy

    words = weighted(text, embeddings)
    outputs = [
        _one(parts, number, words, clip_skip, embeddings=embeddings)
        for number in range(len(parts.texts))
    ]
    lengths = {output.embeds.shape[1] for output in outputs}
    if len(lengths) > 1:
        raise UsageError("An embedding of this prompt has not as many vectors for each encoder.")
    embeds = torch.cat([output.embeds for output in outputs], dim=-1)
    pooled = outputs[-1].pooled
    if negative and not text and parts.zero_empty_negative:
        embeds = torch.zeros_like(embeds)
        pooled = None if pooled is None else torch.zeros_like(pooled)
    return Encoded(embeds, pooled)


def _one(
    parts: Parts,
    number: int,
    words: Weighted,
    clip_skip: int,
    *,
    embeddings: Embeddings,
) -> Encoded:
    """Encode all chunks of a text with one encoder."""
    import torch  # noqa: PLC0415 - heavy

    part = parts.texts[number]
    if parts.shape == "sdxl":
        clip_skip = max(clip_skip, 2)
    if clip_skip > part.layers:
        raise UsageError(
            f"Clip skip {clip_skip} is more than the text encoder's {part.layers} layers."
        )
    found = []
    for chunk in _chunks(parts, number, words, embeddings):
        vectors = [(at, embeddings[name][number]) for at, name in chunk.embeddings]
        embeds, pooled = _encode_chunk(parts, part, chunk, clip_skip, vectors)
        found.append((_weigh(embeds, chunk), pooled))
    return Encoded(torch.cat([embeds for embeds, _ in found], dim=1), found[0][1])


def _chunks(
    parts: Parts, number: int, words: Weighted, embeddings: Embeddings
) -> tuple[Chunk, ...]:
    """Return the chunks of a text for one encoder."""
    part = parts.texts[number]
    tokenizer, size = part.tokenizer, _length(part) - 2
    used = {piece.embedding for section in words.sections for piece in section} - {None}
    counts = {name: _count(part, name, embeddings, number, size) for name in used if name}
    sections = tuple(
        tuple(
            TokenPiece((), piece.weight, piece.embedding)
            if piece.embedding
            else TokenPiece(
                tuple(tokenizer(piece.text, add_special_tokens=False)["input_ids"]), piece.weight
            )
            for piece in section
        )
        for section in words.sections
    )
    commas = tokenizer(",", add_special_tokens=False)["input_ids"]
    comma = commas[0] if len(commas) == 1 else None
    return cut_into_chunks(sections, size=size, comma=comma, vectors=counts)


def _count(part: TextPart, name: str, embeddings: Embeddings, number: int, size: int) -> int:
    """Return how many vectors an embedding has for this encoder, if they fit it."""
    vectors = embeddings[name][number : number + 1]
    width = next(_input_layer(part).parameters()).shape[1]
    if not vectors or vectors[0].ndim != 2 or vectors[0].shape[1] != width:
        raise UsageError(
            f"The embedding {name} does not fit this checkpoint's text encoders.",
            hint="It was made for another kind of model; take it out of the prompt.",
        )
    if not 1 <= len(vectors[0]) <= size:
        raise UsageError(f"The embedding {name} has {len(vectors[0])} vectors; {size} can be read.")
    return len(vectors[0])


def _encode_chunk(
    parts: Parts,
    part: TextPart,
    chunk: Chunk,
    clip_skip: int,
    vectors: list[tuple[int, Tensor]],
) -> tuple[Tensor, Tensor | None]:
    """Ask the encoder; `vectors` replace its own for the tokens from their places on."""
    import torch  # noqa: PLC0415 - heavy

    def put(_layer: nn.Module, _arguments: object, output: Tensor) -> Tensor:
        output = output.clone()
        for at, rows in vectors:
            # The start mark stands before the chunk.
            output[0, at + 1 : at + 1 + len(rows)] = rows.to(output)
        return output

    device = next(part.model.parameters()).device
    ids = torch.tensor([_padded(part, chunk.ids)], device=device)
    hook = _input_layer(part).register_forward_hook(put) if vectors else None
    try:
        with torch.inference_mode():
            output = part.model(ids, output_hidden_states=True)
            if parts.shape == "sdxl":
                pooled = output.text_embeds if part.projects else None
                return output.hidden_states[-clip_skip], pooled
            if clip_skip == 1:
                return output.last_hidden_state, None
            inner = part.model.get_submodule("text_model" if _nested(part) else "")
            norm = inner.get_submodule("final_layer_norm")
            return norm(output.hidden_states[-clip_skip]), None
    finally:
        if hook is not None:
            hook.remove()


def _weigh(embeds: Tensor, chunk: Chunk) -> Tensor:
    """Multiply each token's encoding by its weight and give the chunk its old mean again."""
    import torch  # noqa: PLC0415 - heavy

    if all(weight == 1.0 for weight in chunk.weights):
        return embeds
    weights = torch.ones(embeds.shape[1], dtype=torch.float32, device=embeds.device)
    weights[1 : 1 + len(chunk.weights)] = torch.tensor(chunk.weights, device=embeds.device)
    exact = embeds.float()
    heavier = exact * weights[None, :, None]
    return (heavier * (exact.mean() / heavier.mean())).to(embeds.dtype)


def _input_layer(part: TextPart) -> nn.Module:
    layer: nn.Module = part.model.get_input_embeddings()  # type: ignore[operator]
    return layer


def _nested(part: TextPart) -> bool:
    """Tell whether this transformers keeps the encoder one level down, as those before 5 do."""
    return any(name == "text_model" for name, _ in part.model.named_children())


def _length(part: TextPart) -> int:
    return min(_LONGEST, part.tokenizer.model_max_length)


def _padded(part: TextPart, words: tuple[int, ...]) -> list[int]:
    """Return a chunk's tokens between start and end marks, padded to full length."""
    tokenizer = part.tokenizer
    ids = [tokenizer.bos_token_id, *words, tokenizer.eos_token_id]
    return ids + [tokenizer.pad_token_id] * (_length(part) - len(ids))
