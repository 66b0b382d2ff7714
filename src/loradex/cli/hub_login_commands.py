"""`loradex hub login`, `logout` and `whoami`: the keys of hubs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.jsontext import print_json
from loradex.cli.output import is_terminal
from loradex.domain.secret import Secret
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.operations.hub_login import SignedIn

_KEY_LIMIT = 4_096

_hub_option = click.option(
    "--hub",
    type=click.Choice(["civitai", "huggingface"]),
    default="civitai",
    help="Whose key: that of the hub in LORADEX_HUB_URL, unless you name another.",
)


@click.command("login")
@_hub_option
@click.option("--key-stdin", is_flag=True, help="Read the key from standard input.")
@pass_context
def login_command(context: Context, hub: str, key_stdin: bool) -> None:
    """Give loradex your key for the hub; it is checked first.

    Make one in your account settings on the hub. It is asked for without being shown and kept in
    the system's keyring, or in a file that only you can read where there is none. It goes to
    exactly the hub it was given for, over https, and nowhere else.
    """
    from loradex.operations.hub_login import sign_in  # noqa: PLC0415

    _own_keys_only(hub)
    settings = context.settings()
    key = _asked_key(settings.hub_url, from_stdin=key_stdin)
    with stoppable() as cancel:
        signed_in = sign_in(settings, context.home, key, cancel=cancel)
    click.echo(f"Signed in: {_whose(signed_in)}. The key lies in {display_text(signed_in.where)}.")
    if settings.hub_token is not None:
        click.echo(f"{settings.hub_token_from} is set and counts before it.", err=True)


@click.command("logout")
@_hub_option
@pass_context
def logout_command(context: Context, hub: str) -> None:
    """Forget the key that was given for the hub. The hub itself still accepts it."""
    from loradex.operations.hub_login import sign_out  # noqa: PLC0415

    _own_keys_only(hub)
    settings = context.settings()
    where = sign_out(settings, context.home)
    address = display_text(settings.hub_url)
    if where is None:
        click.echo(f"No key was kept for {address}.")
    else:
        click.echo(f"The key for {address} is gone from {display_text(where)}.")
    if settings.hub_token is not None:
        click.echo(f"{settings.hub_token_from} is still set.", err=True)


@click.command("whoami")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def whoami_command(context: Context, as_json: bool) -> None:
    """Tell whose key is in use and where it lies, or that there is none."""
    from loradex.operations.hub_login import signed_in as ask  # noqa: PLC0415

    settings = context.settings()
    with stoppable() as cancel:
        signed_in = ask(settings, context.home, cancel=cancel)
    if as_json:
        account = signed_in.account if signed_in else None
        print_json(
            {
                "hub_url": settings.hub_url,
                "name": account.name if account else None,
                "tier": account.tier if account else None,
                "key_from": signed_in.where if signed_in else None,
            }
        )
    elif signed_in is None:
        click.echo(f"No key is known for {display_text(settings.hub_url)}: loradex hub login")
    else:
        click.echo(f"{_whose(signed_in)}. The key comes from {display_text(signed_in.where)}.")


def _own_keys_only(hub: str) -> None:
    if hub == "huggingface":
        raise UsageError(
            "Hugging Face keeps its key by itself.",
            hint="Run `hf auth login`, or set HF_TOKEN; loradex uses what is there.",
        )


def _asked_key(address: str, *, from_stdin: bool) -> Secret:
    """Return the key a person types, or what standard input holds where nobody can type."""
    if not from_stdin and is_terminal(sys.stdin):
        prompt = f"Key for {display_text(address)} (not shown)"
        text = str(click.prompt(prompt, hide_input=True, default="", show_default=False, err=True))
    elif sys.stdin is None:
        text = ""
    else:
        text = sys.stdin.read(_KEY_LIMIT + 1)
    text = text.strip()
    if not text or len(text) > _KEY_LIMIT:
        what = "No key was given." if not text else "That is too long for a key."
        raise UsageError(what, hint="Make one in your account settings on the hub and paste it.")
    return Secret(text)


def _whose(signed_in: SignedIn) -> str:
    account = signed_in.account
    tier = f" ({display_text(account.tier, 40)})" if account.tier else ""
    name = display_text(account.name or "an account without a name", 80)
    return f"{name}{tier} at {display_text(signed_in.address)}"
