"""Findings as they are gathered, and the verdict that follows from them."""

from __future__ import annotations

from loradex.domain.safety import Safety, SafetyReport
from loradex.domain.text import display_text

_ORDER = (
    Safety.SAFE,
    Safety.UNSCANNED,
    Safety.BROKEN,
    Safety.SUSPICIOUS,
    Safety.DANGEROUS,
)
"""From best to worst: the worst finding is the verdict."""

_SHOWN = 20
_LONGEST = 400
_MOST = 1_000


class Findings:
    """What was found in one file, each sentence once."""

    def __init__(self) -> None:
        self._found: dict[str, Safety] = {}
        self._worst = Safety.SAFE

    @property
    def verdict(self) -> Safety:
        """The worst of what was added; safe before anything was."""
        return self._worst

    def add(self, verdict: Safety, text: str) -> None:
        """Keep a finding; `text` is one sentence and may hold untrusted names."""
        if _ORDER.index(verdict) > _ORDER.index(self._worst):
            self._worst = verdict
        shown = display_text(text, _LONGEST)
        known = self._found.get(shown)
        if known is None and len(self._found) >= _MOST:
            return
        if known is None or _ORDER.index(verdict) > _ORDER.index(known):
            self._found[shown] = verdict

    def report(self) -> SafetyReport:
        """Return the verdict with the findings, worst first."""
        ranked = sorted(self._found.items(), key=lambda item: -_ORDER.index(item[1]))
        texts = [text for text, _ in ranked[:_SHOWN]]
        if len(ranked) > _SHOWN:
            texts.append(f"There are {len(ranked) - _SHOWN} more findings.")
        return SafetyReport(self._worst, tuple(texts))
