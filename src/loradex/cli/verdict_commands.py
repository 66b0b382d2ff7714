"""`loradex verdict`: what probes found of models, and a person's own word on that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json, print_json_list
from loradex.cli.listing_commands import QueryCommand
from loradex.cli.select import REF_HELP, dry_run_option, query_option, selected
from loradex.cli.tag_words import say_changed
from loradex.cli.verdict_best_commands import best_
from loradex.cli.words import count_text, date_text
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.domain.verdicts import Verdict

USUAL_LIMIT = 200


@click.group("verdict")
def verdict_command() -> None:
    """See what probes found of models, and overrule it.

    \b
      loradex verdict list verdict:dead-trigger
      loradex verdict show neon_knight
      loradex verdict set neon_knight needs-trigger --word neonkn --usable 0.4..0.9
      loradex verdict best neon_knight 0.7
      loradex verdict dismiss neon_knight burns

    What you say stands above all that probes find, and no probe touches it.
    """


verdict_command.add_command(best_)


@verdict_command.command("list", cls=QueryCommand)
@click.argument("query", nargs=-1)
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=USUAL_LIMIT,
    show_default=True,
    help="Print so many.",
)
@click.option("--offset", type=click.IntRange(0), default=0, help="Leave out the first so many.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def list_all(
    context: Context, query: tuple[str, ...], limit: int, offset: int, as_json: bool
) -> None:
    """List verdicts, the newest first: all, or those on what QUERY finds."""
    from loradex.cli.verdict_json import verdict_json  # noqa: PLC0415

    with context.catalog() as catalog:
        ids = catalog.ids(" ".join(query)) if query else None
        verdicts, total = catalog.verdicts.listing(ids, limit=limit, offset=offset)
        models = list(dict.fromkeys(verdict.content_id for verdict in verdicts))
        names = {row.id: row.name for row in catalog.rows(models)}
    if as_json:
        print_json_list(
            {"model": each.content_id, "name": names.get(each.content_id), **verdict_json(each)}
            for each in verdicts
        )
        return
    if verdicts:
        print_table(
            [
                Column("Id", right=True),
                Column("Model", shrink=True),
                Column("Verdict", shrink=True),
                Column("On", shrink=True, drop=True),
                Column("By", drop=True),
                Column("When", drop=True),
            ],
            [_cells(each, names.get(each.content_id, "")) for each in verdicts],
        )
    elif not total:
        click.echo("No verdicts. Probe a model: loradex probe REF", err=True)
    if offset + len(verdicts) < total or offset:
        click.echo(f"{len(verdicts):,} of {count_text(total, 'verdict')}.", err=True)


def _cells(verdict: Verdict, name: str) -> tuple[str, ...]:
    from loradex.cli.verdict_text import said_by, said_line  # noqa: PLC0415

    return (
        str(verdict.content_id),
        name,
        said_line(verdict),
        verdict.checkpoint or "any",
        said_by(verdict),
        date_text(verdict.created_at),
    )


@verdict_command.command(
    "show", help=f"Show all that is said of one model, with the numbers.\n\nREF is {REF_HELP}."
)
@click.argument("reference", metavar="REF")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def show(context: Context, reference: str, as_json: bool) -> None:
    """Show all that is said of one model, with the numbers."""
    from loradex.cli.verdict_json import measured_json  # noqa: PLC0415
    from loradex.cli.verdict_text import number_lines, verdict_lines  # noqa: PLC0415
    from loradex.domain.verdict_words import headline  # noqa: PLC0415
    from loradex.operations.verdicts import grid_pages  # noqa: PLC0415

    with context.catalog() as catalog:
        (row,) = catalog.rows([catalog.resolve(reference)])
        verdicts = catalog.verdicts.of(row.id)
        pages = grid_pages(catalog, verdicts)
    if as_json:
        print_json(
            {
                "id": row.id,
                "name": row.name,
                "headline": headline(verdicts) or None,
                "verdicts": [
                    {**measured_json(each), "page": pages.get(each.grid_id or 0)}
                    for each in verdicts
                ],
            }
        )
        return
    click.echo(click.style(display_text(row.name), bold=True))
    for title, text in verdict_lines(verdicts, pages):
        _line(title, text)
    for each in verdicts:
        for title, text in number_lines(each):
            _line(title, text)
    if not verdicts:
        click.echo(f"  nothing was found out yet: loradex probe {row.id}", err=True)


def _line(title: str, text: str) -> None:
    click.echo(f"  {click.style(f'{display_text(title):<14}', dim=True)} {display_text(text)}")


@verdict_command.command(
    "set",
    help=f"""Say yourself what a model does, or all that a query finds.

\b
  loradex verdict set neon_knight always-on
  loradex verdict set neon_knight needs-trigger --word neonkn
  loradex verdict set neon_knight --usable 0.4..0.9 --best 0.7
  loradex verdict set -q 'tag:broken' no-effect --note "files of the bad run"

KIND is one or more of no-effect, always-on, needs-trigger, dead-trigger, redundant-trigger, burns,
collapses, does-not-fit, undecided. It replaces what you said before and stands for all that probes
found. REF is {REF_HELP}.""",
)
@click.argument("words", nargs=-1, metavar="[REF] [KIND]...")
@click.option("--word", multiple=True, metavar="W", help="The trigger word it is about.")
@click.option("--usable", metavar="A..B", help="It is usable from A to B.")
@click.option("--best", type=float, metavar="S", help="It is best at this strength.")
@click.option("--note", metavar="TEXT", help="Why, in your words.")
@query_option
@dry_run_option
@pass_context
def set_(
    context: Context,
    words: tuple[str, ...],
    word: tuple[str, ...],
    usable: str | None,
    best: float | None,
    note: str | None,
    query: str | None,
    dry_run: bool,
) -> None:
    """Say yourself what a model does."""
    from loradex.domain.verdict_words import findings_line  # noqa: PLC0415
    from loradex.operations.verdicts import findings_of, overrule, read_kind  # noqa: PLC0415

    references, kinds = _split(words, query)
    findings = findings_of([read_kind(kind) for kind in kinds], word, _range(usable), best)
    with context.catalog() as catalog:
        ids = selected(catalog, references, query)
        if not dry_run:
            overrule(catalog, ids, findings, note=note)
        say_changed(catalog, ids, f"judged {display_text(findings_line(findings))}", dry_run)


@verdict_command.command(
    "dismiss",
    help=f"""Say that something probes found is not so; what else they found stays.

\b
  loradex verdict dismiss neon_knight burns

REF is {REF_HELP}.""",
)
@click.argument("words", nargs=-1, metavar="[REF] KIND...")
@query_option
@dry_run_option
@pass_context
def dismiss_(context: Context, words: tuple[str, ...], query: str | None, dry_run: bool) -> None:
    """Say that something probes found is not so."""
    from loradex.domain.verdict_words import kind_words  # noqa: PLC0415
    from loradex.operations.verdicts import dismiss, read_kind  # noqa: PLC0415

    references, names = _split(words, query)
    kinds = [read_kind(name) for name in names]
    if not kinds:
        raise UsageError("What is not so?", hint="For example: loradex verdict dismiss REF burns")
    with context.catalog() as catalog:
        ids = selected(catalog, references, query)
        if not dry_run:
            dismiss(catalog, ids, kinds)
        said = ", ".join(kind_words(kind) for kind in kinds)
        say_changed(catalog, ids, f"dismissed {said}", dry_run)


@verdict_command.command(
    "clear",
    help=f"""Remove what is said of models: by you, by probes, or both.

Pictures and grids stay. REF is {REF_HELP}.""",
)
@click.argument("references", nargs=-1, metavar="[REF]...")
@click.option("--person", is_flag=True, help="Only what you said.")
@click.option("--probe", is_flag=True, help="Only what probes found.")
@query_option
@dry_run_option
@pass_context
def clear_(
    context: Context,
    references: tuple[str, ...],
    person: bool,
    probe: bool,
    query: str | None,
    dry_run: bool,
) -> None:
    """Remove what is said of models."""
    from loradex.domain.verdicts import VerdictSource  # noqa: PLC0415
    from loradex.operations.verdicts import clear  # noqa: PLC0415

    if not references and query is None:
        raise UsageError("Which models?", hint="Name them, or give a query with -q.")
    source = None
    if person != probe:
        source = VerdictSource.PERSON if person else VerdictSource.PROBE
    with context.catalog() as catalog:
        ids = selected(catalog, references, query)
        if dry_run:
            known = catalog.verdicts.of_many(ids)
            gone = sum(
                source is None or each.source is source for some in known.values() for each in some
            )
        else:
            gone = clear(catalog, ids, source)
    click.echo(f"{'Would remove' if dry_run else 'Removed'} {count_text(gone, 'verdict')}.")


def _split(words: tuple[str, ...], query: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the reference, unless a query names the models, and the kinds."""
    if query is not None:
        return (), words
    if not words:
        raise UsageError("Which model?", hint="Name it, or give a query with -q.")
    return words[:1], words[1:]


def _range(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    low, dots, high = text.partition("..")
    try:
        if dots:
            return float(low), float(high)
    except ValueError:
        pass
    raise UsageError(f"{text!r} is no range of strengths.", hint="As in 0.4..0.9")
