"""What a terminal can show besides ASCII letters: more than sixteen colours, and symbols."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import TextIOWrapper

_BARE = ("", "dumb", "unknown", "linux")
_MANY_COLOURS = ("256color", "direct", "kitty", "ghostty", "alacritty", "foot", "wezterm")


@dataclass(frozen=True, slots=True)
class TerminalLook:
    """How to draw in a terminal."""

    ascii: bool = False
    """Borders and marks are to be ASCII."""
    ansi: bool = False
    """Only the sixteen colours that the person chose for the terminal, or none."""


def terminal_look(environ: Mapping[str, str], encoding: str = "utf-8") -> TerminalLook:
    """Judge by the environment and by the encoding that the locale asks for; nothing is asked.

    The Linux console and terminals of old have few glyphs, and a locale without UTF-8 says that
    nobody expects any.
    """
    term = environ.get("TERM", "")
    windows = sys.platform == "win32"
    bare = not windows and (term in _BARE or term.startswith("vt"))
    unicode = encoding.lower().replace("-", "").replace("_", "") == "utf8"
    colours = bool(environ.get("COLORTERM")) or any(name in term for name in _MANY_COLOURS)
    return TerminalLook(
        ascii=bare or not unicode,
        ansi="NO_COLOR" in environ or bare or not (colours or windows),
    )


def locale_encoding() -> str:
    """Return the encoding of what the terminal is written in; UTF-8 where that is unknown."""
    return getattr(sys.__stderr__, "encoding", None) or "utf-8"


def write_utf8() -> None:
    """Let the terminal have UTF-8, which Textual writes to stderr, whatever the locale says.

    Else a name is shown as `\\u96ea`, and a border as well.
    """
    for stream in (sys.__stdout__, sys.__stderr__):
        if isinstance(stream, TextIOWrapper):
            with suppress(ValueError, OSError):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
