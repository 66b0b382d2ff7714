"""One sanitizer for every untrusted string: what it returns is safe to print as literal text.

Model files, sidecars, file names and hub answers may hold terminal escape sequences, C1 controls,
bidirectional overrides and lone surrogates. They are shown as visible escapes, never obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# C0 and DEL, C1, zero-width and bidi controls, line/paragraph separators, BOM, surrogates,
# interlinear annotations and tag characters.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_UNSAFE_BUT_LINES = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def display_text(text: str, limit: int | None = None) -> str:
    """Return `text` on one line with every control character made visible, cut to `limit`."""
    shown = _UNSAFE.sub(_visible, text)
    if limit is not None and len(shown) > limit:
        shown = shown[: max(limit - 1, 0)] + "…"
    return shown


def display_lines(text: str) -> str:
    """Like `display_text`, but keep line breaks and tabs."""
    return _UNSAFE_BUT_LINES.sub(_visible, text.replace("\r\n", "\n"))


def storable(text: str, limit: int) -> str:
    """Return `text` as SQLite can hold it (no lone surrogates, no NUL), at most `limit` long."""
    if len(text) <= limit and text.isascii() and "\x00" not in text:
        return text  # as nearly all texts are
    clean = text[:limit].replace("\x00", "")
    return clean.encode("utf-8", "backslashreplace").decode("utf-8")


def trained_words(raw: Iterable[str]) -> tuple[str, ...]:
    """Return the hub's trained words as a person wants them.

    Trims, drops `<lora:…>` tags, empty entries and case-insensitive duplicates, keeps the order.
    A phrase with commas stays one trigger (docs/civitai.md).
    """
    seen: dict[str, str] = {}
    for entry in raw:
        word = re.sub(r"<[^<>]*:[^<>]*>", "", entry)
        word = re.sub(r"\s+", " ", word).strip(" ,")
        if word:
            seen.setdefault(word.casefold(), word)
    return tuple(seen.values())
