"""What a check-up found, as words and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from loradex.cli.columns import terminal_width
from loradex.cli.words import count_text
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.operations.doctor.findings import Answer, Finding

SHOWN = 5
"""Findings of one check that are printed unless more are asked for."""

_WORDS = {
    "serious": ("serious", "red"),
    "fault": ("fault", "yellow"),
    "advice": ("advice", "cyan"),
}


def print_answers(answers: Sequence[Answer], *, everything: bool) -> None:
    """Print each check with its findings, why they matter and what mends them."""
    for answer in answers:
        word, colour = _WORDS[answer.level.word]
        title = click.style(f"{answer.check.title} ({answer.count:,})", bold=True)
        click.echo(f"{click.style(word.upper(), fg=colour, bold=True)}  {title}")
        _paragraph(answer.check.why)
        shown = answer.findings if everything else answer.findings[:SHOWN]
        mends = {finding.mend for finding in answer.findings}
        once = mends.pop() if len(mends) == 1 and len(answer.findings) > 1 else None
        for finding in shown:
            _print_finding(finding, mend=None if once else finding.mend)
        left = len(answer.findings) - len(shown)
        if left:
            click.echo(f"  … and {left:,} more: loradex doctor {answer.check.name} --all")
        if once:
            _paragraph(f"→ {display_text(once)}")
        elif answer.check.mend and any(finding.mend is None for finding in answer.findings):
            _paragraph(f"→ {answer.check.mend}")
        click.echo()


def summary(answers: Iterable[Answer], files: int, libraries: int) -> str:
    """Return the last line: how many of each, and of how much."""
    counts = dict.fromkeys(_WORDS, 0)
    for answer in answers:
        for finding in answer.findings:
            counts[finding.level.word] += finding.stands_for
    parts = [
        text
        for text in (
            f"{counts['serious']:,} serious" if counts["serious"] else "",
            count_text(counts["fault"], "fault") if counts["fault"] else "",
            f"{counts['advice']:,} to know of" if counts["advice"] else "",
        )
        if text
    ]
    found = ", ".join(parts) or "Everything is well"
    looked = f"{count_text(files, 'file')} in {count_text(libraries, 'library', 'libraries')}"
    return f"{found}: {looked}."


def answer_json(answers: Iterable[Answer]) -> list[dict[str, object]]:
    """Return all findings as `--json` has them."""
    return [
        {
            "check": answer.check.name,
            "level": finding.level.word,
            "what": finding.what,
            "path": finding.path,
            "model": finding.model,
            "count": finding.stands_for,
            "why": finding.why or answer.check.why,
            "mend": finding.mend or answer.check.mend,
        }
        for answer in answers
        for finding in answer.findings
    ]


def _print_finding(finding: Finding, mend: str | None) -> None:
    what = display_text(finding.what)
    if finding.path is None:
        _paragraph(what)
    else:
        click.echo(f"  {display_text(finding.path)}")
        _paragraph(what, "    ")
    if finding.why:
        _paragraph(display_text(finding.why), "    ")
    if mend:
        _paragraph(f"→ {display_text(mend)}", "    ")


def _paragraph(text: str, indent: str = "  ") -> None:
    width = max(terminal_width(), 40)
    for line in textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + ("  " if text.startswith("→") else ""),
        break_long_words=False,
        break_on_hyphens=False,
    ):
        click.echo(line)
