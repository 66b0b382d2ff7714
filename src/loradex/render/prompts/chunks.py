"""Cut the tokens of a prompt into chunks that a CLIP text encoder can read, as A1111 does.

Every chunk holds as many tokens as the encoder reads between its start and end marks (75).
`BREAK` begins a new one. When a chunk is full and a comma stands within its last 20 tokens, what
follows the comma moves to the next one, so that no phrase is torn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_LOOK_BACK = 20


@dataclass(frozen=True, slots=True)
class Chunk:
    """Token ids and their weights, both without marks and padding.

    `embeddings` are (offset, key) of embeddings, whose vectors replace the ids from there on.
    """

    ids: tuple[int, ...]
    weights: tuple[float, ...]
    embeddings: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TokenPiece:
    """The token ids of one piece of a prompt; an embedding has its key instead."""

    ids: tuple[int, ...]
    weight: float
    embedding: str | None = None


@dataclass(slots=True)
class _Open:
    """The chunk being filled."""

    ids: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    embeddings: list[tuple[int, str]] = field(default_factory=list)
    comma: int | None = None

    def closed(self) -> Chunk:
        return Chunk(tuple(self.ids), tuple(self.weights), tuple(self.embeddings))


def cut_into_chunks(
    sections: tuple[tuple[TokenPiece, ...], ...],
    *,
    size: int,
    comma: int | None,
    vectors: Mapping[str, int],
) -> tuple[Chunk, ...]:
    """Return at least one chunk of at most `size` tokens.

    `comma` is the token id of a comma, None when the tokenizer has none; `vectors` says how many
    tokens each embedding takes, at most `size`.
    """
    chunks: list[Chunk] = []
    for number, section in enumerate(sections):
        open_chunk = _Open()
        for piece in section:
            if piece.embedding is not None:
                open_chunk = _add_embedding(
                    open_chunk, piece, vectors[piece.embedding], chunks, size
                )
                continue
            for token in piece.ids:
                open_chunk = _room(open_chunk, token, chunks, size, comma)
                if token == comma:
                    open_chunk.comma = len(open_chunk.ids)
                open_chunk.ids.append(token)
                open_chunk.weights.append(piece.weight)
        if open_chunk.ids or number < len(sections) - 1 or not chunks:
            chunks.append(open_chunk.closed())
    return tuple(chunks)


def _add_embedding(
    chunk: _Open, piece: TokenPiece, count: int, chunks: list[Chunk], size: int
) -> _Open:
    """Add an embedding, which is never torn."""
    if len(chunk.ids) + count > size:
        chunks.append(chunk.closed())
        chunk = _Open()
    chunk.embeddings.append((len(chunk.ids), piece.embedding or ""))
    chunk.ids += [0] * count
    chunk.weights += [piece.weight] * count
    return chunk


def _room(chunk: _Open, token: int, chunks: list[Chunk], size: int, comma: int | None) -> _Open:
    """Return a chunk with room for `token`: the same one, or one begun behind the last comma."""
    if len(chunk.ids) < size:
        return chunk
    fresh = _Open()
    at = len(chunk.ids)
    if token != comma and chunk.comma is not None and at - chunk.comma <= _LOOK_BACK:
        at = chunk.comma + 1
        fresh.ids, fresh.weights = chunk.ids[at:], chunk.weights[at:]
        fresh.embeddings = [(place - at, key) for place, key in chunk.embeddings if place >= at]
        chunk.ids, chunk.weights = chunk.ids[:at], chunk.weights[:at]
        chunk.embeddings = [(place, key) for place, key in chunk.embeddings if place < at]
    chunks.append(chunk.closed())
    return fresh
