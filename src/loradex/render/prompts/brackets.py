"""Which brackets of a prompt belong together."""

from __future__ import annotations

_OPENED_BY = {")": "(", "]": "["}


def matched_brackets(text: str) -> dict[int, int]:
    """Return the positions of brackets that have a partner: each opening one to its closing one.

    Round and square brackets are matched apart from each other. A backslash takes the character
    after it out of the count.
    """
    waiting: dict[str, list[int]] = {"(": [], "[": []}
    pairs: dict[int, int] = {}
    at = 0
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif letter in waiting:
            waiting[letter].append(at)
        elif letter in _OPENED_BY and waiting[_OPENED_BY[letter]]:
            pairs[waiting[_OPENED_BY[letter]].pop()] = at
        at += 1
    return pairs
