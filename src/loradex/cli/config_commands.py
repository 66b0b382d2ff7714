"""`loradex config`, `plugins` and `completion`."""

from __future__ import annotations

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json, print_json_list
from loradex.cli.plugin_problems import report_problems
from loradex.domain.text import display_text


@click.command("config")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def config_command(context: Context, as_json: bool) -> None:
    """Show the settings in force and where things lie."""
    from loradex.operations.hub_login import key_place  # noqa: PLC0415

    settings, home = context.settings(), context.home
    values: dict[str, object] = {
        "home": str(home.root),
        "catalog": str(home.catalog),
        "settings": str(home.settings),
        "renders": str(home.renders),
        "grids": str(home.grids),
        "plugins": str(home.plugins),
        "hub_url": settings.hub_url,
        "hub_token": "set" if key_place(settings, home) else None,
        "hub_ca": settings.hub_ca or None,
        "hub_timeout": settings.hub_timeout,
        "hub_retries": settings.hub_retries,
        "workers": settings.workers,
        "disabled_plugins": list(settings.disabled_plugins),
    }
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{name:<17} {display_text(str(shown if shown not in (None, '') else '–'))}")


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
