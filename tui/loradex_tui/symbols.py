"""Borders, marks and arrows in ASCII, for terminals and eyes that want nothing else.

One filter behind all widgets, so that none can forget it: each symbol becomes one character of the
same width. Letters of any script stay as they are; they are names, and a name is not ours to spell.
"""

from __future__ import annotations

import re
import unicodedata

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_BY_SIGN = {
    "-": "─━═╌╍┄┅┈┉╴╶╸╺╼╾–—―−·•‐‑▔",
    "|": "│┃║╎╏┆┇┊┋╵╷╹╻╽╿▏▎▍▌▐▕▊▋",
    "_": "▁▂",
    "#": "▀▄█▉▓▅▆▇■◼▮",
    ":": "▒⋮",
    ".": "░☆∙⋅",
    ">": "❯›»▶►▸→⟶",
    "<": "❮‹«◀◄◂←⟵",
    "^": "↑▲▴⌃",
    "v": "↓▼▾⌄",
    "~": "…⋯≈",
    "*": "★✱✶●◉◆✦",
    "o": "○◯◌◇□◻",
    "x": "×✗✘✕✖",
    "+": "✓✔♥❤⊕",
    "!": "⚠❗",
    "=": "≡",
    "'": "‘’‚′",
    '"': "“”„″",
}
_CODES = {ord(symbol): sign for sign, symbols in _BY_SIGN.items() for symbol in symbols}
_CODES |= {code: "+" for code in range(0x2500, 0x2580) if code not in _CODES}
_CODES |= {
    code: "#" for code in (*range(0x2580, 0x25A0), *range(0x2800, 0x2900)) if code not in _CODES
}
_FOREIGN = re.compile("[^\x00-\x7f]")
_SYMBOL_KINDS = ("So", "Sm", "Sk", "Co")

KEY_WORDS = {"⏎": "enter", "↑": "up", "↓": "down", "←": "left", "→": "right", "⌫": "backspace",
             "⌦": "delete", "␛": "esc", "⇥": "tab"}  # fmt: skip
"""What stands for the signs of keys, where there is room for a word."""


def ascii_text(text: str) -> str:
    """Return a text in as many cells, with its symbols in ASCII."""
    return text if text.isascii() else _FOREIGN.sub(_other, text.translate(_CODES))


def ascii_key(label: str) -> str:
    """Return the name of a key without signs, as `enter`; it may be longer."""
    for sign, word in KEY_WORDS.items():
        label = label.replace(sign, word)
    return ascii_text(label)


def _other(found: re.Match[str]) -> str:
    character = found.group()
    if unicodedata.category(character) not in _SYMBOL_KINDS:
        return character
    return "?" * cell_len(character)


class AsciiFilter(LineFilter):
    """Draws symbols in ASCII, whichever widget made them."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in as many cells."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(ascii_text(segment.text), segment.style)
            for segment in segments
        ]
