"""`loradex compare`: a few models side by side."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from loradex.cli.columns import cell_width, pieces, print_table, terminal_width
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json
from loradex.cli.output import is_terminal
from loradex.cli.select import REF_HELP
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.operations.model_comparison import ComparedFact, Comparison

_TITLE = 16
_LEAST = 14
_MOST_TEXT = 400


@click.command("compare", help=f"Show how two to four models differ.\n\nREF is {REF_HELP}.")
@click.argument("references", metavar="REF REF…", nargs=-1, required=True)
@click.option("--all", "everything", is_flag=True, help="Print what is the same in all, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def compare_command(
    context: Context, references: tuple[str, ...], everything: bool, as_json: bool
) -> None:
    """Show how two to four models differ."""
    from loradex.operations.model_comparison import compare_models  # noqa: PLC0415

    with context.catalog() as catalog:
        found = compare_models(catalog, [catalog.resolve(each) for each in references])
    if as_json:
        print_json(_as_json(found))
        return
    rows = [
        (fact.title, *(", ".join(value) for value in fact.values))
        for fact in found.facts
        if everything or fact.differs
    ]
    if not is_terminal(sys.stdout):
        print_table([], [("", *(model.row.name for model in found.models)), *rows])
        return
    width = max((terminal_width() - _TITLE) // len(found.models) - 2, _LEAST)
    names = [display_text(model.row.name, _MOST_TEXT) for model in found.models]
    _print("", names, width, bold=True)
    differing = {fact.title for fact in found.facts if fact.differs}
    for title, *values in rows:
        words = [display_text(value, _MOST_TEXT) or "-" for value in values]
        _print(f"≠ {title}" if everything and title in differing else title, words, width)
    same = [fact for fact in found.facts if not fact.differs]
    if same and not everything:
        click.echo(f"\nThe same in all: {', '.join(fact.title for fact in same)}.")
    if found.grids:
        grids = ", ".join(f"#{id_}" for id_ in found.grids)
        click.echo(f"\nDrawn together in {'grid' if len(found.grids) == 1 else 'grids'} {grids}.")


def _print(title: str, words: list[str], width: int, *, bold: bool = False) -> None:
    """Print a row; what is too long goes on below."""
    cells = [list(pieces(text, width)) or [""] for text in words]
    for number in range(max(map(len, cells))):
        parts = [cell[number] if number < len(cell) else "" for cell in cells]
        line = "  ".join(part + " " * (width - cell_width(part)) for part in parts).rstrip()
        head = f"{title if number == 0 else '':<{_TITLE}}"
        click.echo(click.style(f"{head}{line}".rstrip(), bold=True) if bold else f"{head}{line}")


def _as_json(found: Comparison) -> dict[str, object]:
    def entry(fact: ComparedFact) -> dict[str, object]:
        return {
            "fact": fact.id,
            "differs": fact.differs,
            "values": [list(value) for value in fact.values],
        }

    return {
        "models": [{"id": model.row.id, "name": model.row.name} for model in found.models],
        "facts": [entry(fact) for fact in found.facts],
        "grids": list(found.grids),
    }
