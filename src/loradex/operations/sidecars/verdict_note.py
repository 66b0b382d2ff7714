"""What probes found, below a note that goes to another tool: only where a person asks for it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from loradex.domain.verdict_words import counting, headline
from loradex.domain.verdicts import Verdict, VerdictSource

_MARK = "loradex: "


def noted(note: str, verdicts: Sequence[Verdict]) -> str:
    """Return a note with what counts of a model's verdicts below it, in one line.

    For example `loradex: needs its trigger ohwx · best 0.8 (probed on base, 2026-11-23)`; just the
    note where nothing was found.
    """
    said = counting(verdicts)
    if not said:
        return note
    line = f"{_MARK}{headline(verdicts)} ({_by(said[0][0])})"
    return f"{note}\n\n{line}" if note.strip() else line


def _by(verdict: Verdict) -> str:
    day = time.strftime("%Y-%m-%d", time.localtime(verdict.created_at))
    if verdict.source is VerdictSource.PERSON:
        return f"said on {day}"
    return f"probed on {verdict.checkpoint}, {day}" if verdict.checkpoint else f"probed {day}"
