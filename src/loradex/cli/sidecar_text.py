"""What an import or export did, as text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from loradex.cli.words import count_text, duration_text
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.operations.sidecars.comparing import DiffLine, SidecarDiff
    from loradex.operations.sidecars.drafting import Draft
    from loradex.operations.sidecars.exporting import ExportReport
    from loradex.operations.sidecars.reading import ImportReport

_WIDE = 60
_MARKS = {
    "new": "+",
    "same": "=",
    "changed": "~",
    "different": "≠",
    "offered": "?",
    "refused": "!",
}
_STATES = {
    "known": "speaks of this very file",
    "unproven": "does not say of which bytes it speaks",
    "miss": "the hub did not have it",
    "stale": "speaks of other bytes",
    "refused": "refused",
}


def import_sentence(report: ImportReport, *, dry_run: bool) -> str:
    """Return what an import read, or would read."""
    if not report.seen:
        return "No files of other tools lie beside these models."
    fresh = report.seen - report.unchanged
    verb = "would be read" if dry_run else "read"
    text = f"{count_text(fresh, 'sidecar')} {verb}"
    if report.read:
        told = ", ".join(f"{number:,} {name}" for name, number in report.read.most_common())
        text += f" ({told})"
    if not dry_run and report.models:
        text += f": {count_text(report.models, 'model')} told of"
        if report.matches:
            text += f", {report.matches:,} with a page on the hub"
    text += "."
    extra = [
        f"{report.unchanged:,} had not changed" if report.unchanged else "",
        f"{report.refused_before:,} of these cannot be taken (--again says why)"
        if report.refused_before
        else "",
        f"not on the hub by what they say: {report.states['miss']:,}"
        if report.states["miss"]
        else "",
        f"of other bytes, and not believed: {len(report.stale):,}" if report.stale else "",
        f"could not be taken: {len(report.refused):,}" if report.refused else "",
        f"of no dialect that is known: {report.states['other']:,}"
        if report.states["other"]
        else "",
    ]
    parts = [part for part in extra if part]
    if parts:
        told = "; ".join(parts)
        text += f" {told[0].upper()}{told[1:]}."
    if report.seconds >= 1:
        text += f" {duration_text(report.seconds)}."
    return text


def import_json(report: ImportReport, *, offered: int) -> dict[str, object]:
    """Return an import as JSON."""
    return {
        "seen": report.seen,
        "unchanged": report.unchanged,
        "read": dict(report.read),
        "states": dict(report.states),
        "models": report.models,
        "matches": report.matches,
        "offered": offered,
        "stale": [problem.item for problem in report.stale],
        "refused": [
            {"path": problem.item, "reason": problem.message} for problem in report.refused
        ],
        "seconds": round(report.seconds, 3),
    }


def print_diff(diff: SidecarDiff) -> None:
    """Print one sidecar's fields beside what is known."""
    state = _STATES.get(diff.state.value, diff.state.value)
    click.echo(click.style(display_text(diff.path), bold=True))
    of = f" of {display_text(diff.model, _WIDE)}" if diff.model else ""
    click.echo(f"  {diff.tool or 'no known tool'}{of}: {state}")
    for line in diff.lines:
        click.echo(f"  {_MARKS[line.difference.value]} {_line(line)}")


def line_json(diff: SidecarDiff) -> dict[str, object]:
    """Return one sidecar's fields as JSON."""
    return {
        "path": diff.path,
        "tool": diff.tool,
        "model": diff.model,
        "state": diff.state.value,
        "fields": [
            {
                "field": line.field,
                "theirs": line.theirs,
                "ours": line.ours,
                "ours_by": line.ours_by,
                "difference": line.difference.value,
                "problem": line.problem,
            }
            for line in diff.lines
        ],
    }


def _line(line: DiffLine) -> str:
    theirs, ours = _short(line.theirs), _short(line.ours)
    if line.problem:
        meant = f": {theirs}" if theirs else ""
        return f"{line.field}{meant}  {display_text(line.problem)}".strip()
    text = f"{line.field:<20} {theirs}"
    word = line.difference.value
    if word == "same":
        return text
    by = f" ({line.ours_by})" if line.ours_by else ""
    if word == "offered":
        return f"{text}  (yours in that tool; --mine takes it over)"
    if not ours:
        return text
    end = "stays" if word == "different" else "until now"
    return f"{text}  [{end}: {ours}{by}]"


def export_sentence(report: ExportReport, *, dry_run: bool) -> str:
    """Return what an export wrote, or would write."""
    number = sum(report.written.values())
    text = f"{count_text(number, 'file')} {'would be written' if dry_run else 'written'}"
    if report.written:
        told = ", ".join(f"{count:,} {name}" for name, count in report.written.most_common())
        text += f" ({told})"
    parts = [
        f"{report.unchanged:,} said the same already" if report.unchanged else "",
        f"nothing to say for {report.silent:,}" if report.silent else "",
        f"{count_text(report.conflicts, 'key')} stayed as somebody set them there (--replace"
        " decides for loradex)"
        if report.conflicts
        else "",
        f"{count_text(len(report.refused), 'file')} left alone" if report.refused else "",
    ]
    text = "; ".join([text, *(part for part in parts if part)]) + "."
    if report.number is not None and not dry_run:
        text += f" `loradex sidecar undo {report.number}` takes it back."
    return text


def export_json(report: ExportReport) -> dict[str, object]:
    """Return an export as JSON."""
    return {
        "export": report.number,
        "written": dict(report.written),
        "unchanged": report.unchanged,
        "silent": report.silent,
        "conflicts": report.conflicts,
        "refused": [{"path": one.item, "reason": one.message} for one in report.refused],
        "seconds": round(report.seconds, 3),
    }


def print_draft(draft: Draft) -> None:
    """Print what changes in a file, and what stays in spite of loradex."""
    new = " (new)" if draft.before is None else ""
    click.echo(f"{click.style(display_text(draft.shown_path), bold=True)}{new}")
    for change in draft.woven.changes:
        key = display_text(change.key, _WIDE) or "text"
        after = _value(change.after)
        if change.change == "added":
            click.echo(f"  + {key:<24} {after}")
        elif change.change == "changed":
            click.echo(f"  ~ {key:<24} {after}  [until now: {_value(change.before)}]")
        else:
            click.echo(f"  ≠ {key:<24} {_value(change.before)}  [stays; loradex: {after}]")


def draft_json(draft: Draft) -> dict[str, object]:
    """Return what changes in a file as JSON."""
    return {
        "path": draft.shown_path,
        "new": draft.before is None,
        "changes": [
            {
                "key": change.key,
                "before": change.before,
                "after": change.after,
                "change": change.change.value,
            }
            for change in draft.woven.changes
        ],
    }


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return _short(text)


def _short(text: str) -> str:
    return display_text(" ".join(text[:2_000].split()), _WIDE)
