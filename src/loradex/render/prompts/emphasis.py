"""Emphasis: `(word:1.2)`, `(word)`, `[word]` and `BREAK`, as A1111 weighs them.

`(…)` multiplies by 1.1, `[…]` divides by 1.1, `(…:n)` multiplies by n; nested ones multiply.
Unlike there, a bracket without a partner is a letter like any other.
"""

from __future__ import annotations

import math
import re

from loradex.render.prompts.brackets import matched_brackets
from loradex.render.prompts.pieces import Piece, Weighted
from loradex.render.unreadable import UnreadableText

_MORE = 1.1
_HEAVIEST = 100.0
_LITERAL = frozenset("\\()[]")
_NUMBER = re.compile(r"[+-]?(?=[.\d]*\d)[.\d]+")
_BREAK = re.compile(r"\bBREAK\b")


def weigh(text: str) -> Weighted:
    """Return the words of `text` with their weights. Raises `UnreadableText`."""
    return _Reader(text).read()


class _Reader:
    """One pass over a prompt; a part whose text is None is a `BREAK`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._parts: list[tuple[str | None, float]] = []
        self._words: list[str] = []

    def read(self) -> Weighted:
        pairs = matched_brackets(self._text)
        opened = {closing: opening for opening, closing in pairs.items()}
        starts: dict[int, int] = {}
        at = 0
        while at < len(self._text):
            letter = self._text[at]
            if letter == "\\":
                # A lone backslash says nothing, as in A1111.
                at += 1
                if self._text[at : at + 1] in _LITERAL:
                    self._words.append(self._text[at : at + 1])
                    at += 1
                continue
            if at in pairs:
                self._flush()
                starts[at] = len(self._parts)
            elif at in opened:
                factor = self._factor(at) if letter == ")" else 1 / _MORE
                self._flush()
                self._multiply(starts[opened[at]], factor)
            else:
                self._words.append(letter)
            at += 1
        self._flush()
        return Weighted(tuple(self._sections()))

    def _factor(self, closing: int) -> float:
        """Take `:number` off the words before a closing bracket; 1.1 when there is none."""
        words, colon, number = "".join(self._words).rpartition(":")
        if not colon or not _NUMBER.fullmatch(number.strip()):
            return _MORE
        self._words = [words]
        try:
            factor = float(number)
        except ValueError:
            factor = math.nan
        if not abs(factor) <= _HEAVIEST:
            raise UnreadableText(
                "This is no weight",
                text=self._text,
                position=closing - len(number.lstrip()),
                length=len(number.strip()),
                hint=f"Weights are numbers between -{_HEAVIEST:g} and {_HEAVIEST:g}.",
            )
        return factor

    def _flush(self) -> None:
        """Close the words gathered so far, parted where `BREAK` stands."""
        words, self._words = "".join(self._words), []
        parts = _BREAK.split(words)
        for number, part in enumerate(parts):
            if number:
                self._parts.append((None, 1.0))
                part = part.lstrip()  # noqa: PLW2901
            if number < len(parts) - 1:
                part = part.rstrip()  # noqa: PLW2901
            if part:
                self._parts.append((part, 1.0))

    def _multiply(self, start: int, factor: float) -> None:
        self._parts[start:] = [(text, weight * factor) for text, weight in self._parts[start:]]

    def _sections(self) -> list[tuple[Piece, ...]]:
        """Return the pieces of each section, neighbours of one weight joined."""
        sections: list[list[Piece]] = [[]]
        for text, weight in self._parts:
            last = sections[-1]
            if text is None:
                sections.append([])
            elif last and last[-1].weight == weight:
                last[-1] = Piece(last[-1].text + text, weight)
            else:
                last.append(Piece(text, weight))
        return [tuple(section) for section in sections]
