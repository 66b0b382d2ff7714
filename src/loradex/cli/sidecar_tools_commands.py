"""`loradex sidecar tools`: the dialects there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.plugin_manager import FencedDialect


@click.command("tools")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_context
def tools_command(context: Context, as_json: bool) -> None:
    """List the dialects of sidecars: what each is called, and which can be written.

    Of dialects that say different things of one model, the upper one counts.
    """
    dialects = context.plugins().sidecar_dialects()
    if as_json:
        print_json_list(
            {
                "name": dialect.name,
                "tool": dialect.label,
                "suffix": dialect.suffix,
                "after_full_name": dialect.after_full_name,
                "written_for": list(dialect.tools),
            }
            for dialect in dialects
        )
        return
    print_table(
        [Column("--from"), Column("--for"), Column("File"), Column("Tool", shrink=True)],
        [
            (
                dialect.name,
                ", ".join(dialect.tools) or "(only read)",
                ("NAME.safetensors" if dialect.after_full_name else "NAME") + dialect.suffix,
                dialect.label,
            )
            for dialect in dialects
        ],
    )


def chosen_dialects(
    dialects: Iterable[FencedDialect], names: Iterable[str]
) -> tuple[FencedDialect, ...]:
    """Return the dialects of these names or tools, all when there are none."""
    known, wanted = tuple(dialects), tuple(names)
    for name in wanted:
        if not any(name == dialect.name or name in dialect.tools for dialect in known):
            raise UsageError(
                f"There is no dialect {name!r}.", hint="`loradex sidecar tools` lists them."
            )
    return tuple(
        dialect
        for dialect in known
        if not wanted or dialect.name in wanted or not set(wanted).isdisjoint(dialect.tools)
    )
