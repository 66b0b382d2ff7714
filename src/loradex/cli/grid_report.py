"""What `loradex grid` tells: what a grid would draw, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.jsontext import print_json
from loradex.cli.words import count_text, duration_text, size_text
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.operations.grids import GridPreview, GridResult


def report_preview(preview: GridPreview, *, as_json: bool) -> None:
    """Print what would be drawn."""
    spec = preview.plan.spec
    places = len(preview.plan.placements)
    todo = preview.pictures - preview.finished
    if as_json:
        print_json(
            {
                "places": places,
                "pictures": preview.pictures,
                "exist": preview.finished,
                "to_draw": todo,
                "seconds": preview.seconds,
                "memory_bytes": preview.memory_bytes,
                "axes": [{"kind": axis.kind, "values": list(axis.labels)} for axis in spec.axes],
                "checkpoint": spec.base.checkpoint.name,
                "downloads": [
                    {"repository": one.repository, "revision": one.revision, "bytes": one.size}
                    for one in preview.downloads
                ],
            }
        )
        return
    click.echo(display_text(spec.title, 200))
    for axis in spec.axes:
        labels = ", ".join(display_text(label, 60) for label in axis.labels[:12])
        more = f" … {len(axis.labels) - 12} more" if len(axis.labels) > 12 else ""
        click.echo(f"  {axis.kind:<14} {len(axis.labels):>4}  {labels}{more}")
    pictures = count_text(preview.pictures, "picture")
    if places != preview.pictures:
        pictures = f"{count_text(places, 'place')}, {pictures} of their own"
    click.echo(f"{pictures}, {_known(preview.finished, todo)}")
    if todo:
        time = (
            f"about {duration_text(preview.seconds)}, as others took here"
            if preview.seconds is not None
            else "not known, since nothing was drawn with it here yet"
        )
        click.echo(f"Time: {time}. Memory: about {size_text(preview.memory_bytes)}.")
    if preview.downloads:
        size = sum(one.size for one in preview.downloads)
        names = ", ".join(f"{one.words} ({one.repository})" for one in preview.downloads)
        click.echo(f"Would download {size_text(size)} first: {names}.")


def _known(finished: int, todo: int) -> str:
    if not finished:
        return "none of which exists yet."
    if not todo:
        return "all of which exist: nothing is to be drawn."
    return f"of which {finished:,} exist already; {todo:,} would be drawn."


def report_result(result: GridResult, sentence: str, *, as_json: bool, quiet: bool) -> None:
    """Print where a finished grid lies."""
    if as_json:
        print_json(
            {
                "id": result.grid_id,
                "title": result.title,
                "folder": str(result.folder),
                "sheet": str(result.sheets[0]),
                "sheets": [str(path) for path in result.sheets],
                "page": str(result.page),
                "drawn": result.drawn,
                "reused": result.reused,
                "failed": [{"key": cell.key, "message": cell.message} for cell in result.failed],
                "seconds": round(result.seconds, 3),
            }
        )
    elif not quiet:
        click.echo(sentence)
        for message in dict.fromkeys(cell.message for cell in result.failed):
            click.echo(f"  failed: {display_text(message)}", err=True)
        for sheet in result.sheets:
            click.echo(f"  sheet  {display_text(str(sheet))}")
        click.echo(f"  page   {display_text(str(result.page))}")
