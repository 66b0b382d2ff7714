"""How pictures are drawn: by the terminal's own graphics, in half blocks, or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import StrEnum


class PictureMode(StrEnum):
    """A way to draw pictures."""

    KITTY = "kitty"
    SIXEL = "sixel"
    HALF = "half"
    OFF = "off"


def choose_picture_mode(environ: Mapping[str, str] | None = None) -> PictureMode:
    """Return how to draw pictures: what `LORADEX_IMAGES` says, else what the terminal can.

    Must run before Textual does: the terminal's answer comes over the same line as the keys.
    Inside tmux and screen, and over a pipe, nothing is asked: half blocks work everywhere.
    """
    environ = os.environ if environ is None else environ
    wish = environ.get("LORADEX_IMAGES", "auto").strip().lower()
    if wish in (PictureMode.KITTY, PictureMode.SIXEL):
        _ask_terminal()
    if wish in tuple(PictureMode):
        return PictureMode(wish)
    term = environ.get("TERM", "")
    if "NO_COLOR" in environ or term in ("linux", "dumb", "vt100"):
        return PictureMode.OFF
    if environ.get("TMUX") or term.startswith(("screen", "tmux")) or not _is_terminal():
        return PictureMode.HALF
    return _ask_terminal()


def _is_terminal() -> bool:
    return sys.__stdout__ is not None and sys.__stdin__ is not None and sys.__stdout__.isatty()


def _ask_terminal() -> PictureMode:
    """Load what draws graphics, now: importing it asks the terminal, and reads the answer."""
    from textual_image import renderable, widget  # noqa: F401, PLC0415

    if renderable.Image is renderable.SixelImage:
        return PictureMode.SIXEL
    if renderable.Image is renderable.TGPImage:
        return PictureMode.KITTY
    return PictureMode.HALF
