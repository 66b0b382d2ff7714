"""What a file name alone gives away."""

from __future__ import annotations

import re

_COPY_NAME = re.compile(
    r"copy (?:\(?\d+\)? )?of .+"
    r"|.*[^\W_].*(?:"
    r"[ _.-]*\(\d{1,3}\)"  # Windows, browsers: `name (1)`
    r"|[ _.-]+(?:copy|kopie|copie|backup|bak)(?:[ _-]?\d{1,3})?"  # `name - Copy`, `name copy 2`
    r"|[ _.-]*\((?:another |\d+(?:st|nd|rd|th) )?copy(?: \d+)?\)"  # GNOME: `name (another copy)`
    r")",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST = 255


def like_a_copy(stem: str) -> bool:
    """Say whether a file name without its ending is one that copying gives: `name (1)`, `x_copy`.

    Case does not matter. A name longer than any file system allows is not one.
    """
    return len(stem) <= _LONGEST and _COPY_NAME.fullmatch(stem) is not None
