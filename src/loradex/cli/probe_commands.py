"""`loradex probe`: draw, measure and judge what LoRAs do, and what a checkpoint is like."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.plugin_problems import report_problems
from loradex.cli.probe_options import probe_options, request_from
from loradex.cli.progress import progress_option, shown_progress
from loradex.cli.select import REF_HELP, selected
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.operations.probing.many import Outcome
    from loradex.operations.probing.request import ProbeRequest
    from loradex.operations.probing.tasks import ProbeTasks

PARTLY = 3


@click.command(
    "probe",
    help=f"""Find out what LORAS do: does a trigger word work, from where to where is it usable,
does it do anything at all? Draws a few pictures with and without each, measures them, and keeps
a verdict with its numbers and pictures in the catalog.

\b
  loradex probe neon_knight
  loradex probe neon_knight --word neonkn --thorough
  loradex probe -q "kind:lora base:sdxl" -c dreamer_xl --budget 2h
  loradex probe neon_knight -c all                # on which of my checkpoints does it respond?
  loradex probe dreamer_xl                        # a style sheet of a checkpoint
  loradex probe -q "kind:lora -verdict:" --dry-run

What was never probed comes first, and what was probed on the same checkpoint is left alone. No
picture is drawn twice: pictures of the checkpoint alone serve all of its LoRAs, and after Ctrl-C
or at the end of --budget the next call goes on. Afterwards `loradex verdict show LORA` has it
all, and `loradex list verdict:dead-trigger` finds it.

LORA is {REF_HELP}. What the numbers and verdicts mean: docs/probing.md.""",
)
@click.argument("references_", nargs=-1, metavar="[LORA...]")
@probe_options
@click.option("-n", "--dry-run", is_flag=True, help="Check everything and count; draw nothing.")
@click.option(
    "--offline", is_flag=True, help="Download nothing, not even a tokenizer that is missing."
)
@click.option("--json", "as_json", is_flag=True, help="Print an object a line as JSON.")
@progress_option
@pass_context
def probe_command(
    context: Context,
    /,
    references_: tuple[str, ...],
    query: str | None,
    checkpoints: tuple[str, ...],
    budget: float | None,
    again: bool,
    dry_run: bool,
    offline: bool,
    as_json: bool,
    progress: str,
    **options: object,
) -> None:
    """Find out what LORAS do."""
    from loradex.cli.probe_report import ProbeReport  # noqa: PLC0415
    from loradex.operations.probing.budget import Budget  # noqa: PLC0415
    from loradex.operations.probing.many import (  # noqa: PLC0415
        Failed,
        probe_costs,
        probe_room,
        run_probes,
    )
    from loradex.operations.probing.tasks import plan_tasks  # noqa: PLC0415

    if not references_ and query is None:
        raise UsageError(
            "Nothing says what to probe.", hint="Name a LoRA, or find some with --query."
        )
    limit, request = Budget(budget), request_from(options)
    with context.catalog() as catalog, stoppable() as cancel:
        ids = selected(catalog, references_, None)
        if query is not None:
            ids += selected(catalog, (), query)
        tasks = plan_tasks(catalog, ids, checkpoints, request, named=query is None, again=again)
        _check_references(request, tasks)
        plugins = context.plugins()
        with ExitStack() as open_until_the_end:
            sink = open_until_the_end.enter_context(shown_progress(progress, cancel))
            report = ProbeReport(sink, as_json=as_json, quiet=progress == "json")
            report.begin(tasks)
            outcomes: Iterator[Outcome]
            if dry_run:
                outcomes = probe_costs(
                    catalog, tasks.todo, request, offline=offline, sink=sink, cancel=cancel
                )
            else:
                room = open_until_the_end.enter_context(
                    probe_room(catalog, request, plugins, sink=sink, cancel=cancel)
                )
                outcomes = run_probes(room, tasks.todo, request, limit, offline=offline)
            for outcome in outcomes:
                if isinstance(outcome, Failed) and len(ids) == 1 and len(tasks.todo) == 1:
                    raise outcome.error
                report.tell(outcome)
            report.end()
    report_problems(plugins)
    if report.failed:
        click.get_current_context().exit(PARTLY)


def _check_references(request: ProbeRequest, tasks: ProbeTasks) -> None:
    """Raise `UsageError` for pictures of what several LoRAs should know."""
    loras = {task.subject.id for task in tasks.todo if not task.of_checkpoint}
    if request.references and len(loras) != 1:
        raise UsageError(
            f"Reference pictures are of what one LoRA should know, and {len(loras)} are probed.",
            hint="Probe that one alone: loradex probe REF --reference FOLDER",
        )
