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


def chosen_names(dialects: Iterable[FencedDialect], names: Iterable[str]) -> tuple[str, ...]:
    """Return the dialects that these names or tools mean; none at all for no names."""
    known, found = tuple(dialects), list[str]()
    for name in names:
        meant = [each.name for each in known if name == each.name or name in each.tools]
        if not meant:
            raise UsageError(
                f"There is no dialect {name!r}.", hint="`loradex sidecar tools` lists them."
            )
        found += meant
    return tuple(dict.fromkeys(found))
