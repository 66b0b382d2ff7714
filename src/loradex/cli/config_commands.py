"""`loradex config`, `plugins` and `completion`."""

from __future__ import annotations

from collections.abc import Mapping

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.commands_beside import USUAL, CommandsBeside
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json, print_json_list
from loradex.cli.plugin_problems import report_problems
from loradex.domain.text import display_text
from loradex.settings import setting_names


class ConfigCommands(CommandsBeside):
    """Commands on single settings; alone, `config` shows all of them."""

    table: Mapping[str, tuple[str, str]] = {
        "set": ("config_file_commands", "Give a setting another value."),
        "unset": ("config_file_commands", "Let a setting be what it usually is."),
        "key": ("config_file_commands", "Give an action of the terminal UI other keys."),
    }

    def usual(self) -> click.Command:
        """Return the command that shows them."""
        return show_command


@click.group(
    "config",
    cls=ConfigCommands,
    subcommand_metavar="[COMMAND]",
    help="""Show the settings in force, and change them.

\b
  loradex config                        where things lie, and every setting
  loradex config set content_limit r    give one another value
  loradex config unset content_limit    let it be what it usually is
  loradex config key library.tags T     another key for an action of the terminal UI

Settings are in the file `loradex.toml` of the home folder; the environment goes before it.""",
)
def config_command() -> None:
    """Settings."""


@click.command(USUAL)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def show_command(context: Context, as_json: bool) -> None:
    """Show the settings in force and where things lie."""
    from loradex.operations.hub_login import key_place  # noqa: PLC0415
    from loradex.operations.setting_file import settings_in_force  # noqa: PLC0415

    settings, home = context.settings(), context.home
    key = "set" if key_place(settings, home) else None
    places = {
        "home": str(home.root),
        "catalog": str(home.catalog),
        "settings": str(home.settings),
        "renders": str(home.renders),
        "grids": str(home.grids),
        "plugins": str(home.plugins),
    }
    if as_json:
        values: dict[str, object] = {name: getattr(settings, name) for name in setting_names()}
        values |= {"hub_ca": settings.hub_ca or None, "keys": dict(settings.keys)}
        print_json({**places, **values, "hub_token": key})
        return
    for name, place in {**places, "hub_token": key or "–"}.items():
        click.echo(f"{name:<17} {display_text(place)}")
    click.echo()
    print_table(
        [Column("Setting"), Column("Value", shrink=True), Column("From"), Column("", drop=True)],
        [(one.name, one.value or "–", one.source, one.about) for one in settings_in_force(home)],
    )


@click.command("plugins")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def plugins_command(context: Context, as_json: bool) -> None:
    """List plugins and what is wrong with any of them."""
    from loradex.plugin_manager import find_plugins  # noqa: PLC0415

    plugins = context.plugins()
    disabled = context.settings().disabled_plugins
    rows = []
    for found in find_plugins(context.home):
        state = "failed"
        if found.name in disabled:
            state = "disabled"
        elif found.name in plugins.names:
            state = "on"
        rows.append((found.name, state, found.origin.value, found.where))
    if as_json:
        keys = ("name", "state", "origin", "where")
        print_json_list(dict(zip(keys, row, strict=True)) for row in rows)
    else:
        columns = [Column("Plugin"), Column("State"), Column("From"), Column("Where", shrink=True)]
        print_table(columns, rows)
    report_problems(plugins)
    if plugins.problems:
        click.get_current_context().exit(3)


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash: loradex completion bash > ~/.local/share/bash-completion/completions/loradex
    zsh:  loradex completion zsh > a file _loradex in a folder of your $fpath
    fish: loradex completion fish > ~/.config/fish/completions/loradex.fish
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415

    from loradex.cli.main import cli  # noqa: PLC0415

    completer = get_completion_class(shell)
    if completer is not None:
        click.echo(completer(cli, {}, "loradex", "_LORADEX_COMPLETE").source())
