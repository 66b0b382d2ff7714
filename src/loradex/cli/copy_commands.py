"""`loradex copy`: a model as it goes into a prompt or a workflow."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.cli.select import REF_HELP, query_option, selected
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.operations.copying import Copied

LONGEST_COPY = 64 * 1024
"""Bytes that terminals take into their clipboard; some take less."""


@click.command(
    "copy",
    help=f"""Print a model as it goes into a prompt.

\b
  loradex copy neon_knight                  its trigger words: neonkn, glow
  loradex copy neon_knight -f a1111         <lora:neon_knight:0.8> neonkn, glow
  loradex copy neon_knight -f comfyui       the inputs of ComfyUI's LoraLoader, as JSON
  loradex copy neon_knight -g winter -s 0.6 another outfit, another strength
  loradex copy neon_knight -f a1111 --clipboard

Words and groups are those of `loradex words`. The strength is the one you prefer
(`loradex edit REF strength=0.8`), else 1. REF is {REF_HELP}.""",
)
@click.argument("references", nargs=-1, metavar="[REF]...")
@click.option(
    "-f",
    "--form",
    type=click.Choice(["words", "a1111", "comfyui"]),
    default="words",
    help="Words alone, A1111's and Forge's tag with them, or ComfyUI's inputs.",
)
@click.option("-g", "--group", "groups", multiple=True, metavar="GROUP", help="With this group.")
@click.option("--all", "every", is_flag=True, help="With all groups.")
@click.option("-s", "--strength", type=click.FloatRange(-10, 10), help="At this strength.")
@click.option("--clipboard", is_flag=True, help="Into the terminal's clipboard, too.")
@query_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON: text, words, strengths.")
@pass_context
def copy_command(
    context: Context,
    references: tuple[str, ...],
    form: str,
    groups: tuple[str, ...],
    every: bool,
    strength: float | None,
    clipboard: bool,
    query: str | None,
    as_json: bool,
) -> None:
    """Print models as they go into a prompt."""
    from loradex.operations.copying import CopyForm, copied  # noqa: PLC0415

    if not references and query is None:
        raise UsageError("Which model?", hint="Name it, or give a query with -q.")
    with context.catalog() as catalog:
        made = [
            (
                id_,
                copied(catalog, id_, CopyForm(form), groups=groups, every=every, strength=strength),
            )
            for id_ in selected(catalog, references, query)
        ]
    if as_json:
        print_json_list(_json(id_, each) for id_, each in made)
        return
    for _, each in made:
        click.echo(display_text(each.text) if each.text else "", nl=bool(each.text))
        if not each.text:
            click.echo("No trigger words.", err=True)
        for note in each.notes:
            click.echo(f"Note: {display_text(note)}", err=True)
    if clipboard:
        _to_clipboard("\n".join(display_text(each.text) for _, each in made if each.text))


def _json(id_: int, each: Copied) -> dict[str, object]:
    return {
        "id": id_,
        "text": each.text,
        "words": list(each.words),
        "strength": each.strength,
        "strength_clip": each.strength_clip,
        "notes": list(each.notes),
    }


def _to_clipboard(text: str) -> None:
    """Hand a text to the terminal's clipboard (OSC 52); raise `UsageError` where that cannot be.

    What is copied has no control characters, so that pasting it into a shell runs nothing.
    """
    data = text.encode("utf-8")
    if len(data) > LONGEST_COPY:
        raise UsageError("This is too long for a terminal's clipboard.")
    try:
        with open("/dev/tty", "wb") as terminal:  # noqa: PTH123 - no path of ours
            terminal.write(b"\x1b]52;c;" + base64.b64encode(data) + b"\x07")
    except OSError as error:
        raise UsageError(
            "There is no terminal whose clipboard could take it.",
            hint="Without --clipboard it is printed only.",
        ) from error
