"""`loradex arrivals`: what is done with files that arrive in a watched library."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json, print_json_list
from loradex.cli.moves_text import plan_json, show_plan
from loradex.cli.plugin_problems import report_problems
from loradex.cli.select import dry_run_option
from loradex.cli.words import count_text
from loradex.domain.text import display_text
from loradex.errors import LibraryError, UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.domain.arrivals import ArrivalRule
    from loradex.domain.library import Library
    from loradex.operations.arrivals import Intent


@click.command("arrivals")
@click.argument("name", required=False, metavar="[LIBRARY]")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Put this tag on; repeatable.")
@click.option("--auto-tag/--no-auto-tag", default=None, help="Put on what plugins propose, too.")
@click.option("--place-in", metavar="LIBRARY", help="Move files to their folder in this library.")
@click.option(
    "--template",
    metavar="FOLDERS",
    help="Folders below the one for the kind, as in '{base}': {kind} {base} {derivative} {name}.",
)
@click.option("--off", is_flag=True, help="Take the rule away.")
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def arrivals_command(
    context: Context,
    name: str | None,
    tags: tuple[str, ...],
    auto_tag: bool | None,
    place_in: str | None,
    template: str | None,
    off: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Show or set what is done with files that arrive in LIBRARY while `scan --watch` runs.

    Options change the rule there is; it is for files first seen from then on. --dry-run keeps
    nothing, and shows what the rule would do to all files that are in the library now. Moves
    never replace a file, and `loradex undo` takes them back.
    """
    from loradex.operations.libraries import find_library  # noqa: PLC0415

    setting = bool(tags or auto_tag is not None or place_in is not None or template is not None)
    if off and setting:
        raise UsageError("--off takes the rule away; it goes with no other setting.")
    if not all(tag.strip() for tag in tags):
        raise UsageError("A tag is empty.", hint="--off takes the rule away, its tags with it.")
    if name is None and (setting or off or dry_run):
        raise UsageError("Whose arrivals? Name a library.", hint="See `loradex library list`.")
    with context.catalog() as catalog:
        if name is None:
            _show(catalog, catalog.files.libraries(), as_json)
            return
        library = find_library(catalog, name)
        if off:
            if not dry_run:
                catalog.arrivals.set_rule(library.id, None)
            _show(catalog, [library], as_json)
            return
        rule = _changed(catalog, library, tags, auto_tag, place_in, template)
        if dry_run:
            _show_intent(context, catalog, library, rule, as_json)
            return
        if setting:
            catalog.arrivals.set_rule(library.id, None if rule.does_nothing else rule)
        _show(catalog, [library], as_json)


def _changed(
    catalog: Catalog,
    library: Library,
    tags: tuple[str, ...],
    auto_tag: bool | None,
    place_in: str | None,
    template: str | None,
) -> ArrivalRule:
    """Return the library's rule with what was given on the command line; it is checked."""
    from loradex.domain.arrivals import ArrivalRule  # noqa: PLC0415
    from loradex.operations.arrivals import check_rule  # noqa: PLC0415
    from loradex.operations.libraries import find_library  # noqa: PLC0415

    rule = catalog.arrivals.rule(library.id) or ArrivalRule()
    if tags:
        rule = replace(rule, tags=tags)
    if auto_tag is not None:
        rule = replace(rule, auto_tag=auto_tag)
    if place_in is not None:
        rule = replace(rule, place_in=find_library(catalog, place_in).id if place_in else None)
    if template is not None:
        rule = replace(rule, template=template)
    check_rule(catalog, library, rule)
    return rule


def _show(catalog: Catalog, libraries: list[Library], as_json: bool) -> None:
    """Print the rules of these libraries; without JSON those that have none in one line."""
    rules = [(library, catalog.arrivals.rule(library.id)) for library in libraries]
    names = {library.id: library.name for library in catalog.files.libraries()}
    if as_json:
        print_json_list(
            {
                "library": library.name,
                "tags": list(rule.tags) if rule else [],
                "auto_tag": rule.auto_tag if rule else False,
                "place_in": names.get(rule.place_in or 0) if rule else None,
                "template": rule.template if rule else "",
                "on": rule is not None,
            }
            for library, rule in rules
        )
        return
    if not rules:
        raise LibraryError("There is no library.", hint="Add one: loradex library add FOLDER")
    for library, rule in rules:
        click.echo(f"{display_text(library.name)}: {_sentence(rule, names)}")


def _sentence(rule: ArrivalRule | None, names: dict[int, str]) -> str:
    if rule is None:
        return "new files are indexed, and nothing else is done with them."
    parts = []
    if rule.tags:
        parts.append("tagged " + ", ".join(display_text(tag) for tag in rule.tags))
    if rule.auto_tag:
        parts.append("tagged with what plugins propose")
    if rule.place_in is not None:
        place = f"moved to {display_text(names.get(rule.place_in, '(a library that is gone)'))}"
        parts.append(place + (f", below {display_text(rule.template)}" if rule.template else ""))
    return f"new files are {'; '.join(parts)}."


def _show_intent(
    context: Context, catalog: Catalog, library: Library, rule: ArrivalRule, as_json: bool
) -> None:
    """Print what a rule would do to the files that are there now."""
    from loradex.operations.arrivals import consider  # noqa: PLC0415

    plugins = context.plugins()
    intent = consider(catalog, library, rule, catalog.arrivals.present(library.id), lambda: plugins)
    report_problems(plugins)
    if as_json:
        print_json({**plan_json(intent.plan), "tags": _tags_json(intent)})
        return
    for tag in rule.tags:
        models = count_text(len(intent.rows), "model")
        click.echo(f"Would tag {models} with {display_text(tag)}.")
    for proposal in intent.proposals:
        click.echo(
            f"Would tag {display_text(proposal.name)} with {display_text(proposal.tag)}:"
            f" {display_text(proposal.reason)}"
        )
    if rule.place_in is not None:
        show_plan(intent.plan)


def _tags_json(intent: Intent) -> list[dict[str, object]]:
    own = [
        {"model": row.id, "name": row.name, "tag": tag, "source": "rule"}
        for row in intent.rows
        for tag in intent.rule.tags
    ]
    return own + [
        {"model": each.content_id, "name": each.name, "tag": each.tag, "source": each.rule}
        for each in intent.proposals
    ]
