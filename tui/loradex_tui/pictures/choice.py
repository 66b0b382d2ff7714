"""How pictures are drawn: by the terminal's own graphics, in half blocks, in letters, or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from loradex_tui.pictures.terminals import Answers, Terminal, known_terminal


class PictureMode(StrEnum):
    """A way to draw pictures, the finest first."""

    KITTY = "kitty"
    SIXEL = "sixel"
    HALF = "half"
    ASCII = "ascii"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Choice:
    """How pictures are drawn, why in a sentence, and in which terminal."""

    mode: PictureMode
    why: str
    terminal: Terminal = field(default_factory=Terminal)


Remembered = Callable[[Terminal], PictureMode | None]


def may_ask(environ: Mapping[str, str]) -> bool:
    """Tell whether the terminal can be asked what it draws.

    Not through a multiplexer, which answers for itself; not over a line that may be slow, where a
    late answer would be taken for keys; and not those that print what they do not understand.
    """
    terminal = known_terminal(environ)
    old = environ.get("TERM", "") in ("", "dumb", "linux") or environ["TERM"].startswith("vt")
    return not (terminal.inside or old or over_ssh(environ) or terminal.name == "Apple Terminal")


def choose(
    environ: Mapping[str, str],
    answers: Answers,
    *,
    wish: str = "",
    slow: bool = False,
    plain: bool = False,
    remembered: Remembered = lambda _terminal: None,
) -> Choice:
    """Return how to draw pictures.

    What was asked for counts first (`wish`, else `LORADEX_IMAGES`; `auto` asks for nothing), then
    a slow line and `plain` characters, then what a person saw in this terminal, then what is known
    of it, and last what it says of itself.
    """
    terminal = known_terminal(environ, answers)
    wish = (wish or environ.get("LORADEX_IMAGES", "")).strip().lower()
    if wish in tuple(PictureMode):
        return Choice(PictureMode(wish), "It was asked for: --images or LORADEX_IMAGES.", terminal)
    if slow:
        return Choice(PictureMode.OFF, "With --slow no picture goes over the line.", terminal)
    if plain:
        return Choice(PictureMode.ASCII, "All is drawn in plain ASCII here.", terminal)
    seen = remembered(terminal)
    if seen is not None:
        return Choice(seen, f"You chose it for {_name(terminal)}.", terminal)
    mode, why = _from_colours(environ) or _from_brand(environ, terminal, answers)
    return Choice(mode, why, terminal)


def over_ssh(environ: Mapping[str, str]) -> bool:
    """Tell whether the terminal is on another machine."""
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


def _from_colours(environ: Mapping[str, str]) -> tuple[PictureMode, str] | None:
    """Return what a terminal has to do with that shows too little for blocks of colour."""
    if environ.get("TERM") == "dumb":
        return PictureMode.OFF, "This terminal cannot place the cursor."
    if not _speaks_utf8(environ):
        return PictureMode.ASCII, "The locale has plain ASCII only."
    if "NO_COLOR" in environ:
        return PictureMode.ASCII, "NO_COLOR is set."
    if _colours(environ) <= 16:
        return PictureMode.ASCII, "The terminal says that it has 16 colours or fewer."
    return None


def _from_brand(
    environ: Mapping[str, str], terminal: Terminal, answers: Answers
) -> tuple[PictureMode, str]:
    name, brand = _name(terminal), terminal.name
    if terminal.inside:
        return PictureMode.HALF, f"Inside {terminal.inside} the terminal's own graphics get lost."
    if over_ssh(environ):
        return PictureMode.HALF, "Over SSH half blocks cost the least."
    if brand in _HALF:
        return PictureMode.HALF, f"{name} {_HALF[brand]}."
    if brand in _PLACES:
        return _by_placing(terminal, name, truecolor=_colours(environ) > 256)
    if answers.sixel or (brand in _SIXEL and terminal.at_least(*_SIXEL[brand])):
        return PictureMode.SIXEL, f"{name} draws sixels."
    told = "does not say that it has graphics of its own"
    if answers.kitty:
        told = "takes kitty's pictures, but may not be able to place them in text"
    return PictureMode.HALF, f"{name} {told}."


def _by_placing(terminal: Terminal, name: str, *, truecolor: bool) -> tuple[PictureMode, str]:
    """Return what a terminal does that places pictures in text, if it is new enough."""
    since = ".".join(map(str, _PLACES[terminal.name]))
    if not terminal.version:
        told = f"{name} does not tell its version, and before {since} it cannot place pictures."
        return PictureMode.HALF, told
    if not terminal.at_least(*_PLACES[terminal.name]):
        told = f"{name} takes pictures, but cannot place them in text before {since}."
        return PictureMode.HALF, told
    if not truecolor:
        # A picture's number travels as a colour: with fewer than all of them it would be another.
        return PictureMode.HALF, f"{name} places pictures, but COLORTERM does not say truecolor."
    return PictureMode.KITTY, f"{name} places pictures in text."


_PLACES = {"kitty": (0, 28), "ghostty": (1,)}
"""Terminals that know Unicode placeholders, and since when: they cannot be asked for that."""
_SIXEL = {"WezTerm": (20200620,), "foot": (1, 2), "iTerm2": (3, 3), "Konsole": (220400,)}
"""Terminals that draw sixels, and since when; others say so themselves."""
_HALF = {
    "Apple Terminal": "has no graphics of its own",
    "Warp": "takes kitty's pictures, but shows boxes in their place",
    "Alacritty": "has no graphics of its own",
}


def _name(terminal: Terminal) -> str:
    return f"{terminal.name} {terminal.version}".strip() or "This terminal"


def _speaks_utf8(environ: Mapping[str, str]) -> bool:
    """Tell whether the locale allows more than ASCII; where none is set, terminals do today."""
    locale = next((environ[name] for name in _LOCALE if environ.get(name)), "utf8")
    return "utf8" in locale.lower().replace("-", "")


_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
"""Where a program looks for its characters, in this order (POSIX, 8.2)."""


def _colours(environ: Mapping[str, str]) -> int:
    """Return how many colours a terminal is given, by the rules of Rich, which draws them."""
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return 1 << 24
    _, _, kind = environ.get("TERM", "").strip().lower().rpartition("-")
    return 256 if kind in ("256color", "kitty") else 16
