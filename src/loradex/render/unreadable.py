"""The error for a text that cannot be read, which points at the character."""

from __future__ import annotations

from loradex.errors import UsageError

_SHOWN = 40


class UnreadableText(UsageError):
    """What somebody typed cannot be read; `position` and `length` mark the place in `text`.

    The message quotes the place and counts its character from 1.
    """

    def __init__(
        self, what: str, *, text: str, position: int, length: int = 1, hint: str | None = None
    ) -> None:
        quoted = text[position : position + min(max(length, 1), _SHOWN)]
        place = f"at character {position + 1}" + (f" ({quoted!r})" if quoted else ", the end")
        super().__init__(f"{what}, {place}.", hint=hint)
        self.text = text
        self.position = position
        self.length = length
