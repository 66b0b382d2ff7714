"""Text on a sheet: faces that have its letters, lines that fit, names shortened in their middle."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont

    Face = FreeTypeFont | ImageFont

_SYSTEM_FACES = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "segoeui.ttf",
    "Arial.ttf",
    "arial.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "wqy-microhei.ttc",
    "DroidSansFallbackFull.ttf",
    "msyh.ttc",
    "YuGothM.ttc",
    "malgun.ttf",
    "Arial Unicode.ttf",
    "Hiragino Sans GB.ttc",
    "AppleSDGothicNeo.ttc",
)
_NO_LETTER = "\U0010fffe"
_BREAKS = " _-./,"
_PLAIN = str.maketrans({"×": "x", "–": "-", "—": "-", "‘": "'", "’": "'"})


def face(text: str, size: int) -> Face:
    """Return the face that comes with Pillow, or a system's that has more of the text's letters.

    Pillow's has little beyond ASCII. Where no face has all letters, the one with the most is
    taken.
    """
    letters = frozenset(text.translate(_PLAIN)) - {" "}
    own = _own_face(size)
    lacking = _lacking(None, letters)
    if not lacking:
        return own
    best, fewest = own, len(lacking)
    for name in _SYSTEM_FACES:
        found = _system_face(name, size)
        if found is not None and (lacks := len(_lacking(name, letters))) < fewest:
            best, fewest = found, lacks
            if not lacks:
                break
    return best


def plain(text: str, font: Face) -> str:
    """Return `text` with signs that Pillow's own face lacks written with those it has."""
    return text.translate(_PLAIN) if font is _own_face(int(font_size(font))) else text


def font_size(font: Face) -> float:
    """Return a face's size in pixels; Pillow's bitmap face, without FreeType, has 11."""
    return float(getattr(font, "size", 11))


def wrap(text: str, font: Face, width: int, most: int) -> list[str]:
    """Break `text` into at most `most` lines no wider than `width`; the last one may end in `…`.

    Lines end at spaces, else after the signs that part names, else anywhere.
    """
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < most:
        fits = _fitting(rest, font, width)
        if fits < len(rest) and len(lines) == most - 1:
            cut = _fitting(rest, font, width - int(font.getlength("…")))
            return [*lines, rest[: max(cut, 1)].rstrip() + "…"]
        if fits < len(rest):
            fits = _break(rest, fits)
        lines.append(rest[:fits].rstrip())
        rest = rest[fits:].lstrip()
    return lines or [""]


def wrap_name(text: str, font: Face, width: int, most: int) -> list[str]:
    """Break a name into lines as `wrap` does, but shorten it in its middle.

    Names of files tell themselves apart by their ends (`…_v2-000008`).
    """
    lines = wrap(text, font, width, most)
    if not lines[-1].endswith("…") or text.endswith("…"):
        return lines
    low, high = 1, len(text) - 1
    best = lines
    while low <= high:
        kept = (low + high) // 2
        front = (kept + 1) // 2
        tried = wrap(f"{text[:front]}…{text[len(text) - kept + front :]}", font, width, most + 1)
        if len(tried) <= most:
            best, low = tried, kept + 1
        else:
            high = kept - 1
    return best


def _break(text: str, fits: int) -> int:
    """Return where to end a line that has room for `fits` characters."""
    space = text.rfind(" ", 1, fits + 1)
    if space > 0:
        return space
    sign = max(text.rfind(sign, 1, fits) for sign in _BREAKS)
    return sign + 1 if sign > fits // 3 else fits


def _fitting(text: str, font: Face, width: int) -> int:
    """Return how many characters from the start fit into `width` pixels, at least one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return low


@lru_cache(maxsize=32)
def _own_face(size: int) -> Face:
    from PIL import ImageFont  # noqa: PLC0415 - only when a sheet is drawn

    return ImageFont.load_default(size)


@lru_cache(maxsize=64)
def _system_face(name: str, size: int) -> FreeTypeFont | None:
    """Return a face of this system, None where it has none of that name."""
    from PIL import ImageFont  # noqa: PLC0415 - only when a sheet is drawn

    try:
        return ImageFont.truetype(name, size)
    except (OSError, ImportError):
        return None


def _lacking(name: str | None, letters: frozenset[str]) -> frozenset[str]:
    """Return the letters that a system's face, or None for Pillow's own, does not have."""
    return frozenset(letter for letter in letters if not _has(name, letter))


@lru_cache(maxsize=4096)
def _has(name: str | None, letter: str) -> bool:
    font = _own_face(24) if name is None else _system_face(name, 24)
    if font is None:
        return False
    return _drawn(font, letter) != _drawn(font, _NO_LETTER)


def _drawn(font: Face, letter: str) -> tuple[object, bytes]:
    try:
        mask = font.getmask(letter)
    except UnicodeEncodeError:  # Pillow's bitmap face knows Latin-1 alone
        return None, b""
    return mask.getbbox(), bytes(mask)
