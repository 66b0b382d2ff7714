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
