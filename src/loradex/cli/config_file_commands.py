"""`loradex config set`, `unset` and `key`: change the file of settings, one line at a time."""

from __future__ import annotations

import click

from loradex.cli.context import Context, pass_context
from loradex.domain.text import display_text


@click.command("set")
@click.argument("name")
@click.argument("value")
@pass_context
def set_command(context: Context, name: str, value: str) -> None:
    """Give the setting NAME the VALUE. Comments and order of the file stay."""
    from loradex.operations.setting_file import set_setting  # noqa: PLC0415

    set_setting(context.home, name, value)
    _tell(context, name)


@click.command("unset")
@click.argument("name")
@pass_context
def unset_command(context: Context, name: str) -> None:
    """Let the setting NAME be what it usually is."""
    from loradex.operations.setting_file import unset_setting  # noqa: PLC0415

    unset_setting(context.home, name)
    _tell(context, name)


@click.command("key")
@click.argument("action")
@click.argument("keys", required=False)
@pass_context
def key_command(context: Context, action: str, keys: str | None) -> None:
    """Give ACTION of the terminal UI other KEYS, as in `library.tags T,f4`; none: its own again.

    docs/keys.md names the actions.
    """
    from loradex.operations.setting_file import set_key  # noqa: PLC0415

    set_key(context.home, action, keys)
    shown = f"has the keys {keys}" if keys else "has its own keys again"
    click.echo(f"{display_text(action)} {display_text(shown)}.")


def _tell(context: Context, name: str) -> None:
    from loradex.operations.setting_file import settings_in_force  # noqa: PLC0415

    now = next(one for one in settings_in_force(context.home) if one.name == name)
    click.echo(f"{now.name} = {display_text(now.value) or '–'} ({now.source})")
