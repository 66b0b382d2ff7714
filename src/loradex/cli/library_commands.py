"""`loradex library`: the folders that are indexed."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import JsonObject, print_json_list
from loradex.cli.progress import progress_option, shown_progress
from loradex.cli.words import count_text, date_text, size_text
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loradex.catalog.catalog import Catalog
    from loradex.domain.library import Library
    from loradex.operations.layouts.detected import Detected, Root

PATIENCE = 1.0
"""Seconds that `library list` waits for a drive to say whether it is there."""


@click.group("library")
def library_command() -> None:
    """Add, list, move and remove the folders that are indexed."""


def _folder(_context: click.Context, _param: click.Parameter, text: str) -> Path:
    """Return the folder named; an empty name (an unset variable) would be the current one."""
    if not text:
        raise UsageError("The folder's name is empty.", hint="Use . for the current folder.")
    return Path(text)


def _folders(
    context: click.Context, param: click.Parameter, texts: tuple[str, ...]
) -> tuple[Path, ...]:
    return tuple(_folder(context, param, text) for text in texts)


folder_argument = click.argument("folder", type=click.Path(), callback=_folder)
dry_run_option = click.option(
    "-n", "--dry-run", is_flag=True, help="Only say what would be changed."
)


@library_command.command("add", short_help="Register a folder, or a tool's models.")
@folder_argument
@click.option("--name", help="What to call it; the folder's name when left out.")
@click.option("--ignore", multiple=True, metavar="GLOB", help="Leave out paths like this one.")
@click.option("--with-extra", is_flag=True, help="Also add the other folders that the tool uses.")
@click.option("--as-is", "as_it_is", is_flag=True, help="Take exactly FOLDER, as no tool's.")
@dry_run_option
@pass_context
def add(
    context: Context,
    folder: Path,
    name: str | None,
    ignore: tuple[str, ...],
    with_extra: bool,
    as_it_is: bool,
    dry_run: bool,
) -> None:
    """Register FOLDER. Nothing in it is read yet: run `loradex scan` next.

    FOLDER may be that of a tool (ComfyUI, Forge, SwarmUI, InvokeAI …): then the models in it are
    added, and nothing else of the tool is looked into. Folders elsewhere that its settings name
    are told, and with --with-extra become libraries of their own.
    """
    from loradex.operations.libraries import add_proposed, propose  # noqa: PLC0415

    with context.catalog() as catalog:
        proposal = propose(
            catalog, folder, name=name, ignore=ignore, with_extra=with_extra, as_it_is=as_it_is
        )
        if not dry_run:
            add_proposed(catalog, proposal)
    for addition in proposal.additions:
        root = addition.root
        click.echo(
            f"{'Would add' if dry_run else 'Added'} {display_text(addition.name)}"
            f" ({_shown(root.path)}), layout {root.layout.value}."
        )
    for note in proposal.notes:
        click.echo(f"  note: {note}", err=True)
    if proposal.further:
        click.echo(f"{proposal.detected.title} also uses:")
        _echo_roots(proposal.further)
        click.echo(f"Add them too: loradex library add {_word(folder)} --with-extra")
    if not dry_run:
        click.echo("Next: loradex scan")


@library_command.command("list", short_help="List the libraries, and whether they are there.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def list_libraries(context: Context, as_json: bool) -> None:
    """List the libraries: where they are, whether they are there now, how much is in them.

    For one that is away, a folder on another drive that has the same files is told.
    """
    with context.catalog() as catalog:
        libraries = catalog.files.libraries()
        usage = catalog.libraries.usage()
        online = {library.id: _is_there(catalog, library) for library in libraries}
        found = {
            library.id: _found_at(catalog, library, libraries)
            for library in libraries
            if not online[library.id]
        }
    rows = [(library, usage.get(library.id), online[library.id]) for library in libraries]
    if as_json:
        print_json_list(
            {
                "name": library.name,
                "root": library.root,
                "layout": library.layout.value,
                "online": is_online,
                "found_at": _text(found.get(library.id)),
                "files": used.files if used else 0,
                "size": used.nbytes if used else 0,
                "scanned_at": library.scanned_at,
                "ignore": list(library.ignore),
            }
            for library, used, is_online in rows
        )
        return
    if not libraries:
        click.echo("No library yet. Add one: loradex library add FOLDER", err=True)
        return
    print_table(
        [
            Column("Name", shrink=True),
            Column("Folder", shrink=True),
            Column("Layout", drop=True),
            Column("Files", right=True),
            Column("Size", right=True),
            Column("Scanned", drop=True),
        ],
        [
            (
                library.name,
                library.root if is_online else f"{library.root} (offline)",
                library.layout.value,
                f"{used.files:,}" if used else "0",
                size_text(used.nbytes if used else 0),
                date_text(library.scanned_at) if library.scanned_at else "never",
            )
            for library, used, is_online in rows
        ],
    )
    for library in libraries:
        place = found.get(library.id)
        if place is not None:
            click.echo(
                f"{display_text(library.name)} seems to be in {_shown(place)} now:"
                f" loradex library move {_word(library.name)} {_word(place)}",
                err=True,
            )


def _is_there(catalog: Catalog, library: Library) -> bool:
    from loradex.operations.relocating import answered  # noqa: PLC0415
    from loradex.operations.roots import device_of  # noqa: PLC0415

    known = catalog.files.known_device(library.id)
    there = answered(lambda: device_of(library.root, known), PATIENCE, otherwise=None)
    return there is not None


def _found_at(catalog: Catalog, library: Library, libraries: Sequence[Library]) -> Path | None:
    from loradex.operations.relocating import (  # noqa: PLC0415
        answered,
        elsewhere,
        some_known_files,
    )

    some = some_known_files(catalog, library)
    root, taken = Path(library.root), {Path(other.root) for other in libraries}
    return answered(lambda: elsewhere(root, some, taken), PATIENCE, otherwise=None)


@library_command.command("detect", short_help="Tell which tools' folders there are.")
@click.argument("folders", nargs=-1, type=click.Path(), metavar="[FOLDER]...", callback=_folders)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def detect(context: Context, folders: tuple[Path, ...], as_json: bool) -> None:
    """Tell which tool's folders these are and where their models lie, without adding any.

    Without FOLDER it looks in the usual places: your home folder, Documents, /opt, the Hugging
    Face cache, and drives under /mnt and /media.
    """
    from loradex.operations.libraries import detected_folder, owner_of  # noqa: PLC0415

    found: Sequence[tuple[Path, Detected]]
    if folders:
        found = [(folder, detected_folder(folder)) for folder in folders]
    else:
        from loradex.operations.layouts.usual import survey  # noqa: PLC0415

        told = survey()
        found = told.found
        for place in told.silent:
            click.echo(f"{_shown(place)} does not answer and was left out.", err=True)
    with context.catalog() as catalog:
        libraries = catalog.files.libraries()
    owners = {
        root.path: owner_of(root.path, libraries) for _folder, tool in found for root in tool.roots
    }
    if as_json:
        print_json_list(_as_json(folder, tool, owners) for folder, tool in found)
        return
    if not found:
        click.echo(
            "No image tool's folder in the usual places. Name one: loradex library add FOLDER"
        )
    for folder, tool in found:
        click.echo(f"{tool.title}: {_shown(folder)}")
        _echo_roots(tool.roots, owners)
        for note in tool.notes:
            click.echo(f"  note: {note}", err=True)
        if (command := _command(folder, tool, owners)) is not None:
            click.echo(f"  {command}")


def _command(folder: Path, tool: Detected, owners: dict[Path, Library | None]) -> str | None:
    """Return the command that adds what is in no library yet, None when nothing is left."""
    missing = [root for root in tool.roots if owners[root.path] is None]
    if not missing:
        return None
    extra = " --with-extra" if missing != [tool.roots[0]] else ""
    return f"loradex library add {_word(folder)}{extra}"


def _as_json(folder: Path, tool: Detected, owners: dict[Path, Library | None]) -> JsonObject:
    return {
        "folder": str(folder),
        "layout": tool.layout.value,
        "title": tool.title,
        "roots": [
            {
                "path": str(root.path),
                "layout": root.layout.value,
                "why": root.why or None,
                "folders": {name: kind.value for name, kind in root.folders.items()},
                "ignore": list(root.ignore),
                "library": owner.name if (owner := owners[root.path]) else None,
            }
            for root in tool.roots
        ],
        "notes": list(tool.notes),
        "command": _command(folder, tool, owners),
    }


@library_command.command("move", short_help="Tell where a library lies now.")
@click.argument("name")
@folder_argument
@click.option("--force", is_flag=True, help="Even when it does not look like the old folder.")
@dry_run_option
@progress_option
@pass_context
def move(
    context: Context, name: str, folder: Path, force: bool, dry_run: bool, progress: str
) -> None:
    """Tell where the folder of library NAME lies now: a drive mounted elsewhere, a new disk.

    No file is moved. Everything known of the library's files is kept, and those that are the same
    are not read again. A folder that has less than half of them is refused.
    """
    from loradex.operations.libraries import find_library  # noqa: PLC0415
    from loradex.operations.relocating import move_library  # noqa: PLC0415

    with context.catalog() as catalog, stoppable() as cancel:
        library = find_library(catalog, name)
        with shown_progress(progress, cancel) as sink:
            moved = move_library(
                catalog,
                library,
                folder,
                force=force,
                dry_run=dry_run,
                sink=sink,
                cancel=cancel,
            )
    alike = moved.resemblance
    click.echo(
        f"{display_text(library.name)} {'would be' if dry_run else 'is now'} {_shown(moved.root)}:"
        f" {alike.same:,} of {count_text(alike.known, 'known file')} there,"
        f" {moved.unchanged:,} with the same bytes."
    )
    if not dry_run:
        click.echo("Next: loradex scan")


@library_command.command("remove", short_help="Forget a library; no file is touched.")
@click.argument("name")
@dry_run_option
@pass_context
def remove(context: Context, name: str, dry_run: bool) -> None:
    """Forget a library. No file is touched; tags, notes and facts are kept."""
    from loradex.operations.libraries import find_library, remove_library  # noqa: PLC0415

    with context.catalog() as catalog:
        library = find_library(catalog, name)
        used = catalog.libraries.usage().get(library.id)
        if not dry_run:
            remove_library(catalog, name)
    files = count_text(used.files if used else 0, "file")
    click.echo(
        f"{'Would forget' if dry_run else 'Forgot'} {display_text(library.name)};"
        f" what is known of its {files} is kept."
    )


def _echo_roots(roots: Sequence[Root], owners: dict[Path, Library | None] | None = None) -> None:
    for root in roots:
        owner = (owners or {}).get(root.path)
        said = [f"named in {display_text(root.why)}"] if root.why else []
        said += [f"in the library {display_text(owner.name)}"] if owner else []
        tail = f" ({', '.join(said)})" if said else ""
        click.echo(f"  {_shown(root.path)}{tail}")


def _shown(path: Path) -> str:
    return display_text(str(path))


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _word(value: Path | str) -> str:
    """Return a path as one word that a shell understands, whatever bytes it has."""
    text = str(value)
    if text.isprintable():
        return shlex.quote(text)
    return (
        "$'"
        + "".join(
            chr(byte) if 32 < byte < 127 and byte not in b"'\\" else f"\\x{byte:02x}"
            for byte in os.fsencode(text)
        )
        + "'"
    )
