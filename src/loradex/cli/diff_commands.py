"""`loradex diff`: what one library has and another has not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json
from loradex.cli.output import one_form
from loradex.cli.words import count_text, size_text
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.domain.manifest import Entry
    from loradex.operations.library_diff import LibraryDiff, Side

SHOWN = 20
"""Models that are printed of each sort unless all are asked for."""

_WHY = {
    "version": "another version of the same model",
    "precision": "the same version in another file",
    "metadata": "the same weights with other metadata",
    "name": "another model under the same file name",
}


@click.command("diff")
@click.argument("a")
@click.argument("b")
@click.option("--all", "everything", is_flag=True, help="Print every model, not the first few.")
@click.option(
    "--commands", is_flag=True, help="Print only the commands that give B what only A has."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def diff_command(
    context: Context, a: str, b: str, everything: bool, commands: bool, as_json: bool
) -> None:
    """Compare A with B by what is in them, whatever the files are called.

    Each is the name of a library, a folder in one, a manifest that `loradex export` wrote, the
    home folder of another loradex, or `all`. Tells what only one of them has, with what the other
    has in its place (another version, another precision), and what both have under other names.
    With --commands it prints what would give B what only A has: copies where the files are there,
    else downloads. Nothing is changed, and the exit code is 0 when they differ, too.
    """
    from loradex.operations.diff_commands import commands_to_match  # noqa: PLC0415
    from loradex.operations.library_diff import compare, sides  # noqa: PLC0415

    one_form(null=False, as_json=as_json, commands=commands)
    with context.catalog() as catalog, sides(context.home, catalog, a, b) as (one, other):
        diff = compare(one, other)
        library = other.library
        folders = {} if library is None else catalog.libraries.folders(library.id)
        lines = list(commands_to_match(diff, folders))
    if commands:
        for line in lines:
            click.echo(display_text(line))
    elif as_json:
        print_json(_as_json(diff, lines))
    else:
        _print(diff, everything, len(lines), f"loradex diff {a} {b}")


def _print(diff: LibraryDiff, everything: bool, lines: int, again: str) -> None:
    notes = {id(found.one): (_WHY[found.why], found.other) for found in diff.related}
    a, b = display_text(diff.a.title), display_text(diff.b.title)
    for title, entries in ((f"Only in {a}", diff.only_a), (f"Only in {b}", diff.only_b)):
        if entries:
            size = size_text(sum(entry.size for entry in entries))
            _title(f"{title}: {count_text(len(entries), 'model')}, {size}")
        for entry in _first(entries, everything):
            click.echo(f"  {_line(entry)}")
            if id(entry) in notes:
                why, other = notes[id(entry)]
                click.echo(f"    there: {why}: {_line(other)}")
        _more(len(entries), everything, again)
    if diff.renamed:
        _title(f"In both under other names: {count_text(len(diff.renamed), 'model')}")
        for one, other in diff.renamed if everything else diff.renamed[:SHOWN]:
            click.echo(f"  {_file(one)}\n    there: {_file(other)}")
        _more(len(diff.renamed), everything, again)
    click.echo(_totals(diff))
    if lines:
        click.echo(f"What would give {b} the rest of {a}: {again} --commands", err=True)


def _title(text: str) -> None:
    click.echo(click.style(text, bold=True))


def _first(entries: Sequence[Entry], everything: bool) -> Sequence[Entry]:
    return entries if everything else entries[:SHOWN]


def _more(count: int, everything: bool, again: str) -> None:
    if count > SHOWN and not everything:
        click.echo(f"  … and {count - SHOWN:,} more: {again} --all")


def _line(entry: Entry) -> str:
    parts = [entry.derivative or entry.base or "", entry.kind, size_text(entry.size)]
    precision = entry.quantisation or entry.dtype
    told = ", ".join(part for part in (*parts, precision) if part)
    return f"{display_text(entry.name)} ({display_text(told)})"


def _file(entry: Entry) -> str:
    return display_text(entry.places[0][1] if entry.places else entry.file_name)


def _totals(diff: LibraryDiff) -> str:
    def side(one: Side) -> str:
        return (
            f"{display_text(one.title)} has {count_text(len(one.entries), 'model')}"
            f" ({size_text(one.nbytes)})"
        )

    same = "none" if not diff.same else f"{diff.same:,}"
    return f"{side(diff.a)}, {side(diff.b)}; {same} in both."


def _as_json(diff: LibraryDiff, lines: list[str]) -> dict[str, object]:
    related = {id(found.one): (found.why, found.other) for found in diff.related}

    def model(entry: Entry) -> dict[str, object]:
        found: dict[str, object] = {
            "name": entry.name,
            "sha256": entry.sha256,
            "size": entry.size,
            "kind": entry.kind,
            "base": entry.base,
            "files": [path for _, path in entry.places] or [entry.file_name],
            "get": entry.where_to_get,
        }
        if id(entry) in related:
            why, other = related[id(entry)]
            found["instead"] = {"why": why, "name": other.name, "sha256": other.sha256}
        return found

    def side(one: Side) -> dict[str, object]:
        return {"name": one.title, "models": len(one.entries), "bytes": one.nbytes}

    return {
        "a": side(diff.a),
        "b": side(diff.b),
        "same": diff.same,
        "only_a": [model(entry) for entry in diff.only_a],
        "only_b": [model(entry) for entry in diff.only_b],
        "renamed": [{"a": model(one), "b": model(other)} for one, other in diff.renamed],
        "commands": lines,
    }
