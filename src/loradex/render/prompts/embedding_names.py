"""Embeddings (textual inversion) inside a prompt: `embedding:name`, or the bare name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from loradex.render.prompts.pieces import Piece, Weighted

_EXPLICIT = re.compile(r"\bembedding:([^\s,:|()\[\]<>]+)", re.IGNORECASE)
_WORD = re.compile(r"(embedding:)?([^\s,:|()\[\]<>]+)", re.IGNORECASE)
_SUFFIXES = (".safetensors", ".pt", ".bin")
_AFTER = ".;!?'\""


def embedding_key(name: str) -> str:
    """Return the form in which names of embeddings are compared: no suffix, no upper case."""
    key = name.strip().casefold()
    for suffix in _SUFFIXES:
        key = key.removesuffix(suffix)
    return key


def asked_embeddings(text: str) -> tuple[str, ...]:
    """Return the keys of the embeddings that `embedding:name` asks for by that very prefix."""
    found = (embedding_key(match[1].rstrip(_AFTER)) for match in _EXPLICIT.finditer(text))
    return tuple(dict.fromkeys(found))


def place_embeddings(weighted: Weighted, known: Collection[str]) -> Weighted:
    """Return the prompt with a piece of its own for each embedding whose key is in `known`.

    A bare name counts when it is a whole word, whatever its case. Names that are not known stay
    as words.
    """
    if not known:
        return weighted
    return Weighted(
        tuple(
            tuple(part for piece in section for part in _placed(piece, known))
            for section in weighted.sections
        )
    )


def _placed(piece: Piece, known: Collection[str]) -> Iterator[Piece]:
    kept = 0
    for match in _WORD.finditer(piece.text):
        name = match[2] if embedding_key(match[2]) in known else match[2].rstrip(_AFTER)
        key = embedding_key(name)
        if key not in known:
            continue
        if before := piece.text[kept : match.start()]:
            yield Piece(before, piece.weight)
        kept = match.start(2) + len(name)
        yield Piece(piece.text[match.start() : kept], piece.weight, key)
    if after := piece.text[kept:]:
        yield Piece(after, piece.weight)
