"""Which terminal this is, as far as its environment and its own answers tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from loradex.domain.text import display_text

_NAMED = re.compile(r"\s*([A-Za-z][\w .-]{0,40}?)[ (/]+v?([\w.+-]{1,30})\)?\s*")
"""What terminals answer to XTVERSION: `kitty(0.35.2)`, `XTerm(379)`, `WezTerm 20240203`."""
_PROGRAMS = {
    "apple_terminal": "Apple Terminal",
    "iterm.app": "iTerm2",
    "warpterminal": "Warp",
    "wezterm": "WezTerm",
    "vscode": "VS Code",
    "tabby": "Tabby",
}
_SIGNS = (
    ("KITTY_WINDOW_ID", "kitty"),
    ("GHOSTTY_RESOURCES_DIR", "ghostty"),
    ("WEZTERM_EXECUTABLE", "WezTerm"),
    ("KONSOLE_VERSION", "Konsole"),
    ("WT_SESSION", "Windows Terminal"),
    ("ALACRITTY_WINDOW_ID", "Alacritty"),
    ("VTE_VERSION", "VTE"),
    ("XTERM_VERSION", "XTerm"),
)
"""Variables that one terminal sets, the most telling first: children of others inherit some."""
_TERMS = (
    ("xterm-kitty", "kitty"),
    ("xterm-ghostty", "ghostty"),
    ("foot", "foot"),
    ("alacritty", "Alacritty"),
    ("wezterm", "WezTerm"),
    ("mlterm", "mlterm"),
    ("contour", "contour"),
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a terminal said when it was asked; nothing of it when it kept silent."""

    named: str = ""
    """Name and version in its own form (XTVERSION)."""
    sixel: bool = False
    kitty: bool = False
    """It knows kitty's graphics protocol; whether it can place pictures in text it does not say."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal by name and version; `inside` names the multiplexer that stands between."""

    name: str = ""
    version: str = ""
    inside: str = ""

    @property
    def key(self) -> str:
        """What an answer is remembered under: a newer version is asked again."""
        return self.inside or f"{self.name} {self.version}".strip() or "unknown"

    def at_least(self, *version: int) -> bool:
        """Tell whether its version is this or a later one; one that is not known is not."""
        found = tuple(int(part) for part in re.findall(r"\d+", self.version)[: len(version)])
        return bool(found) and found >= version


def known_terminal(environ: Mapping[str, str], answers: Answers | None = None) -> Terminal:
    """Return the terminal. What it says of itself goes before what it handed down."""
    inside = _multiplexer(environ)
    match = _NAMED.fullmatch(answers.named) if answers is not None else None
    if match is not None and not inside:
        return Terminal(_clean(match[1]), _clean(match[2]))
    program = environ.get("TERM_PROGRAM", "")
    if program and program.lower() not in ("tmux", "screen"):
        name = _PROGRAMS.get(program.lower(), _clean(program))
        return Terminal(name, _clean(environ.get("TERM_PROGRAM_VERSION", "")), inside)
    for variable, name in _SIGNS:
        if environ.get(variable):
            version = environ[variable] if variable.endswith("_VERSION") else ""
            return Terminal(name, _clean(re.sub(r"^\D+", "", version)), inside)
    term = environ.get("TERM", "")
    for start, name in _TERMS:
        if term.startswith(start):
            return Terminal(name, "", inside)
    return Terminal(_clean(term), "", inside)


def _multiplexer(environ: Mapping[str, str]) -> str:
    term = environ.get("TERM", "")
    if environ.get("TMUX") or term.startswith("tmux"):
        program = environ.get("TERM_PROGRAM", "").lower() == "tmux"
        version = environ.get("TERM_PROGRAM_VERSION", "") if program else ""
        return f"tmux {_clean(version)}".strip()
    if environ.get("STY") or term.startswith("screen"):
        return "screen"
    return "zellij" if "ZELLIJ" in environ else ""


def _clean(text: str) -> str:
    return display_text(text, 40).strip()
