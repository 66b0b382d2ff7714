"""`loradex inbox accept`, `dismiss` and `undo`: a person's decisions."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.select import dry_run_option, query_option, selected
from loradex.domain.tags import fold_tag
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.domain.progress import ProgressSink
    from loradex.operations.inbox.deciding import Decision

_all_option = click.option("--all", "everything", is_flag=True, help="All models.")
_numbers_option = click.option(
    "--numbers", is_flag=True, help="Models by their numbers, from standard input."
)
_only_option = click.option("--only", multiple=True, metavar="TAG", help="Only this tag.")
_MOST_NUMBERS = 32 << 20
"""Characters of numbers on standard input."""


@click.command("accept")
@click.argument("references", nargs=-1, metavar="[REF]...")
@query_option
@_all_option
@_numbers_option
@click.option("--at-least", type=click.FloatRange(0, 100), default=0.0, metavar="PERCENT",
              help="Only what is at least so sure.")  # fmt: skip
@_only_option
@click.option("--answer", multiple=True, metavar="SUBJECT=VALUE",
              help="Answer what is asked: kind=lora, base=sdxl, match=VERSION.")  # fmt: skip
@click.option("--matches", is_flag=True,
              help="With a query or --all: proposed answers as well.")  # fmt: skip
@dry_run_option
@progress_option
@pass_context
def accept_command(
    context: Context,
    references: tuple[str, ...],
    query: str | None,
    everything: bool,
    numbers: bool,
    at_least: float,
    only: tuple[str, ...],
    answer: tuple[str, ...],
    matches: bool,
    dry_run: bool,
    progress: str,
) -> None:
    """Take what is proposed: tags, and of models that are named the proposed answers as well.

    Tags that you take are yours: no rule takes them off again.
    """
    from loradex.operations.inbox.deciding import Decision, answered, take_all  # noqa: PLC0415
    from loradex.operations.inbox.looking import Looker  # noqa: PLC0415

    given = dict(map(_pair, answer))
    names = frozenset(map(fold_tag, only)) or None
    with context.catalog() as catalog, stoppable() as cancel:
        chosen = _chosen(catalog, references, query, everything=everything, numbers=numbers)
        looker = Looker(catalog, context.plugins())
        with shown_progress(progress, cancel) as sink:
            if not (references or given or matches or names or dry_run):
                receipt = take_all(
                    catalog, looker, chosen, at_least / 100, sink=sink, cancel=cancel
                )
                _tell(sink, f"Added {receipt.what}.")
                return
            decision = Decision()
            for items in looker.portions(chosen, sink=sink, cancel=cancel):
                for item in items:
                    decision.answers += (answered(item, *pair) for pair in given.items())
                    if names is not None or not given:
                        proposed = bool(references or matches) and names is None
                        decision.take(item, at_least=at_least / 100, only=names, answers=proposed)
            _finish(catalog, decision, sink, dry_run=dry_run)


@click.command("dismiss")
@click.argument("references", nargs=-1, metavar="[REF]...")
@query_option
@_all_option
@_numbers_option
@click.option("--group", type=click.Choice(["match", "tags", "new"]),
              help="Only of matches in doubt, of tags, or of what is new.")  # fmt: skip
@_only_option
@dry_run_option
@progress_option
@pass_context
def dismiss_command(
    context: Context,
    references: tuple[str, ...],
    query: str | None,
    everything: bool,
    numbers: bool,
    group: str | None,
    only: tuple[str, ...],
    dry_run: bool,
    progress: str,
) -> None:
    """Refuse what is proposed: it is not proposed again, and a new model is no longer new.

    A match that is dismissed is taken away; what sources say of a model stays as it is.
    """
    from loradex.operations.inbox.deciding import Decision  # noqa: PLC0415
    from loradex.operations.inbox.looking import Looker  # noqa: PLC0415

    names = frozenset(map(fold_tag, only)) or None
    decision = Decision()
    with context.catalog() as catalog, stoppable() as cancel:
        chosen = _chosen(catalog, references, query, everything=everything, numbers=numbers)
        looker = Looker(catalog, context.plugins())
        with shown_progress(progress, cancel) as sink:
            for items in looker.portions(chosen, sink=sink, cancel=cancel):
                for item in items:
                    if group is None or (item.group is not None and item.group.value == group):
                        decision.dismiss(item, only=names)
            _finish(catalog, decision, sink, dry_run=dry_run)


@click.command("undo")
@dry_run_option
@pass_context
def undo_command(context: Context, dry_run: bool) -> None:
    """Take the latest decision back: all is as it was before it. 20 of them are remembered."""
    from loradex.operations.inbox.receipts import latest, take_back  # noqa: PLC0415

    with context.catalog() as catalog:
        receipt = latest(context.home)
        if receipt is None:
            raise UsageError(
                "Nothing was decided that could be taken back.", hint="See `loradex inbox`."
            )
        if not dry_run:
            take_back(catalog, receipt)
    click.echo(f"{'Would take' if dry_run else 'Took'} back {receipt.what}.", err=True)


def _finish(catalog: Catalog, decision: Decision, sink: ProgressSink, *, dry_run: bool) -> None:
    from loradex.cli.inbox_text import print_decision  # noqa: PLC0415
    from loradex.operations.inbox.deciding import decide  # noqa: PLC0415

    if decision.empty:
        _tell(sink, "Nothing of that is proposed.")
        return
    if not isinstance(sink, JsonSink):
        print_decision(decision)
    if not dry_run:
        decide(catalog, decision)
    _tell(sink, f"{'Would decide' if dry_run else 'Decided'}: {decision.what}.")


def _tell(sink: ProgressSink, told: str) -> None:
    if isinstance(sink, JsonSink):
        sink.tell("done", message=told)
    else:
        click.echo(told, err=True)


def _chosen(
    catalog: Catalog,
    references: tuple[str, ...],
    query: str | None,
    *,
    everything: bool,
    numbers: bool = False,
) -> list[int]:
    """Return the models that are meant; raise `UsageError` for none, or for two ways at once."""
    ways = sum((bool(references), query is not None, everything, numbers))
    if ways != 1:
        raise UsageError(
            "Which models?" if not ways else "Models are chosen in one way only.",
            hint="Name them, give a query with -q, or say --all.",
        )
    if everything:
        return catalog.inbox.here()
    if numbers:
        return list(_numbers(sys.stdin.read(_MOST_NUMBERS).split()))
    return selected(catalog, references, query)


def _numbers(words: Iterable[str]) -> Iterable[int]:
    for word in words:
        if not word.isdecimal():
            raise UsageError(f"{word[:20]!r} is no number of a model.")
        yield int(word)


def _pair(text: str) -> tuple[str, str]:
    subject, equals, value = text.partition("=")
    if not equals or not value:
        raise UsageError(f"{text!r} answers nothing.", hint="For example: --answer base=sdxl")
    return subject.strip().lower(), value.strip()
