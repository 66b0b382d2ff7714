"""Lists of values as people type them: `1, 2`, `"a, b", c`, `SKIP:3`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loradex.render.unreadable import UnreadableText

_SKIP = "SKIP"


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a list: its words, where they begin in the whole text, and if to leave it out.

    `quoted` tells that it stood in quotes, so that it is a text whatever it looks like.
    """

    text: str
    position: int
    quoted: bool
    skipped: bool


def split_values(text: str) -> tuple[Item, ...]:
    """Return the values between the commas or line ends of `text`, blanks around them cut.

    A value in double quotes may hold commas, and a doubled quote is one quote, as in CSV, which
    A1111 reads its lists as. `SKIP:` before a value keeps it in the list but leaves it out, and
    a bare `SKIP` is nothing. Raises `UnreadableText` for an empty value and an open quote.
    """
    found = []
    at = 0
    while True:
        item, at = _item(text, at)
        found.append(item)
        if at >= len(text):
            return tuple(found)
        at += 1


def drawn(items: tuple[Item, ...]) -> Iterator[Item]:
    """Yield the items that are not to be left out."""
    return (item for item in items if not item.skipped)


def _item(text: str, start: int) -> tuple[Item, int]:
    """Read one value; return it and where its separator stands, or the end."""
    at = _past_blanks(text, start)
    skipped = text.startswith(f"{_SKIP}:", at)
    if skipped:
        at = _past_blanks(text, at + len(_SKIP) + 1)
    if text.startswith('"', at):
        words, end = _quoted(text, at)
        return Item(words, at, True, skipped), end
    end = at
    while end < len(text) and text[end] not in ",\n":
        end += 1
    words = text[at:end].rstrip()
    if words == _SKIP:
        return Item("", at, False, True), end
    if not words:
        raise UnreadableText(
            "A value is missing here",
            text=text,
            position=at,
            hint='Take out the comma, or write "" for an empty text.',
        )
    return Item(words, at, False, skipped), end


def _quoted(text: str, opening: int) -> tuple[str, int]:
    """Return the words in quotes and where the separator after them stands."""
    words = []
    at = opening + 1
    while True:
        closing = text.find('"', at)
        if closing < 0:
            raise UnreadableText("This quote is never closed", text=text, position=opening)
        words.append(text[at:closing])
        at = closing + 1
        if not text.startswith('"', at):
            break
        words.append('"')
        at += 1
    end = _past_blanks(text, at)
    if end < len(text) and text[end] not in ",\n":
        raise UnreadableText(
            "A comma is missing after the quotes",
            text=text,
            position=end,
            hint='Inside of quotes a quote is written twice: "".',
        )
    return "".join(words), end


def _past_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r":
        at += 1
    return at
