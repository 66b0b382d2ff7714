"""Groups of commands that load a command's module only when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click

from loradex.cli.output import reader_may_leave


class LazyCommands(click.Group):
    """A group that imports a command's module when the command is called.

    `table` maps a command's name to its module (`x` for `loradex.cli.x_commands`) and its line in
    the help; the module's `<name>_command` is the command.
    """

    table: Mapping[str, tuple[str, str]] = {}
    sections: Mapping[str, tuple[str, ...]] = {}
    """Headings of the help and the commands below each; without any, all are in one list."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: object,
    ) -> click.Context:
        """Read the arguments; `--help` prints here already."""
        with reader_may_leave():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was named."""
        with reader_may_leave():
            return super().invoke(ctx)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the commands in the order of the table: the order a newcomer needs them."""
        return list(self.table)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Return a command by name, None when there is none."""
        if name not in self.table:
            return None
        module = importlib.import_module(f"loradex.cli.{self.table[name][0]}_commands")
        command: click.Command = getattr(module, f"{name.replace('-', '_')}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Propose the nearest command when there is none of that name."""
        if args and args[0] not in self.table and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415

            near = get_close_matches(args[0], self.table, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing any."""
        width = max(map(len, self.table))
        for title, names in (self.sections or {"Commands": tuple(self.table)}).items():
            with formatter.section(title):
                # One column for all sections: the shorter names of one would move its lines.
                formatter.write_dl([(f"{name:{width}}", self.table[name][1]) for name in names])
