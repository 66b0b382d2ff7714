"""`loradex inbox`: what the library proposes and a person has to decide, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from loradex.cli.commands_beside import USUAL, CommandsBeside
from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json, print_json_list
from loradex.cli.plugin_problems import report_problems
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.select import REF_HELP, selected
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.domain.progress import CancelToken, ProgressSink
    from loradex.operations.inbox.items import Item
    from loradex.operations.inbox.looking import Looker
    from loradex.operations.inbox.survey import Survey

TABLE: Mapping[str, tuple[str, str]] = {
    "accept": ("inbox_decide_commands", "Take what is proposed of models."),
    "dismiss": ("inbox_decide_commands", "Refuse what is proposed, for good."),
    "undo": ("inbox_decide_commands", "Take the latest decision back."),
}


class InboxCommands(CommandsBeside):
    """Decisions; whatever else follows `inbox` is about models to look at."""

    table = TABLE

    def usual(self) -> click.Command:
        """Return the command that lists."""
        return list_command


@click.group(
    "inbox",
    cls=InboxCommands,
    subcommand_metavar="[REF]... | COMMAND",
    help=f"""List what is proposed of models and waits for your decision.

\b
  loradex inbox                          what there is to decide, the surest first
  loradex inbox neon_knight              all that is proposed of one model, and why
  loradex inbox accept neon_knight       take it
  loradex inbox accept --all --at-least 90 -n
  loradex inbox accept neon_knight --answer base=sdxl
  loradex inbox dismiss neon_knight --only anime
  loradex inbox undo                     take the latest decision back

Proposed are tags (by the rules of `loradex tag rules` and by plugins), versions of a hub where the
match is not certain, and what a model is where sources differ or say nothing. New are models
without tags, rating or note. Nothing is written before you accept. REF is {REF_HELP}.""",
)
def inbox_command() -> None:
    """What is to be decided."""


@click.command(USUAL)
@click.argument("references", nargs=-1, metavar="[REF]...")
@click.option("-q", "--query", metavar="QUERY", help="Only what this query finds.")
@click.option("--group", type=click.Choice(["match", "tags", "new"]),
              help="Only matches in doubt, tags, or what is new.")  # fmt: skip
@click.option("--limit", type=click.IntRange(0), default=30, help="List so many; 0 lists all.")
@click.option("--counts", is_flag=True, help="Only count.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@progress_option
@pass_context
def list_command(
    context: Context,
    references: tuple[str, ...],
    query: str | None,
    group: str | None,
    limit: int,
    counts: bool,
    as_json: bool,
    progress: str,
) -> None:
    """List what is to be decided."""
    from loradex.operations.inbox.looking import Looker  # noqa: PLC0415

    if references and (query is not None or group is not None or counts):
        raise UsageError(
            "Models that are named are shown whole.", hint="Leave out -q, --group and --counts."
        )
    plugins = context.plugins()
    with context.catalog() as catalog, stoppable() as cancel:
        looker = Looker(catalog, plugins)
        if references:
            _show(looker.items(selected(catalog, references, None)), as_json)
        else:
            ids = None if query is None else catalog.ids(query)
            with shown_progress(progress, cancel) as sink:
                survey = _survey(context, looker, ids, sink, cancel)
            if isinstance(sink, JsonSink):
                return
            if counts:
                _show_counts(survey, as_json)
            else:
                _list(looker, survey, group, limit, as_json)
    if looker.problem:
        click.echo(f"No tags are proposed: {display_text(looker.problem)}", err=True)
    report_problems(plugins)


def _survey(
    context: Context,
    looker: Looker,
    ids: list[int] | None,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Survey:
    """Look through the models; what all of them have to decide is kept for counters."""
    from loradex.cli.inbox_text import counts_text  # noqa: PLC0415
    from loradex.operations.inbox.survey_file import keep_survey  # noqa: PLC0415

    survey = looker.survey(ids, sink=sink, cancel=cancel)
    if ids is None:
        keep_survey(context.home, survey)
    if isinstance(sink, JsonSink):
        sink.tell("done", message=f"Inbox: {counts_text(survey)}.")
    return survey


def _show(items: list[Item], as_json: bool) -> None:
    from loradex.cli.inbox_text import item_json, print_item  # noqa: PLC0415

    if as_json:
        print_json_list(map(item_json, items))
        return
    for item in items:
        print_item(item)


def _show_counts(survey: Survey, as_json: bool) -> None:
    from loradex.cli.inbox_text import counts_text  # noqa: PLC0415
    from loradex.operations.inbox.items import Group  # noqa: PLC0415

    if as_json:
        print_json({each.value: survey.count(each) for each in Group})
    else:
        click.echo(counts_text(survey))


def _list(looker: Looker, survey: Survey, group: str | None, limit: int, as_json: bool) -> None:
    from loradex.cli.inbox_text import item_json, print_items  # noqa: PLC0415
    from loradex.operations.inbox.items import Group  # noqa: PLC0415

    found = survey.of_group(None if group is None else Group(group))
    if as_json:
        print_json_list(item_json(item) for items in looker.portions(found) for item in items)
    else:
        shown = looker.items(found[:limit] if limit else found)
        print_items(shown, survey, more=len(found) - len(shown))
