"""Text that nobody vouches for, made fit for a fixed number of terminal cells."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from loradex.domain.text import display_text

_JOINED = re.compile("(?<=[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
_FLAG_LETTERS = {0x1F1E6 + n: chr(ord("A") + n) for n in range(26)}
_MOST_MARKS = 2
"""Combining marks kept on one letter: more of them climb into the lines around."""

_OBEYED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


_PLAIN_LENGTH = 500


def cell_text(text: str, limit: int = 500) -> str:
    """Return `text` on one line, in characters whose widths all terminals agree on.

    Controls show as escapes. Joined emoji fall apart into their parts, and flags into their
    letters: terminals draw them in widths of their own and would shift what stands beside.
    """
    text = text[: limit * 4]
    if text.isascii() and text.isprintable():
        return display_text(text, limit)
    parts = _SELECTORS.sub("", _JOINED.sub("", text)).translate(_FLAG_LETTERS)
    return display_text("".join(_few_marks(parts)), limit)


def _few_marks(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            yield character


def fit(text: str, width: int) -> str:
    """Return `cell_text` of `text` in exactly `width` cells, with `…` where it was cut."""
    if width > 0 and len(text) <= _PLAIN_LENGTH and text.isascii() and text.isprintable():
        # As nearly all are: a cell for each character, and none that is not shown as it is.
        return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"
    shown = cell_text(text)
    if width <= 0:
        return ""
    if cell_len(shown) <= width:
        return set_cell_size(shown, width)
    return set_cell_size(shown, width - 1) + "…"


def fit_right(text: str, width: int) -> str:
    """Like `fit`, but aligned to the right."""
    return " " * (width - cell_len(text)) + text if cell_len(text) < width else fit(text, width)


class ControlFilter(LineFilter):
    """The last line of defence: no control character of a widget's text reaches the terminal.

    A character that has a width becomes U+FFFD, one that has none goes: the layout stays.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without what a terminal would obey."""
        if not any(_OBEYED.search(text) for text, _, control in segments if not control):
            return segments
        return [
            segment
            if segment.control
            else Segment(_OBEYED.sub(_harmless, segment.text), segment.style)
            for segment in segments
        ]


def _harmless(match: re.Match[str]) -> str:
    return "\ufffd" if cell_len(match.group()) else ""
