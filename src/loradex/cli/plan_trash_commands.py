"""`loradex plan trash`: which models may go when room is short."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.listing_commands import QueryCommand
from loradex.cli.plan_options import (
    Drawn,
    dry_option,
    json_option,
    models_option,
    output_option,
    trash_option,
)
from loradex.cli.progress import progress_option
from loradex.cli.quantities import size_bytes
from loradex.cli.words import count_text, size_text

if TYPE_CHECKING:
    from loradex.operations.moves.trash_can import TrashKind
    from loradex.operations.tidying.discarding import Loss


@click.command("trash", cls=QueryCommand)
@click.argument("query", nargs=-1)
@click.option(
    "--free",
    metavar="SIZE",
    callback=size_bytes,
    help="Go on until so much would become free, as in 50GB.",
)
@click.option("--exactly", is_flag=True, help="Take everything QUERY finds that may go at all.")
@click.option(
    "--anyway",
    is_flag=True,
    help="With --exactly: also what you like, and what no hub has any more.",
)
@trash_option
@output_option
@dry_option
@json_option
@models_option
@progress_option
@pass_context
def trash_command(
    context: Context,
    query: tuple[str, ...],
    free: int | None,
    exactly: bool,
    anyway: bool,
    trash: str,
    output: Path | None,
    dry_run: bool,
    as_json: bool,
    models: frozenset[int] | None,
    progress: str,
) -> None:
    """Find what may go of the models that QUERY finds (of all without one), the first to go first.

    Older versions of what you have a newer one of, models you rated 1 or 2, that no picture was
    made with, that probes found no effect of, that were never tested. Never one that no hub is
    known to give to everybody, with exactly these bytes; nor a favourite, one rated 4 or 5, or one
    that you judged yourself: these go only when you say so, with --exactly --anyway.
    All you wrote about a model stays known. No file is changed: `loradex apply` does it.
    """
    from loradex.errors import UsageError  # noqa: PLC0415
    from loradex.operations.moves.trash_can import TrashKind  # noqa: PLC0415
    from loradex.operations.tidying.advising import Trashing, plan_trash  # noqa: PLC0415

    text = " ".join(part.lstrip() for part in query)
    if exactly and (free is not None or not (text.strip() or models)):
        raise UsageError(
            "--exactly takes what a query finds, whatever its size.",
            hint="Name the query, and leave out --free.",
        )
    if anyway and not exactly:
        raise UsageError("--anyway is for --exactly.", hint="Add --exactly, and a query.")
    drawn = Drawn(output, dry_run, as_json, progress)
    if anyway:
        _discard(context, text, models, TrashKind(trash), drawn)
        return
    with context.catalog() as catalog:
        drawn.begin(len(models) if models is not None else catalog.count(text))
        trashing = Trashing(text, free, exactly, TrashKind(trash), models)
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
        drawn.finish(
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


def _discard(
    context: Context,
    query: str,
    models: frozenset[int] | None,
    trash: TrashKind,
    drawn: Drawn,
) -> None:
    """Draw up the plan that puts models into the trash whatever speaks for them."""
    from loradex.operations.tidying.discarding import Discard, plan_discard  # noqa: PLC0415

    with context.catalog() as catalog:
        discard = Discard(query, models, trash)
        drawn.begin(len(models) if models is not None else catalog.count(query))
        found = plan_discard(catalog, discard)
        alone = sum(not loss.again for loss in found.losses)
        remarks = []
        if alone:
            has = "is" if alone == 1 else "are"
            remarks.append(
                f"{count_text(alone, 'model')} of these {has} on no hub that is known: once the"
                " trash is emptied, nothing brings them back."
            )
        drawn.finish(
            catalog,
            found.plan,
            about=discard.about,
            remarks=tuple(remarks),
            reasons={loss.content_id: _speaks_for(loss) for loss in found.losses},
            more={
                "losses": [
                    {
                        "model": loss.content_id,
                        "name": loss.name,
                        "files": loss.files,
                        "bytes": loss.nbytes,
                        "again": loss.again or None,
                        "rating": loss.rating,
                        "favourite": loss.favourite,
                        "judged": loss.judged,
                        "tags": loss.tags,
                        "uses": loss.uses,
                        "grids": loss.grids,
                    }
                    for loss in found.losses
                ],
            },
        )


def _speaks_for(loss: Loss) -> str:
    """Return what speaks for keeping a model, in a line."""
    said = (
        (not loss.again, "on no hub that is known"),
        (loss.favourite, "a favourite"),
        (bool(loss.rating), f"you gave it {loss.rating} of 5"),
        (loss.judged, "you judged it yourself"),
        (bool(loss.uses), f"in {count_text(loss.uses, 'picture')}"),
    )
    return "; ".join(words for holds, words in said if holds)
