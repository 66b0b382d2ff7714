"""`loradex plan trash`: which models may go when room is short."""

from __future__ import annotations

from pathlib import Path

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.listing_commands import QueryCommand
from loradex.cli.plan_options import Drawn, dry_option, json_option, output_option, trash_option
from loradex.cli.quantities import size_bytes
from loradex.cli.words import size_text


@click.command("trash", cls=QueryCommand)
@click.argument("query", nargs=-1)
@click.option(
    "--free",
    metavar="SIZE",
    callback=size_bytes,
    help="Go on until so much would become free, as in 50GB.",
)
@click.option("--exactly", is_flag=True, help="Take everything QUERY finds that may go at all.")
@trash_option
@output_option
@dry_option
@json_option
@pass_context
def trash_command(
    context: Context,
    query: tuple[str, ...],
    free: int | None,
    exactly: bool,
    trash: str,
    output: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Find what may go of the models that QUERY finds (of all without one), the first to go first.

    Older versions of what you have a newer one of, models you rated 1 or 2, that no picture was
    made with, that probes found no effect of, that were never tested. Never one that no hub is
    known to give to everybody, with exactly these bytes; nor a favourite, one rated 4 or 5, or one
    that you judged yourself.
    All you wrote about a model stays known. No file is changed: `loradex apply` does it.
    """
    from loradex.errors import UsageError  # noqa: PLC0415
    from loradex.operations.moves.trash_can import TrashKind  # noqa: PLC0415
    from loradex.operations.tidying.advising import Trashing, plan_trash  # noqa: PLC0415

    text = " ".join(part.lstrip() for part in query)
    if exactly and (free is not None or not text.strip()):
        raise UsageError(
            "--exactly takes what a query finds, whatever its size.",
            hint="Name the query, and leave out --free.",
        )
    with context.catalog() as catalog:
        trashing = Trashing(text, free, exactly, TrashKind(trash))
        found = plan_trash(catalog, trashing)
        remarks = [f"{number:,} stay: {reason}." for reason, number in found.kept.items()]
        if free is not None and found.nbytes < free:
            remarks.append(
                f"That is {size_text(free - found.nbytes)} less than you want: nothing else may go."
            )
        if found.advice:
            remarks.append(
                "What hubs have is what they told last; to ask them again: loradex hub refresh"
            )
        Drawn(output, dry_run, as_json).finish(
            catalog,
            found.plan,
            about=trashing.about,
            remarks=tuple(remarks),
            reasons={each.content_id: "; ".join(each.reasons) for each in found.advice},
            more={
                "advice": [
                    {
                        "model": each.content_id,
                        "name": each.name,
                        "reasons": list(each.reasons),
                        "bytes": each.nbytes,
                        "again": each.again,
                    }
                    for each in found.advice
                ],
                "kept": found.kept,
            },
        )
