"""`loradex hub`: what hubs know, have and want."""

from __future__ import annotations

import click

from loradex.cli.lazy import LazyCommands

HUB_COMMANDS: dict[str, tuple[str, str]] = {
    "match": ("hub_match", "Look up every hashed model: name, trigger words, tags, base model."),
    "search": ("hub_search", "Find models on CivitAI or another hub, with what you own of them."),
    "show": ("hub_show", "Show a hub's model: versions, files, licence, description."),
    "get": ("hub_get", "Download models into a library, verified and known at once."),
    "downloads": ("hub_downloads", "List the download queue; pause, resume, retry, run it."),
    "updates": ("hub_updates", "Look for newer versions of what you own; ignore or get them."),
    "refresh": ("hub_refresh", "Ask again what the hub says of your matched models."),
    "open": ("hub_open", "Open a model's page in the browser."),
    "previews": ("hub_previews", "Fetch the hub's picture of each matched model ahead of time."),
    "login": ("hub_login", "Give loradex your key for the hub; it is checked first."),
    "logout": ("hub_login", "Forget the key that was given for the hub."),
    "whoami": ("hub_login", "Tell whose key is in use, or that there is none."),
    "serve": ("hub_serve", "Give the catalog to other machines; `serve keys` says who may ask."),
}
"""Command name to its module and its line in the help."""


class HubCommands(LazyCommands):
    """The commands that ask a hub."""

    table = HUB_COMMANDS


@click.group("hub", cls=HubCommands)
def hub_command() -> None:
    """Match, search, download and update models with CivitAI and other hubs; serve your own."""
