"""What to do next, as a person reads it who has keys and no command line at hand."""

from __future__ import annotations

from loradex.errors import LoradexError


def hint_of(error: LoradexError) -> str:
    """Return the hint of an error for the terminal UI; empty for none. It may be untrusted text."""
    return error.elsewhere or error.hint or ""
