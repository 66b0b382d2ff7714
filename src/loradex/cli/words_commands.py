"""`loradex words`: a model's trigger words, and a person's order and choice of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from loradex.cli.commands_beside import USUAL, CommandsBeside
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json
from loradex.cli.select import REF_HELP
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog

TABLE: Mapping[str, tuple[str, str]] = {
    "add": ("words_changes", "Add words of your own."),
    "remove": ("words_changes", "Remove words for good."),
    "on": ("words_changes", "Switch words on again."),
    "off": ("words_changes", "Switch words off: listed, but not copied."),
    "move": ("words_changes", "Put a word at another place, or into another group."),
    "group": ("words_changes", "Name a group, write a note on it, put it first."),
    "use": ("words_changes", "Choose the groups that are copied."),
    "reset": ("words_changes", "Take back all that you said of a model's words."),
}


class WordCommands(CommandsBeside):
    """Commands that change words; a REF alone lists them."""

    table = TABLE

    def usual(self) -> click.Command:
        """Return the command that lists."""
        return models_command


@click.group(
    "words",
    cls=WordCommands,
    subcommand_metavar="REF | COMMAND",
    help=f"""List a model's trigger words in groups, with their sources.

\b
  loradex words neon_knight                     all words, and which are copied
  loradex words add neon_knight "rim light"     a word of your own, always copied
  loradex words off neon_knight glow            keep it, but do not copy it
  loradex words use neon_knight 2               copy the second outfit
  loradex words group neon_knight 2 --name winter --note "needs 0.7 or more"
  loradex words move neon_knight glow 1         glow comes first

Words that a hub, header or sidecar gives in one entry (`red dress, long hair`) are a group: an
outfit, most often. Single words are copied always, of the groups the first, or those you choose.
What you say stays, whatever a refresh brings. REF is {REF_HELP}.""",
)
def words_command() -> None:
    """Trigger words and the choice of them."""


@click.command(USUAL)
@click.argument("reference", metavar="REF")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def models_command(context: Context, reference: str, as_json: bool) -> None:
    """List a model's trigger words."""
    with context.catalog() as catalog:
        id_ = catalog.resolve(reference)
        if as_json:
            from loradex.cli.model_json import group_json  # noqa: PLC0415

            groups = [group_json(group) for group in catalog.words.groups(id_)]
            print_json({"id": id_, "name": catalog.rows([id_])[0].name, "groups": groups})
        else:
            show_words(catalog, id_)


def show_words(catalog: Catalog, id_: int) -> None:
    """Print a model's words: a line a group, off words in brackets."""
    from loradex.operations.word_choices import numbered  # noqa: PLC0415

    listed = numbered(catalog.words.groups(id_))
    if not listed:
        click.echo("No trigger words. Add one: loradex words add REF WORD", err=True)
        return
    for each in listed:
        group = each.group
        mark = "✓" if group.on else "✗" if group.refused else "·"
        words = ", ".join(
            display_text(word.text) if word.on else f"({display_text(word.text)})"
            for word in group.words
        )
        name = f"{display_text(each.label)}: " if group.name or each.number == 0 else ""
        sources = ", ".join(dict.fromkeys(word.source for word in group.words))
        click.echo(f"{mark} {each.number}  {name}{words}  {click.style(f'[{sources}]', dim=True)}")
        if group.note:
            click.echo(f"      {display_text(group.note)}")
