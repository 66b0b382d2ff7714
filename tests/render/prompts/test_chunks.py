"""Tokens cut into chunks."""

from __future__ import annotations

import pytest

from loradex.render.prompts.chunks import Chunk, TokenPiece, cut_into_chunks

COMMA = 7


def cut(*sections: list[int], size: int = 30) -> list[list[int]]:
    chunks = cut_into_chunks(
        tuple((TokenPiece(tuple(ids), 1.0),) for ids in sections),
        size=size,
        comma=COMMA,
        vectors={},
    )
    return [list(chunk.ids) for chunk in chunks]


def words(count: int, commas: tuple[int, ...] = ()) -> list[int]:
    return [COMMA if place in commas else 100 + place for place in range(count)]


@pytest.mark.parametrize(
    ("count", "commas", "lengths"),
    [
        (0, (), [0]),
        (30, (), [30]),
        (31, (), [30, 1]),
        (65, (), [30, 30, 5]),
        # A comma among the last 20 tokens of a full chunk ends it.
        (31, (25,), [26, 5]),
        (31, (10,), [11, 20]),
        (31, (9,), [30, 1]),
        (31, (29,), [30, 1]),
        (31, (30,), [30, 1]),
        (31, (12, 20), [21, 10]),
        (56, (25, 40), [26, 30]),
        (57, (25, 40), [26, 15, 16]),
    ],
)
def test_where_chunks_end(count: int, commas: tuple[int, ...], lengths: list[int]) -> None:
    ids = words(count, commas)
    chunks = cut(ids)
    assert [len(chunk) for chunk in chunks] == lengths
    assert [token for chunk in chunks for token in chunk] == ids


@pytest.mark.parametrize(
    ("sections", "lengths"),
    [([2, 3], [2, 3]), ([2, 0], [2]), ([0, 2], [0, 2]), ([0, 0], [0]), ([30, 1], [30, 1])],
)
def test_break_begins_a_chunk(sections: list[int], lengths: list[int]) -> None:
    assert [len(chunk) for chunk in cut(*(words(count) for count in sections))] == lengths


def test_an_embedding_is_never_torn_and_moves_with_its_words() -> None:
    sections = ((TokenPiece((1, 2), 1.5), TokenPiece((), 0.5, "e"), TokenPiece((3,), 1.0)),)
    (chunk,) = cut_into_chunks(sections, size=30, comma=COMMA, vectors={"e": 3})
    assert chunk == Chunk((1, 2, 0, 0, 0, 3), (1.5, 1.5, 0.5, 0.5, 0.5, 1.0), ((2, "e"),))
    full = ((TokenPiece(tuple(words(28)), 1.0), TokenPiece((), 1.0, "e")),)
    first, second = cut_into_chunks(full, size=30, comma=COMMA, vectors={"e": 3})
    assert (len(first.ids), second.ids, second.embeddings) == (28, (0, 0, 0), ((0, "e"),))
    moved = (
        (
            TokenPiece(tuple(words(20, (18,))), 1.0),
            TokenPiece((), 2.0, "e"),
            TokenPiece(tuple(words(8)), 1.0),
        ),
    )
    first, second = cut_into_chunks(moved, size=30, comma=COMMA, vectors={"e": 3})
    assert (len(first.ids), first.embeddings) == (19, ())
    assert second.embeddings == ((1, "e"),)
    assert second.weights[:4] == (1.0, 2.0, 2.0, 2.0)
