"""Safety verdicts as a person sees them."""

from __future__ import annotations

import click

from loradex.domain.safety import Safety

_COLOURS = {
    Safety.SAFE: "green",
    Safety.SUSPICIOUS: "yellow",
    Safety.DANGEROUS: "red",
    Safety.BROKEN: "magenta",
    Safety.UNSCANNED: "cyan",
}


def in_colour(verdict: Safety, width: int = 0) -> str:
    """Return the verdict's word, padded to `width`, in its colour; all but safe is bold."""
    return click.style(
        f"{verdict.value:<{width}}", fg=_COLOURS[verdict], bold=verdict is not Safety.SAFE
    )
