"""A prompt after reading: words with weights, in sections. What every text encoder is given."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that share one weight; 1 is neutral.

    With `embedding` the vectors of that embedding stand in the place of `text`.
    """

    text: str
    weight: float = 1.0
    embedding: str | None = None


@dataclass(frozen=True, slots=True)
class Weighted:
    """The sections of a prompt, as `BREAK` parts them: there is always one, maybe empty."""

    sections: tuple[tuple[Piece, ...], ...]

    @property
    def plain(self) -> str:
        """The words alone, for an encoder that knows no weights."""
        return " ".join("".join(piece.text for piece in section) for section in self.sections)

    @property
    def is_plain(self) -> bool:
        """Tell whether the words alone say everything."""
        return len(self.sections) == 1 and all(
            piece.weight == 1.0 and piece.embedding is None for piece in self.sections[0]
        )
