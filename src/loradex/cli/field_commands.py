"""`loradex field`: fields that a person adds to models."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.cli.output import is_terminal
from loradex.cli.select import REF_HELP, dry_run_option, query_option, selected
from loradex.cli.words import count_text
from loradex.domain.finding import FieldType
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.domain.finding import CustomField

_SHOWN = 10


@click.group("field")
def field_command() -> None:
    """Add fields of your own: text, number, date, flag or choice.

    \b
      loradex field add shot number
      loradex field add stage choice idea draft done
      loradex field set neon_knight shot=4 stage=draft
      loradex list shot:3.. stage:draft sort:shot-
    """


@field_command.command("add")
@click.argument("name")
@click.argument("type_", metavar="TYPE", type=click.Choice([each.value for each in FieldType]))
@click.argument("choices", nargs=-1, metavar="[CHOICE]...")
@pass_context
def add(context: Context, name: str, type_: str, choices: tuple[str, ...]) -> None:
    """Add a field NAME of a TYPE; a choice with the CHOICEs there are."""
    from loradex.operations.custom_fields import add_field  # noqa: PLC0415

    with context.catalog() as catalog:
        kept = add_field(catalog, name, FieldType(type_), choices)
    click.echo(f"Added {kept}. Fill it: loradex field set REF {kept}=VALUE")


@field_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def list_all(context: Context, as_json: bool) -> None:
    """List your fields, with how many models have a value."""
    with context.catalog() as catalog:
        known = catalog.fields.all()
    if as_json:
        print_json_list(
            {
                "name": each.name,
                "type": each.type.value,
                "choices": list(each.choices),
                "models": each.values,
            }
            for each in known
        )
    elif known:
        print_table(
            [Column("Field"), Column("Type"), Column("Models", right=True), Column("Choices")],
            [(e.name, e.type.value, str(e.values), ", ".join(e.choices)) for e in known],
        )
    else:
        click.echo("No fields yet. Add one: loradex field add NAME TYPE", err=True)


@field_command.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@dry_run_option
@pass_context
def remove(context: Context, name: str, yes: bool, dry_run: bool) -> None:
    """Remove a field with all its values, which are shown first."""
    from loradex.operations.collections import naming_field  # noqa: PLC0415
    from loradex.operations.custom_fields import field  # noqa: PLC0415

    with context.catalog() as catalog:
        known = field(catalog, name)
        users = naming_field(catalog, known.name)
        if known.values:
            _print_values(catalog, known)
        if dry_run:
            click.echo(f"Would remove {known.name} from {count_text(known.values, 'model')}.")
            return
        if known.values and not yes:
            if not is_terminal(sys.stdin):
                raise UsageError(
                    f"{count_text(known.values, 'value')} of {known.name} would be lost.",
                    hint="Add --yes.",
                )
            click.confirm("Remove the field with these values?", abort=True, err=True)
        catalog.fields.remove(known.id)
    click.echo(f"Removed {known.name} from {count_text(known.values, 'model')}.")
    if users:
        named = ", ".join(map(display_text, users))
        click.echo(f"These saved queries asked for it: {named}.", err=True)


def _print_values(catalog: Catalog, known: CustomField) -> None:
    from loradex.operations.custom_fields import value_text  # noqa: PLC0415

    some = catalog.fields.uses(known.id, _SHOWN)
    names = {row.id: row.name for row in catalog.rows([id_ for id_, _ in some])}
    for id_, value in some:
        shown = display_text(value_text(value))
        click.echo(f"  {id_} {display_text(names.get(id_, ''))}: {shown}", err=True)
    if known.values > len(some):
        click.echo(f"  … and {known.values - len(some):,} more", err=True)


@field_command.command(
    "set",
    help=f"""Give models values; an empty one is taken off.

\b
  loradex field set neon_knight shot=4 stage=draft
  loradex field set -q 'tag:portrait' stage=done
  loradex field set neon_knight shot=

REF is {REF_HELP}.""",
)
@click.argument("words", nargs=-1, required=True, metavar="[REF]... NAME=VALUE...")
@query_option
@dry_run_option
@pass_context
def set_(context: Context, words: tuple[str, ...], query: str | None, dry_run: bool) -> None:
    """Give models values."""
    from loradex.operations.custom_fields import (  # noqa: PLC0415
        field,
        parse_value,
        set_values,
    )

    with context.catalog() as catalog:
        references, pairs = _divided(catalog, words)
        if not pairs:
            raise UsageError(
                "What value?", hint="For example: loradex field set neon_knight shot=4"
            )
        if bool(references) == (query is not None):
            raise UsageError("Which models?", hint="Name them, or give a query with -q.")
        assigned = [(field(catalog, name), text) for name, text in pairs]
        for each, text in assigned:
            if text:
                parse_value(each, text)
        ids = list(dict.fromkeys(selected(catalog, references, query)))
        if not dry_run:
            set_values(catalog, ids, assigned)
    verb = "Would set" if dry_run else "Set"
    said = ", ".join(f"{each.name}={display_text(text)}" for each, text in assigned)
    click.echo(f"{verb} {said} on {count_text(len(ids), 'model')}.")


def _divided(
    catalog: Catalog, words: tuple[str, ...]
) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    """Tell models from values: what is before the first `NAME=` is a model."""
    known = {each.name for each in catalog.fields.all()}
    for place, word in enumerate(words):
        name, equals, _ = word.partition("=")
        plain = name.replace("-", "").replace("_", "").isalnum() and " " not in name
        if equals and (name.lower() in known or (place > 0 and plain) or place == len(words) - 1):
            pairs = []
            for each in words[place:]:
                before, sign, after = each.partition("=")
                if not sign:
                    raise UsageError(
                        f"{each!r} gives no value.", hint="Models come first, then NAME=VALUE."
                    )
                pairs.append((before, after))
            return words[:place], pairs
    return words, []
