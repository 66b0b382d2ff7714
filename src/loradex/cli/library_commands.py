"""`loradex library`: the folders that are indexed."""

from __future__ import annotations

from pathlib import Path

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.cli.words import date_text
from loradex.domain.text import display_text
from loradex.errors import UsageError


@click.group("library")
def library_command() -> None:
    """Add, list and remove the folders that are indexed."""


def _folder(_context: click.Context, _param: click.Parameter, text: str) -> Path:
    """Return the folder named; an empty name (an unset variable) would be the current one."""
    if not text:
        raise UsageError("The folder's name is empty.", hint="Use . for the current folder.")
    return Path(text)


folder_argument = click.argument("folder", type=click.Path(), callback=_folder)


@library_command.command("add")
@folder_argument
@click.option("--name", help="What to call it; the folder's name when left out.")
@click.option("--ignore", multiple=True, metavar="GLOB", help="Leave out paths like this one.")
@pass_context
def add(context: Context, folder: Path, name: str | None, ignore: tuple[str, ...]) -> None:
    """Register FOLDER. Nothing in it is read yet: run `loradex scan` next."""
    from loradex.operations.libraries import add_library  # noqa: PLC0415

    with context.catalog() as catalog:
        library = add_library(catalog, folder, name=name, ignore=ignore)
    click.echo(
        f"Added {display_text(library.name)} ({display_text(library.root)}),"
        f" layout {library.layout.value}. Next: loradex scan"
    )


@library_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def list_libraries(context: Context, as_json: bool) -> None:
    """List the libraries."""
    with context.catalog() as catalog:
        libraries = catalog.files.libraries()
    if as_json:
        print_json_list(
            {
                "name": library.name,
                "root": library.root,
                "layout": library.layout.value,
                "online": library.online,
                "scanned_at": library.scanned_at,
                "ignore": list(library.ignore),
            }
            for library in libraries
        )
        return
    if not libraries:
        click.echo("No library yet. Add one: loradex library add FOLDER", err=True)
        return
    print_table(
        [Column("Name"), Column("Folder", shrink=True), Column("Layout"), Column("Scanned")],
        [
            (
                library.name,
                library.root if library.online else f"{library.root} (offline)",
                library.layout.value,
                date_text(library.scanned_at) if library.scanned_at else "never",
            )
            for library in libraries
        ],
    )


@library_command.command("detect")
@folder_argument
@pass_context
def detect(_context: Context, folder: Path) -> None:
    """Tell which tool's folder layout FOLDER follows, without adding it."""
    from loradex.operations.libraries import detect_layout, existing_folder  # noqa: PLC0415

    click.echo(detect_layout(existing_folder(folder)).value)


@library_command.command("remove")
@click.argument("name")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be changed.")
@pass_context
def remove(context: Context, name: str, dry_run: bool) -> None:
    """Forget a library. No file is touched; tags, notes and facts are kept."""
    from loradex.operations.libraries import find_library, remove_library  # noqa: PLC0415

    with context.catalog() as catalog:
        library = find_library(catalog, name)
        if not dry_run:
            remove_library(catalog, name)
    click.echo(f"{'Would forget' if dry_run else 'Forgot'} {display_text(library.name)}.")
