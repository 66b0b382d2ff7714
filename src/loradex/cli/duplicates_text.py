"""The report of duplicates for people: groups by sort, a line a file, the sums at the end."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator, Sequence

import click

from loradex.cli.columns import GAP, cell_width, fit, pieces
from loradex.cli.output import is_terminal
from loradex.cli.words import count_text, size_text
from loradex.domain.duplicates import (
    Alike,
    Copy,
    DuplicateGroup,
    DuplicateReport,
    Fate,
    Twin,
    Yours,
)
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.text import display_text

_WORDS = {Fate.KEEP: "keep", Fate.GO: "go", Fate.UNPROVEN: "same?"}
_COLOURS = {Fate.KEEP: "green", Fate.GO: "red", Fate.UNPROVEN: "yellow"}
_MOST_NAMES = 3
_LONGEST_NAME = 60
_LEAST_LABEL = 8
_LEAST_PATH = 40
"""Cells that a path gets beside the other facts; with fewer it has lines of its own."""
_SURE_WORDS = ((0.99, "certain"), (0.9, "very likely"), (0.0, "likely"))


def print_groups(groups: Sequence[DuplicateGroup]) -> None:
    """Print groups under the headings of their sorts, strongest first."""
    for alike in Alike:
        mine = [group for group in groups if group.alike is alike]
        if not mine:
            continue
        freed = sum(group.freed for group in mine)
        title = click.style(alike.label, bold=True, underline=True)
        sums = click.style(f"{count_text(len(mine), 'group')}, {size_text(freed)}", dim=True)
        click.echo("\n".join(_flowing((title, sums))) + "\n")
        for group in mine:
            click.echo("\n".join(_lines(group)) + "\n")


def print_totals(report: DuplicateReport, shown: int) -> None:
    """Print what each sort would free, and what is not counted."""
    rows = [
        (total.alike.label, f"{total.groups:,}", f"{total.files:,}", size_text(total.nbytes))
        for total in report.totals
        if total.groups
    ]
    groups = sum(total.groups for total in report.totals)
    files = sum(total.files for total in report.totals)
    rows.append(("Together", f"{groups:,}", f"{files:,}", size_text(report.freed)))
    titles = ("", "Groups", "Files to go", "Frees")
    widths = [max(len(row[place]) for row in (titles, *rows)) for place in range(4)]
    widths[0] = min(widths[0], max(_room() - sum(widths[1:]) - 3 * len(GAP), _LEAST_LABEL))
    for row in (titles, *rows):
        cells = [
            fit(row[0], widths[0]).ljust(widths[0]),
            *(row[n].rjust(widths[n]) for n in (1, 2, 3)),
        ]
        click.echo(click.style(GAP.join(cells).rstrip(), bold=row in (titles, rows[-1]) or None))
    if shown < len(report.groups):
        click.echo(f"\n… {shown:,} of {len(report.groups):,} groups are shown", err=True)
    unproven = sum(total.unproven for total in report.totals)
    if unproven:
        click.echo(f"Not counted: {count_text(unproven, 'file')} not proven to be the same.")
    if report.links:
        click.echo(
            f"Not counted: {count_text(report.links, 'link')}, further names of files that cost"
            " nothing."
        )


def _lines(group: DuplicateGroup) -> Iterator[str]:
    keeper = group.twins[0]
    frees = f"frees {size_text(group.freed)}" if group.freed else "frees nothing for sure"
    yield from _flowing(
        (
            click.style(fit(display_text(keeper.name, _LONGEST_NAME), _room()), bold=True),
            click.style(_what(keeper), dim=True),
            click.style(frees, bold=True),
        )
    )
    traits = max((cell_width(display_text(twin.trait)) for twin in group.twins), default=0)
    for twin in group.twins:
        for copy in twin.copies:
            yield from _file_lines(twin, copy, traits)
    for title, text in _reasons(group):
        yield from _wrapped(title, text)
    for twin in group.at_stake:
        name = display_text(twin.name, _LONGEST_NAME)
        yield from _wrapped("yours", f"{name} would go, with {_yours(twin.yours)}", fg="yellow")


def _file_lines(twin: Twin, copy: Copy, traits: int) -> Iterator[str]:
    trait = display_text(twin.trait)
    marks = f"  {_marks(twin)}" if _marks(twin) else ""
    before = GAP.join(
        (
            f"  {_WORDS[copy.fate]:<5}",
            *([trait + " " * (traits - cell_width(trait))] if traits else []),
            f"{size_text(copy.size):>7}",
            time.strftime("%Y-%m-%d", time.localtime(copy.mtime)),
            "",
        )
    )
    room = _room() - cell_width(before) - cell_width(marks)
    coloured = click.style(before[:7], fg=_COLOURS[copy.fate]) + before[7:]
    path = display_text(copy.path)
    indent = " " * cell_width(before)
    if room < _LEAST_PATH and cell_width(path) > room:
        yield coloured.rstrip() + click.style(marks, fg="yellow")
        indent, room = "    ", _room() - 4
        yield from (indent + piece for piece in pieces(path, room))
    else:
        yield coloured + _tail(path, room) + click.style(marks, fg="yellow")
    for name in copy.names[1 : 1 + _MOST_NAMES]:
        kind = "symbolic link" if name.link else "same file"
        yield click.style(indent + _tail(f"= {display_text(name.path)} ({kind})", room), dim=True)
    if len(copy.names) > 1 + _MOST_NAMES:
        more = len(copy.names) - 1 - _MOST_NAMES
        yield click.style(f"{indent}= {count_text(more, 'more name')}", dim=True)
    if copy.note:
        yield click.style(f"{indent}{copy.note}", dim=True)


def _reasons(group: DuplicateGroup) -> Iterator[tuple[str, str]]:
    word = next(word for least, word in _SURE_WORDS if group.sure >= least)
    if group.alike is not Alike.SAME:
        yield "alike", f"{word}: {'; '.join(group.why)}"
    elif any(group.copies(Fate.UNPROVEN)):
        yield "same?", "probably the same, not yet proven: loradex scan reads them in full"
    yield "keep", f"because {group.keep_because}"


def _flowing(parts: Iterable[str]) -> Iterator[str]:
    """Yield styled parts side by side, those without room on a line of their own."""
    line = ""
    for part in parts:
        if line and cell_width(click.unstyle(line + GAP + part)) > _room():
            yield line
            line = f"  {part}"
        else:
            line = line + GAP + part if line else part
    yield line


def _wrapped(title: str, text: str, fg: str | None = None) -> Iterator[str]:
    """Yield a titled text, on several lines where a terminal needs them."""
    room = max(_room() - 11, 20)
    lines = textwrap.wrap(display_text(text), room, break_on_hyphens=False) or [""]
    for place, line in enumerate(lines):
        head = click.style(f"    {title if place == 0 else '':<7}", dim=True)
        yield head + click.style(line, fg=fg)


def _what(twin: Twin) -> str:
    kind = ModelKind(twin.kind).label if twin.kind in set(ModelKind) else display_text(twin.kind)
    base = BaseModel(twin.base).label if twin.base in set(BaseModel) else twin.base
    return f"{kind} for {display_text(base)}" if base else kind


def _marks(twin: Twin) -> str:
    """Return a person's heart and stars, and a word for all else of theirs and the hub's."""
    yours = twin.yours
    stars = ("♥" if yours.favourite else "") + "★" * (yours.rating or 0)
    said = yours.note or yours.tags or yours.verdicts or yours.collections or yours.fields
    return " ".join(word for word in (stars, "yours" if said else "", _hub(twin)) if word)


def _hub(twin: Twin) -> str:
    return "hub" if twin.matched else ""


def _yours(yours: Yours) -> str:
    words = [
        "your heart" if yours.favourite else "",
        f"your {'★' * yours.rating}" if yours.rating else "",
        "your note" if yours.note else "",
        f"tagged {', '.join(display_text(tag, 40) for tag in yours.tags[:5])}"
        if yours.tags
        else "",
        count_text(yours.verdicts, "verdict") if yours.verdicts else "",
        f"a place in {count_text(yours.collections, 'collection')}" if yours.collections else "",
        count_text(yours.fields, "value") + " of fields of yours" if yours.fields else "",
    ]
    return ", ".join(word for word in words if word)


def _room() -> int:
    """Return the width to keep to; nothing is cut for a pipe."""
    return shutil.get_terminal_size((100, 30)).columns if is_terminal(sys.stdout) else 1_000_000


def _tail(path: str, room: int) -> str:
    """Cut the beginning of a path, whose end tells most."""
    if cell_width(path) <= room:
        return path
    kept = ""
    for character in reversed(path):
        if cell_width(kept + character) >= max(room, 12):
            break
        kept = character + kept
    return "…" + kept
