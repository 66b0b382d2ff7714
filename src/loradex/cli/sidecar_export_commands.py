"""`loradex sidecar export`: files for other tools, beside the models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.cli.select import REF_HELP, dry_run_option, selected
from loradex.cli.sidecar_text import draft_json, export_json, export_sentence, print_draft
from loradex.cli.words import count_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loradex.operations.sidecars.drafting import Draft
    from loradex.plugin_manager import FencedDialect

PARTLY = 3
_SHOWN = 20


@click.command(
    "export",
    help=f"""Write files beside models, so that other tools show what loradex knows of them.

\b
  loradex sidecar export --for lora-manager -q "kind:lora" --dry-run
  loradex sidecar export --for a1111 --for stability-matrix neon rain --previews
  loradex sidecar export --for swarm -q ""      # every model there is

TOOL is lora-manager, a1111, forge, swarm, stability-matrix, civitai-helper … (`loradex sidecar
tools` lists all). A file that is there is kept but for what loradex knows better: keys that
loradex does not know stay, and so does what a person changed in that tool; such conflicts are
shown, and --replace decides them for loradex. Model files are never written.

`loradex sidecar undo` takes an export back. Exit code 3 means that some files were left alone.

REF is {REF_HELP}.""",
)
@click.argument("references", nargs=-1, metavar="[REF...]")
@click.option("-q", "--query", metavar="QUERY", help="Everything this query finds.")
@click.option("--for", "tools", multiple=True, required=True, metavar="TOOL", help="The tool.")
@click.option("--previews", is_flag=True, help="Also put NAME.preview.png where no picture lies.")
@click.option("--replace", is_flag=True, help="Let loradex win where both have changed a key.")
@click.option(
    "--with-verdicts", is_flag=True, help="Add what probes found to the notes, a line each."
)
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@progress_option
@pass_context
def export_command(
    context: Context,
    references: tuple[str, ...],
    query: str | None,
    tools: tuple[str, ...],
    previews: bool,
    replace: bool,
    with_verdicts: bool,
    dry_run: bool,
    as_json: bool,
    progress: str,
) -> None:
    """Write files beside models, so that other tools show what loradex knows of them."""
    from loradex.operations.sidecars.exporting import export_sidecars  # noqa: PLC0415

    if not references and query is None:
        raise UsageError(
            "Nothing says which models to write files for.",
            hint='Name some, or find some with --query; --query "" is all of them.',
        )
    every = context.plugins().sidecar_dialects()
    dialects = _writers(every, tools)
    settings = context.settings()
    with context.catalog() as catalog, stoppable() as cancel:
        ids = selected(catalog, references, query)
        with shown_progress(progress, cancel) as sink:
            report, drafts = export_sidecars(
                catalog,
                dialects,
                every,
                ids,
                settings=settings if previews else None,
                replace=replace,
                with_verdicts=with_verdicts,
                dry_run=dry_run,
                sink=sink,
                cancel=cancel,
            )
            sentence = export_sentence(report, dry_run=dry_run)
            if isinstance(sink, JsonSink):
                sink.tell("done", message=sentence)
        if as_json:
            print_json({**export_json(report), "files": [draft_json(each) for each in drafts]})
        elif progress != "json":
            _tell(drafts, sentence)
    if report.refused:
        click.get_current_context().exit(PARTLY)


def _writers(every: Sequence[FencedDialect], tools: Sequence[str]) -> tuple[FencedDialect, ...]:
    """Return the dialects of tools; raise `UsageError` for one that cannot be written."""
    known = {tool: dialect for dialect in every for tool in dialect.tools}
    for tool in tools:
        if tool not in known:
            read = any(dialect.name == tool for dialect in every)
            what = f"{tool} is only read." if read else f"There is no tool {tool!r}."
            raise UsageError(what, hint=f"Written are: {', '.join(sorted(known))}.")
    return tuple(dict.fromkeys(known[tool] for tool in tools))


def _tell(drafts: Sequence[Draft], sentence: str) -> None:
    for draft in drafts[:_SHOWN]:
        print_draft(draft)
    if len(drafts) > _SHOWN:
        click.echo(f"… and {count_text(len(drafts) - _SHOWN, 'file')} more.")
    click.echo(sentence)
