"""A command that takes models, with further commands beside it: `tag REF TAG`, `tag merge A B`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click

from loradex.errors import BadReference

USUAL = "models"
"""What the usual command is called inside; nobody types it."""

_FIRST = "loradex.first_word"


class CommandsBeside(click.Group):
    """A group whose first argument is either one of its commands or belongs to the usual one.

    `table` maps a command's name to its module below `loradex.cli`, which has it as
    `<name>_command`, and its line in the help.
    """

    table: Mapping[str, tuple[str, str]] = {}

    def usual(self) -> click.Command:
        """Return the command that is meant when none is named."""
        raise NotImplementedError

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what is no command for the beginning of the usual one."""
        if ctx.resilient_parsing and not args:  # a shell asks what may follow: the commands
            return super().parse_args(ctx, args)
        if not args or (args[0] not in self.table and args[0] not in ctx.help_option_names):
            ctx.meta[_FIRST] = args[0] if args else ""
            args = [USUAL, *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a word that names no model may be a command that was mistyped."""
        try:
            return super().invoke(ctx)
        except BadReference as error:
            from difflib import get_close_matches  # noqa: PLC0415

            near = get_close_matches(ctx.meta.get(_FIRST, ""), self.table, n=1, cutoff=0.7)
            if near:
                error.hint = f"Did you mean `{ctx.command_path} {near[0]}`?"
            raise

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the commands beside the usual one."""
        return list(self.table)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Return a command by name, None when there is none."""
        if name == USUAL:
            return self.usual()
        if name not in self.table:
            return None
        module = importlib.import_module(f"loradex.cli.{self.table[name][0]}")
        command: click.Command = getattr(module, f"{name}_command")
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of the usual command, then the other commands."""
        click.Command.format_options(self.usual(), ctx, formatter)
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])
