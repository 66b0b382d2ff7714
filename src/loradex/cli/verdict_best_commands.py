"""`loradex verdict best`: one number of a person's verdict, and nothing else of it."""

from __future__ import annotations

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.select import REF_HELP, dry_run_option, query_option, selected
from loradex.cli.tag_words import say_changed
from loradex.errors import UsageError


@click.command(
    "best",
    help=f"""Say at which strength a model is best; what else is said of it stays.

\b
  loradex verdict best neon_knight 0.7

`loradex list best:0.6..0.8` finds it, and `loradex copy` writes it into <lora:…>. REF is
{REF_HELP}.""",
)
@click.argument("words", nargs=-1, metavar="[REF] STRENGTH")
@query_option
@dry_run_option
@pass_context
def best_(context: Context, words: tuple[str, ...], query: str | None, dry_run: bool) -> None:
    """Say at which strength a model is best."""
    from loradex.domain.verdicts import VerdictKind  # noqa: PLC0415
    from loradex.operations.own_verdicts import finding_of, say_best  # noqa: PLC0415

    if len(words) != (1 if query is not None else 2):
        raise UsageError(
            "Which model, and which strength?", hint="For example: loradex verdict best REF 0.7"
        )
    strength = finding_of(VerdictKind.BEST, words[-1]).low or 0.0
    with context.catalog() as catalog:
        ids = selected(catalog, words[:-1], query)
        for id_ in () if dry_run else ids:
            say_best(catalog, id_, strength)
        say_changed(catalog, ids, f"judged best at {strength:g}", dry_run)
