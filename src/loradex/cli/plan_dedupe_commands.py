"""`loradex plan dedupe`: let copies go."""

from __future__ import annotations

from pathlib import Path

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
from loradex.cli.words import count_text, size_text
from loradex.domain.plans import LinkKind
from loradex.errors import UsageError


@click.command("dedupe", cls=QueryCommand)
@click.argument("query", nargs=-1)
@click.option(
    "--keep",
    metavar="RULE,…",
    help="Which copy stays: library:NAME, folder:GLOB, oldest, newest, shortest, in this order;"
    " else as `loradex duplicates` proposes.",
)
@click.option(
    "--leave",
    type=click.Choice(["nothing", "hardlink", "symlink"]),
    default="nothing",
    help="What is left in a copy's place: tools that look there still find the model.",
)
@click.option(
    "--near",
    is_flag=True,
    help="Also models that differ only in metadata, precision or container.",
)
@click.option(
    "--precision",
    metavar="fp16",
    help="With --near: of several precisions, keep this one.",
)
@click.option("--mine", is_flag=True, help="With --near: also those you have said something of.")
@trash_option
@output_option
@dry_option
@json_option
@models_option
@progress_option
@pass_context
def dedupe_command(
    context: Context,
    query: tuple[str, ...],
    keep: str | None,
    leave: str,
    near: bool,
    precision: str | None,
    mine: bool,
    trash: str,
    output: Path | None,
    dry_run: bool,
    as_json: bool,
    models: frozenset[int] | None,
    progress: str,
) -> None:
    """Let copies of the models that QUERY finds go (of all without one), but for one of each.

    What goes is put in the trash, and compared with the one that stays, byte by byte, right before.
    Links are no copies. Your notes, tags and tests hang on the bytes: nothing of them is lost.
    No file is changed: `loradex apply` does it.
    """
    from loradex.operations.moves.trash_can import TrashKind  # noqa: PLC0415
    from loradex.operations.tidying.deduping import Dedupe, plan_dedupe  # noqa: PLC0415
    from loradex.operations.tidying.keep_rules import read_keep_rules  # noqa: PLC0415

    if not near and (precision or mine):
        raise UsageError("--precision and --mine are for --near.", hint="Add --near.")
    links = {"nothing": None, "hardlink": LinkKind.HARD, "symlink": LinkKind.SYMBOLIC}
    dedupe = Dedupe(
        query=" ".join(part.lstrip() for part in query),
        keep=read_keep_rules(keep) if keep is not None else (),
        link=links[leave],
        near=near,
        precision=precision or "",
        mine=mine,
        trash=TrashKind(trash),
        models=models,
    )
    drawn = Drawn(output, dry_run, as_json, progress)
    with context.catalog() as catalog:
        _check_libraries({library.name for library in catalog.files.libraries()}, keep or "")
        drawn.begin(len(models) if models is not None else catalog.count(dedupe.query))
        found = plan_dedupe(catalog, dedupe)
        remarks = []
        if found.shared_bytes:
            remarks.append(
                f"Of what goes, {size_text(found.shared_bytes)} are held by another file as well"
                " (a copy-on-write clone or another hard link): they do not become free."
            )
        if found.unhashed:
            was = "was" if found.unhashed == 1 else "were"
            remarks.append(
                f"{count_text(found.unhashed, 'file')} {was} not read in full yet: what they share"
                " is not known. Read them: loradex scan --hash now"
            )
        drawn.finish(
            catalog,
            found.plan,
            about=dedupe.about,
            remarks=tuple(remarks),
            more={
                "shared_bytes": found.shared_bytes,
                "unhashed": found.unhashed,
                "kept_because": found.reasons,
            },
        )


def _check_libraries(known: set[str], keep: str) -> None:
    """Refuse a rule about a library that there is not."""
    for word in keep.split(","):
        name, _, value = word.strip().partition(":")
        if name == "library" and value not in known:
            raise UsageError(
                f"There is no library {value!r}.", hint=f"Libraries: {', '.join(sorted(known))}."
            )
