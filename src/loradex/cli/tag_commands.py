"""`loradex tag`: tags on models, tags by rules, and the vocabulary they are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.commands_beside import USUAL, CommandsBeside
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.cli.select import REF_HELP, dry_run_option, query_option, selected
from loradex.cli.tag_words import say_changed
from loradex.domain.tags import fold_tag
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog

TABLE: Mapping[str, tuple[str, str]] = {
    "rules": ("tag_rules", "Show, edit and check the rules that `--auto` goes by."),
    "alias": ("tag_vocabulary", "Let one name mean another tag: `bg` is `background`."),
    "parent": ("tag_vocabulary", "Make a tag a kind of another: `anime style` of `style`."),
    "merge": ("tag_vocabulary", "Make several tags one."),
    "rename": ("tag_vocabulary", "Give a tag another name."),
    "delete": ("tag_vocabulary", "Take a tag off everything, for good."),
}


class TagCommands(CommandsBeside):
    """Commands on the vocabulary; whatever else follows `tag` is about models."""

    table = TABLE

    def usual(self) -> click.Command:
        """Return the command on models."""
        return models_command


@click.group(
    "tag",
    cls=TagCommands,
    subcommand_metavar="[REF] [TAG]... | COMMAND",
    help=f"""Add TAGs to a model, remove them, or list all tags.

\b
  loradex tag                            every tag there is, with counts
  loradex tag neon_knight style night    add two tags to one model
  loradex tag neon_knight -r night       take one off; no source brings it back
  loradex tag neon_knight --why          its tags, where they are from and why
  loradex tag -q 'base:sdxl neon' style  tag everything a query finds
  loradex tag --auto -n                  what the rules would change, by rule
  loradex tag --auto                     change it
  loradex tag merge bg backdrop background   make three tags one

REF is {REF_HELP}. A model that is called like one of the commands is named by its number.""",
)
def tag_command() -> None:
    """Tags on models, by rules, and their vocabulary."""


@click.command(USUAL)
@click.argument("words", nargs=-1, metavar="[REF] [TAG]...")
@click.option("-r", "--remove", multiple=True, metavar="TAG", help="Take this tag off.")
@click.option("--forget", multiple=True, metavar="TAG",
              help="Take back what you said of this tag, on or off.")  # fmt: skip
@click.option("--why", is_flag=True, help="Say where each tag comes from, and why.")
@click.option("--auto", is_flag=True, help="Add and remove tags as the rules say.")
@query_option
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def models_command(
    context: Context,
    words: tuple[str, ...],
    remove: tuple[str, ...],
    forget: tuple[str, ...],
    why: bool,
    auto: bool,
    query: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Add tags, remove them, or list them."""
    with context.catalog() as catalog:
        if auto:
            from loradex.cli.tag_auto import auto_tag  # noqa: PLC0415

            ids = selected(catalog, words, query if words or query is not None else "")
            auto_tag(context, catalog, ids, dry_run=dry_run, as_json=as_json)
            return
        if not words and not remove and not forget and query is None:
            _list_tags(catalog, as_json)
            return
        references, tags = ((), words) if query is not None else (words[:1], words[1:])
        ids = selected(catalog, references, query)
        if not tags and not remove and not forget:
            _show_tags(catalog, ids, why=why, as_json=as_json)
            return
        _write(catalog, ids, tags, remove, forget, dry_run=dry_run)


def _write(
    catalog: Catalog,
    ids: list[int],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    forget: tuple[str, ...],
    *,
    dry_run: bool,
) -> None:
    from loradex.operations.annotate import check_tag, forget_tags, tag  # noqa: PLC0415

    for name in (*add, *remove, *forget):
        check_tag(name)
    said = Counter(tag for names in (add, remove, forget) for tag in {fold_tag(n) for n in names})
    if twice := next((tag for tag, times in said.items() if times > 1), None):
        raise UsageError(
            f"The tag {twice!r} is to become two things at once.",
            hint="Say one of it: add it, take it off (-r), or forget it (--forget).",
        )
    if not dry_run:
        tag(catalog, ids, add=add, remove=remove)
        forget_tags(catalog, ids, forget)
    changes = [
        *(f"+{name}" for name in add),
        *(f"-{name}" for name in remove),
        *(f"~{name}" for name in forget),
    ]
    say_changed(catalog, ids, f"tagged {display_text(' '.join(changes))}", dry_run)


def _show_tags(catalog: Catalog, ids: list[int], *, why: bool, as_json: bool) -> None:
    if as_json:
        print_json_list(
            {"id": id_, "name": catalog.rows([id_])[0].name, "tags": _tags_json(catalog, id_)}
            for id_ in ids
        )
        return
    for row in catalog.rows(ids):
        click.echo(f"{display_text(row.name)}: {display_text(', '.join(row.tags)) or '–'}")
        if why:
            for tag in catalog.details(row.id).tags:
                click.echo(f"  {display_text(tag.name)} — {display_text(tag.origin)}")


def _tags_json(catalog: Catalog, id_: int) -> list[dict[str, object]]:
    from loradex.cli.model_json import tag_json  # noqa: PLC0415

    return [tag_json(tag) for tag in catalog.details(id_).tags]


def _list_tags(catalog: Catalog, as_json: bool) -> None:
    entries = catalog.tags.entries()
    if as_json:
        print_json_list(
            {
                "name": entry.name,
                "models": entry.shown,
                "found": entry.found,
                "aliases": list(entry.aliases),
                "parents": list(entry.parents),
            }
            for entry in entries
        )
    elif entries:
        print_table(
            [
                Column("Tag"),
                Column("Models", right=True),
                Column("Found", right=True, drop=True),
                Column("A kind of", drop=True),
                Column("Also called", drop=True, shrink=True),
            ],
            [
                (
                    entry.name,
                    f"{entry.shown:,}",
                    f"{entry.found:,}",
                    ", ".join(entry.parents),
                    ", ".join(entry.aliases),
                )
                for entry in entries
            ],
        )
    else:
        click.echo("No tags yet. Add one: loradex tag REF TAG, or try loradex tag --auto -n",
                   err=True)  # fmt: skip
