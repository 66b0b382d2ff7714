"""Numbers of models that no hub has numbered: another loradex serves these under its own."""

from __future__ import annotations

OWN_NUMBERS = range(1_500_000_000, 2**31)
"""Made of a file's SHA-256 (`loradex.serving.numbers`). Hubs count from 1 and are far below."""
HUB_NUMBERS = range(1, OWN_NUMBERS.start)
"""Numbers that are CivitAI's own, whoever tells of them."""
