"""Plans for people: what stays and why, what goes where, and what it does to the disks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, table_lines
from loradex.cli.output import is_terminal
from loradex.cli.words import count_text, size_text
from loradex.domain.plans import (
    FILE_ACTIONS,
    OUTSIDE,
    MovePlan,
    Place,
    Step,
    deed_of,
    models_text,
)
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from pathlib import Path

    from loradex.catalog.catalog import Catalog
    from loradex.domain.plans import Conflict

SHOWN = 40
"""Lines of a table that are printed on a terminal unless all are asked for."""

_FEW = 3
"""Files that are named for each reason why files stay."""

_COLUMNS = (
    Column("What"),
    Column("From", shrink=True, tail=True),
    Column("To", shrink=True, tail=True),
    Column("With", right=True, drop=True),
    Column("Size", right=True),
)


def show_drawn(
    catalog: Catalog,
    plan: MovePlan,
    number: int | None,
    reasons: Mapping[int, str],
    most: int | None = SHOWN,
) -> None:
    """Print a plan: conflicts first, then what goes where, then sums and free space.

    `most` bounds the lines of each table on a terminal, None for all; a pipe gets all of them, as
    rows of tabs. `reasons` say why a model goes, by its content.
    """
    for line in plan_lines(catalog, plan, number, reasons, most):
        click.echo(line)
    for line in sum_lines(plan):
        click.echo(line, err=not is_terminal(sys.stdout))


def plan_lines(
    catalog: Catalog,
    plan: MovePlan,
    number: int | None,
    reasons: Mapping[int, str],
    most: int | None,
) -> Iterator[str]:
    """Yield the lines of the tables that `show_drawn` prints."""
    names = {library.id: library.name for library in catalog.files.libraries()}
    terminal = is_terminal(sys.stdout)
    bound = most if terminal else None
    if terminal:
        yield from _stay_lines(plan.conflicts, names, bound, number)
    elif plan.conflicts:
        stays = [("stays", _place(each.source, names), each.reason) for each in plan.conflicts]
        yield from table_lines((Column(""), Column(""), Column("")), stays)
    rows = list(_rows(plan.steps, names, reasons, short=terminal))
    if rows:
        columns = (*_COLUMNS, *((Column("Why", shrink=True),) if reasons else ()))
        yield from table_lines(columns, rows[:bound])
        yield from _more(len(rows), bound, number)


def _stay_lines(
    conflicts: Sequence[Conflict], names: Mapping[int, str], bound: int | None, number: int | None
) -> Iterator[str]:
    """Yield what stays, by the reason; of each reason a few files where lines are `bound`."""
    if not conflicts:
        return
    yield click.style(f"{count_text(len(conflicts), 'file stays', 'files stay')}:", bold=True)
    by_reason: dict[str, list[Conflict]] = {}
    for each in conflicts:
        by_reason.setdefault(each.reason, []).append(each)
    reasons = sorted(by_reason.items(), key=lambda one: -len(one[1]))
    for reason, of_it in reasons[: bound and bound // 4]:
        if len(of_it) == 1:
            yield f"  {_place(of_it[0].source, names)}: {display_text(reason)}"
            continue
        yield f"  {len(of_it):,} files: {display_text(reason)}"
        few = of_it[: bound and _FEW]
        yield from (f"    {_place(each.source, names)}" for each in few)
        if len(of_it) > len(few):
            yield "    …"
    yield from _more(len(reasons), bound and bound // 4, number)
    yield ""


def _more(lines: int, bound: int | None, number: int | None) -> Iterator[str]:
    if bound is not None and lines > bound:
        where = f": loradex plan show {number}" if number is not None else ""
        yield f"  … and {lines - bound:,} more{where}"


def _rows(
    steps: Sequence[Step], names: Mapping[int, str], reasons: Mapping[int, str], *, short: bool
) -> Iterator[tuple[str, ...]]:
    """Yield a row for each model with what belongs to it.

    In a `short` one the place where it goes is only what is new of it: the folder, or the name.
    """
    from loradex.operations.moves.sizes import Disks  # noqa: PLC0415

    disks = Disks()
    for _, group in groupby(steps, key=lambda step: step.group):
        first, *others = group
        if first.action not in FILE_ACTIONS or first.source is None:
            continue
        link = next((step for step in others if step.target == first.source), None)
        sidecars = sum(step.link is None for step in others)
        size = first.stamp.size if first.stamp else 0
        size += sum(step.stamp.size for step in others if step.stamp and step.link is None)
        yield (
            deed_of(first, link, disks.crossed_by(first)),
            _place(first.source, names),
            _where_to(first, names, short=short),
            f"+{sidecars}" if sidecars else "",
            size_text(size),
            *((reasons.get(first.content_id or 0, ""),) if reasons else ()),
        )


def _where_to(step: Step, names: Mapping[int, str], *, short: bool) -> str:
    """Return where a file goes, or of a copy the file that stays for it."""
    if step.same_as is not None:
        return f"= {_place(step.same_as, names)}"
    target, source = step.target, step.source
    if short and source is not None and target.library_id in names:
        if source.name == target.name:
            folder = target.relative[: -len(target.name)]
            return _place(replace(target, relative=folder), names)
        if source.folder == target.folder:
            return display_text(os.fsdecode(target.name))
    return _place(target, names)


def _place(place: Place, names: Mapping[int, str]) -> str:
    """Return a place as its library's name and the path below."""
    if place.library_id == OUTSIDE:
        return "trash"
    name = names.get(place.library_id)
    if name is None:
        return place.shown
    return display_text(f"{name}/{os.fsdecode(place.relative)}")


def sum_lines(plan: MovePlan) -> Iterator[str]:
    """Yield what a plan comes to, and the free space of disks before and after."""
    from loradex.operations.moves.sizes import copied_bytes  # noqa: PLC0415
    from loradex.operations.tidying.space import space_of  # noqa: PLC0415

    models = [step.content_id for step in plan.moves if step.file_id is not None]
    nbytes = sum(step.stamp.size for step in plan.moves if step.stamp)
    others = len(plan.moves) - len(models)
    beside = f" with {count_text(others, 'file')} beside them" if others else ""
    yield f"{models_text(models)}{beside}, {size_text(nbytes)}."
    copied = copied_bytes(plan.steps)
    if copied:
        yield f"{size_text(copied)} are copied to another disk and compared before they go here."
    for disk in space_of(plan):
        line = f"{disk.folder}: {size_text(disk.free)} free"
        if disk.change:
            line += f", {size_text(disk.after)} afterwards"
        if disk.in_trash:
            line += f", {size_text(disk.in_trash)} more once the trash is emptied"
        yield line + "."


def announce(
    plan: MovePlan, number: int | None, remarks: Sequence[str], output: Path | None
) -> None:
    """Say on stderr what can be done with a plan now."""
    for remark in remarks:
        click.echo(remark, err=True)
    if output is not None:
        click.echo(f"Written to {display_text(str(output))}.", err=True)
    if number is not None:
        click.echo(
            f"Kept as plan {number}; nothing was changed yet. Do it: loradex apply {number}",
            err=True,
        )
    elif not plan.moves:
        click.echo("Nothing to do.", err=True)
