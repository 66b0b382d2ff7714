"""Which rules of identification and safety are in force."""

from __future__ import annotations

RULES_VERSION = "5"
"""Raised when the rules of `loradex.identify` change what some file is called, or those of
`loradex.formats.safety` what is thought of it: the next scan then looks again at every header
that older rules have read."""
