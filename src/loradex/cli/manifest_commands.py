"""`loradex export` and `import`: manifests."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json
from loradex.cli.listing_commands import QueryCommand
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.select import dry_run_option
from loradex.cli.words import count_text, size_text
from loradex.domain.text import display_text
from loradex.errors import UsageError
from loradex.paths import expanded

if TYPE_CHECKING:
    from loradex.domain.manifest import Change
    from loradex.operations.manifest.joining import JoinReport

SHOWN = 10
"""Models that are printed of each sort."""


@click.command("export", cls=QueryCommand)
@click.argument("query", nargs=-1)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, .json or .csv.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "csv"]),
    help="What to print on standard output, without -o.",
)
@click.option("--paths", is_flag=True, help="Tell libraries and paths, too.")
@click.option(
    "--public", is_flag=True, help="Leave out all that is yours: tags, notes, ratings, fields …"
)
@click.option("--force", is_flag=True, help="Replace FILE when it is there.")
@pass_context
def export_command(
    context: Context,
    query: tuple[str, ...],
    output: str | None,
    form: str | None,
    paths: bool,
    public: bool,
    force: bool,
) -> None:
    """Write what is known of models to a file: hashes, hub, tags, words, notes, ratings.

    All models, or those that QUERY finds, always in the same order. `loradex import` reads it on
    another machine, where models are known by their hashes. CSV is for spreadsheets: a cell that
    would be a formula gets a ' before it, which the import takes off again.
    """
    from loradex.operations.manifest.entries import told  # noqa: PLC0415
    from loradex.operations.manifest.files import write_manifest, write_to  # noqa: PLC0415

    text = " ".join(part.lstrip() for part in query)
    if output is not None and form is not None:
        raise UsageError("--format is for standard output.", hint="-o FILE tells by its name.")
    if paths and public:
        raise UsageError("--paths tells what --public leaves out.", hint="Leave one of them out.")
    with context.catalog() as catalog:
        ids = catalog.manifest.order(catalog.ids(text) if text else None)
        entries = (
            told(entry, paths=paths, public=public) for entry in catalog.manifest.entries(ids)
        )
        if output is None:
            if sys.stdout is not None:
                write_to(sys.stdout, entries, form or "json")
            return
        path = expanded(output)
        count = write_manifest(path, entries, replace=force)
    size = size_text(path.stat().st_size)
    click.echo(f"{count_text(count, 'model')} written to {display_text(str(path))} ({size}).")


@click.command("import")
@click.argument("file")
@click.option(
    "--prefer",
    type=click.Choice(["mine", "theirs"]),
    default="mine",
    show_default=True,
    help="Whose rating, setting or removed tag counts where both say something else.",
)
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def import_command(
    context: Context, file: str, prefer: str, dry_run: bool, as_json: bool, progress: str
) -> None:
    """Take the tags, notes, ratings and settings that a manifest has of models that are here.

    Models are known by their SHA256, or by their quick digest where one side was not hashed. Tags
    and collections are added; a note goes below the one that is here; of two ratings the one that
    --prefer says stays. Nothing of yours is removed unless you prefer theirs, and a second import
    changes nothing. Models that are not here are listed with where to get them; nothing of them is
    kept. With -n it only tells what would change.
    """
    from loradex.domain.manifest import Prefer  # noqa: PLC0415
    from loradex.operations.manifest.files import read_manifest  # noqa: PLC0415
    from loradex.operations.manifest.joining import join  # noqa: PLC0415

    path = expanded(file)
    if not dry_run:
        for _ in read_manifest(path):  # all of it can be read, or nothing is changed
            pass
    with (
        context.catalog() as catalog,
        stoppable() as cancel,
        shown_progress(progress, cancel) as sink,
    ):
        report = join(
            catalog,
            read_manifest(path),
            prefer=Prefer(prefer),
            dry_run=dry_run,
            sink=sink,
            cancel=cancel,
            origin=path.name,
        )
    if isinstance(sink, JsonSink):
        sink.tell("done", message=_sentence(report, dry_run), **_as_json(report, dry_run))
    elif as_json:
        print_json(_as_json(report, dry_run))
    else:
        _print(report, dry_run, prefer)


def _print(report: JoinReport, dry_run: bool, prefer: str) -> None:
    for change in report.changes[:SHOWN]:
        click.echo(f"{display_text(change.name)}: {_change_text(change)}")
    if report.changed > SHOWN:
        click.echo(f"… and {report.changed - SHOWN:,} more models.")
    click.echo(_sentence(report, dry_run))
    if report.kept and prefer == "mine":
        click.echo(
            f"Of {count_text(report.kept, 'model')} something else is said here, and stays;"
            " theirs counts with --prefer theirs.",
            err=True,
        )
    for name in report.too_long[:SHOWN]:
        click.echo(f"{display_text(name)}: both notes are too long for one.", err=True)
    if report.absent_count:
        size = sum(entry.size for entry in report.absent)
        click.echo(
            f"{count_text(report.absent_count, 'model is', 'models are')} not here"
            f" ({size_text(size)}):",
            err=True,
        )
        for entry in report.absent[:SHOWN]:
            get = entry.where_to_get or "no hub is known to have it"
            click.echo(f"  {display_text(entry.name)} ({size_text(entry.size)}): {get}", err=True)
        if report.absent_count > SHOWN:
            click.echo(f"  … and {report.absent_count - SHOWN:,} more (--json has all)", err=True)


_COUNTED = (
    ("tags", "tag", "tags"),
    ("hidden_tags", "removed tag", "removed tags"),
    ("words", "trigger word", "trigger words"),
    ("notes", "note", "notes"),
    ("ratings", "rating", "ratings"),
    ("favourites", "favourite", "favourites"),
    ("collections", "place in a collection", "places in collections"),
    ("preferences", "setting", "settings"),
    ("fields", "value of a field", "values of fields"),
    ("verdicts", "verdict", "verdicts"),
)


def _sentence(report: JoinReport, dry_run: bool) -> str:
    are = "is" if report.here == 1 else "are"
    known = f"{report.here:,} of {count_text(report.models, 'model')} {are} here"
    parts = [
        count_text(number, one, several)
        for name, one, several in _COUNTED
        if (number := getattr(report, name))
    ]
    if not parts:
        return f"{known}; nothing {'would change' if dry_run else 'changed'}."
    did = "would get" if dry_run else "got"
    return f"{known}; {count_text(report.changed, 'model')} {did} {', '.join(parts)}."


def _change_text(change: Change) -> str:
    from loradex.domain.verdict_words import findings_line  # noqa: PLC0415

    parts = [f"+{tag}" for tag in change.add_tags] + [f"-{tag}" for tag in change.hide_tags]
    parts += [f"word {word}" for word in change.add_words]
    if change.rating is not None:
        parts.append("★" * change.rating)
    if change.favourite:
        parts.append("♥")
    if change.note is not None:
        parts.append("note")
    parts += [f"in {name}" for name in change.collections]
    parts += [f"{name} {value}" for name, value in change.preferences.items()]
    parts += [f"{one.name}: {one.value}" for one in change.fields]
    parts += [findings_line(one.findings) or "dismissals" for one in change.verdicts]
    return display_text(", ".join(parts), 200)


def _change_json(change: Change) -> dict[str, object]:
    """Return what changes of a model, without what does not."""
    from loradex.operations.manifest.verdict_form import verdict_json  # noqa: PLC0415

    raw: dict[str, object] = {
        "add_tags": list(change.add_tags),
        "hide_tags": list(change.hide_tags),
        "add_words": list(change.add_words),
        "note": change.note,
        "rating": change.rating,
        "favourite": change.favourite,
        "collections": list(change.collections),
        "preferences": dict(change.preferences),
        "fields": {one.name: one.value for one in change.fields},
        "verdicts": [verdict_json(one) for one in change.verdicts],
    }
    said = {name: value for name, value in raw.items() if value not in (None, [], {})}
    return {"id": change.content_id, "name": change.name, **said}


def _as_json(report: JoinReport, dry_run: bool) -> dict[str, object]:
    return {
        "changed": 0 if dry_run else report.changed,
        "would_change": report.changed if dry_run else 0,
        "models": report.models,
        "here": report.here,
        **{name: getattr(report, name) for name, _, _ in _COUNTED},
        "kept": report.kept,
        "note_too_long": report.too_long,
        "changes": [_change_json(change) for change in report.changes],
        "absent": [
            {
                "name": entry.name,
                "sha256": entry.sha256,
                "size": entry.size,
                "get": entry.where_to_get,
            }
            for entry in report.absent
        ],
    }
