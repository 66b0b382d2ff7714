"""`loradex backup` and `restore`: copies of the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json, print_json_list
from loradex.cli.select import dry_run_option
from loradex.cli.words import count_text, date_text, size_text
from loradex.domain.text import display_text
from loradex.errors import UsageError
from loradex.paths import expanded

if TYPE_CHECKING:
    from loradex.catalog.copy_facts import Losses
    from loradex.operations.restoring import Restoration


@click.command("backup")
@click.argument("file", required=False, metavar="[FILE | list]")
@click.option(
    "--keep",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="Keep only the newest N copies made by hand in the backup folder.",
)
@click.option("-z", "--compress", is_flag=True, help="Pack the copy (gzip).")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def backup_command(
    context: Context, file: str | None, keep: int | None, compress: bool, as_json: bool
) -> None:
    """Copy the catalog to FILE, or under today's date into the backup folder.

    Others may go on writing meanwhile: the copy is one state of the catalog, and counts only when
    SQLite's integrity check passed and it is on the disk. FILE is never replaced; it may be a
    folder, and is packed when it ends with .gz.

    `loradex backup list` lists the copies in the backup folder. Some are made without asking: one
    a day when a scan ends (3 are kept), one before each upgrade (5 are kept), and one before each
    restore. `loradex restore` brings one back.
    """
    if file == "list":
        if keep is not None or compress:
            raise UsageError(
                "`backup list` only lists.", hint="For a file of that name: loradex backup ./list"
            )
        _list(context, as_json)
        return
    from loradex.operations.backup import back_up  # noqa: PLC0415

    target = None if file is None else expanded(file).absolute()
    made = back_up(context.home, target, keep=keep, compress=compress)
    size = made.stat().st_size
    if as_json:
        print_json({"file": str(made), "bytes": size})
    else:
        click.echo(f"Copied to {display_text(str(made))} ({size_text(size)}).")


def _list(context: Context, as_json: bool) -> None:
    from loradex.operations.backup import list_backups  # noqa: PLC0415

    backups = list_backups(context.home)
    if as_json:
        print_json_list(
            {
                "file": str(backup.path),
                "made": backup.made_at,
                "occasion": backup.occasion.value,
                "bytes": backup.size,
            }
            for backup in backups
        )
    elif backups:
        print_table(
            [Column("Made"), Column("Why"), Column("Size", right=True), Column("File", tail=True)],
            [
                (
                    date_text(backup.made_at),
                    backup.occasion.value,
                    size_text(backup.size),
                    backup.path.name,
                )
                for backup in backups
            ],
        )
        click.echo(f"They lie in {display_text(str(context.home.backups))}", err=True)
    else:
        click.echo("No copy of the catalog yet. Make one: loradex backup", err=True)


@click.command("restore")
@click.argument("which", metavar="FILE | latest")
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def restore_command(context: Context, which: str, dry_run: bool, as_json: bool) -> None:
    """Let a copy be the catalog again: FILE, a name from `backup list`, or the latest good one.

    Tells what the catalog has and the copy has not; with -n nothing else is done. The present
    catalog is copied first, so a restore can be taken back the same way; a damaged one is set
    aside byte for byte. Refused while another loradex is open. A copy of an older loradex is
    upgraded. Model files are not touched: run `loradex scan` afterwards.
    """
    from loradex.operations.restoring import restoration  # noqa: PLC0415

    with restoration(context.home, which) as restore:
        kept = None if dry_run else restore.carry_out()
    if as_json:
        print_json(_as_json(restore, None if kept is None else str(kept), done=not dry_run))
        return
    for copy in restore.skipped:
        click.echo(f"{display_text(str(copy))} is damaged and was passed over.", err=True)
    click.echo(_sentence(restore, dry_run))
    click.echo(_loss_sentence(restore, dry_run))
    if kept is not None:
        name = display_text(str(kept))
        back = "" if restore.present == "damaged" else " Take this back: loradex restore " + name
        click.echo(f"What was there before is kept in {name}.{back}")
    if not dry_run:
        click.echo("Next, as files may have moved since: loradex scan", err=True)


def _sentence(restore: Restoration, dry_run: bool) -> str:
    facts = restore.facts
    began = "Would restore" if dry_run else "Restored"
    newest = f", its newest fact from {date_text(facts.newest)}" if facts.newest else ""
    return (
        f"{began} {display_text(str(restore.copy))}: {count_text(facts.models, 'model')} in"
        f" {count_text(facts.libraries, 'library', 'libraries')},"
        f" {count_text(facts.tags, 'tag')}, {count_text(facts.notes, 'note')} and"
        f" {count_text(facts.ratings, 'rating')} of yours{newest}."
    )


_LOST = (
    ("libraries", "library", "libraries"),
    ("models", "model", "models"),
    ("tags", "tag of yours", "tags of yours"),
    ("notes", "note", "notes"),
    ("ratings", "rating", "ratings"),
    ("collections", "collection", "collections"),
    ("verdicts", "verdict", "verdicts"),
    ("plans", "plan that could be undone", "plans that could be undone"),
)


def _loss_sentence(restore: Restoration, dry_run: bool) -> str:
    match restore.present.value:
        case "nothing":
            return "There was no catalog."
        case "damaged":
            return "The present catalog is damaged."
        case "other":
            return "The present catalog is a newer loradex's."
    if not restore.lost:
        return "The present catalog has nothing that it lacks."
    parts = ", ".join(_parts(restore.lost))
    return f"{'Would be lost' if dry_run else 'No longer in the catalog'}: {parts}."


def _parts(lost: Losses) -> list[str]:
    return [
        count_text(number, one, several)
        for name, one, several in _LOST
        if (number := getattr(lost, name))
    ]


def _as_json(restore: Restoration, kept: str | None, *, done: bool) -> dict[str, object]:
    facts = restore.facts
    return {
        "restored": done,
        "file": str(restore.copy),
        "holds": {
            "libraries": facts.libraries,
            "models": facts.models,
            "tags": facts.tags,
            "notes": facts.notes,
            "ratings": facts.ratings,
            "collections": facts.collections,
            "plans": facts.plans,
            "newest": facts.newest,
            "schema": facts.revision,
        },
        "present": restore.present.value,
        "lost": {name: getattr(restore.lost, name) for name, _, _ in _LOST},
        "kept": kept,
    }
