"""`loradex hub serve`: the catalog for other machines, and the keys of those who may ask."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.cli.words import count_text, date_text
from loradex.domain.content_level import ContentLimit
from loradex.domain.text import display_text
from loradex.serving import DEFAULT_HOST, DEFAULT_PORT

if TYPE_CHECKING:
    from loradex.serving.server import HubServer, ServeOptions


@click.group("serve", invoke_without_command=True)
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="0: any free one.",
)
@click.option(
    "--query", default="", help="Serve only what this finds, as in 'kind:lora base:sdxl'."
)
@click.option(
    "--content-limit",
    type=click.Choice([limit.value for limit in ContentLimit]),
    help="The most mature models and pictures served; as in the settings when left out.",
)
@click.option(
    "--allow-host", multiple=True, metavar="NAME", help="A further name this machine goes by."
)
@click.option("--require-key", is_flag=True, help="Want a key on loopback, too: behind a proxy.")
@click.option("--certfile", type=click.Path(path_type=Path), help="Certificate for https, PEM.")
@click.option("--keyfile", type=click.Path(path_type=Path), help="The certificate's key, PEM.")
@click.option("-q", "--quiet", is_flag=True, help="Do not print a line for each request.")
@pass_context
def serve_command(
    context: Context,
    host: str,
    port: int,
    query: str,
    content_limit: str | None,
    allow_host: tuple[str, ...],
    require_key: bool,
    certfile: Path | None,
    keyfile: Path | None,
    quiet: bool,
) -> None:
    """Give the catalog to other machines, in the shape of CivitAI's API.

    Another loradex (LORADEX_HUB_URL), or any tool whose hub address can be set, can then match,
    search and download what is here, without internet. Nothing you wrote is served: no notes,
    ratings or tags of your own. Nobody can change anything.

    Only this machine may ask, unless --host names another address; then everybody needs a key
    (`loradex hub serve keys add NAME`). See docs/serving.md.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    from loradex.serving.server import ServeOptions, open_server  # noqa: PLC0415

    options = ServeOptions(
        host=host,
        port=port,
        query=query,
        limit=ContentLimit(content_limit) if content_limit else context.settings().content_limit,
        allowed_hosts=allow_host,
        key_required=require_key,
        certificate=certfile,
        certificate_key=keyfile,
    )
    with context.catalog() as catalog, open_server(catalog, options) as server:
        _say(server, options)
        with _log_on_stderr(logging.WARNING if quiet else logging.INFO):
            try:
                server.run()
            except KeyboardInterrupt:
                click.echo("Stopped.", err=True)


def _say(server: HubServer, options: ServeOptions) -> None:
    """Print where the server is and how it is used."""
    click.echo(f"Serving {count_text(len(server.shelf.contents), 'model')} at {server.url}")
    if server.shelf.hidden:
        click.echo(
            f"{count_text(server.shelf.hidden, 'model')} above the content limit"
            f" ({options.limit.value}) not served; --content-limit all serves them, too."
        )
    click.echo("Another loradex uses it so:")
    click.echo(f"  LORADEX_HUB_URL={server.url} loradex hub match")
    if options.wants_key:
        click.echo("  with its key in LORADEX_HUB_TOKEN")
    if options.wants_key and options.certificate is None:
        click.echo(
            "Keys and files can be read on the way: this is plain http. loradex sends its key over"
            " https only; docs/serving.md tells how to get that.",
            err=True,
        )
    click.echo("Stop it with Ctrl-C.")
    sys.stdout.flush()


@contextmanager
def _log_on_stderr(level: int) -> Iterator[None]:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger = logging.getLogger("loradex.serving")
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


@serve_command.group("keys")
def keys_group() -> None:
    """Add, list and remove the keys of those who may ask."""


@keys_group.command("add")
@click.argument("name")
@pass_context
def add_key(context: Context, name: str) -> None:
    """Make a key for NAME, a machine or a person, and show it once."""
    from loradex.serving.keys import add_key as make_key  # noqa: PLC0415

    with context.catalog() as catalog:
        key = make_key(catalog, name)
    click.echo(key.reveal())
    click.echo(
        "Keep it now: it is not shown again. It goes into LORADEX_HUB_TOKEN over there.", err=True
    )


@keys_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def list_keys(context: Context, as_json: bool) -> None:
    """List the keys by name, and when each was last used, to the hour."""
    with context.catalog() as catalog:
        keys = catalog.serving.keys()
    if as_json:
        print_json_list(
            {"name": key.name, "created_at": key.created_at, "used_at": key.used_at} for key in keys
        )
        return
    if not keys:
        click.echo("No key yet. Make one: loradex hub serve keys add NAME", err=True)
        return
    print_table(
        [Column("Name", shrink=True), Column("Made"), Column("Used")],
        [
            (k.name, date_text(k.created_at), date_text(k.used_at) if k.used_at else "never")
            for k in keys
        ],
    )


@keys_group.command("remove")
@click.argument("name")
@pass_context
def remove_key(context: Context, name: str) -> None:
    """Forget the key of NAME: from now on nobody gets in with it."""
    from loradex.serving.keys import remove_key as forget_key  # noqa: PLC0415

    with context.catalog() as catalog:
        forget_key(catalog, name)
    click.echo(f"Removed {display_text(name)}.")
