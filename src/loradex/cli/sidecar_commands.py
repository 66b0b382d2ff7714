"""`loradex sidecar`: what other tools keep beside models, read and written."""

from __future__ import annotations

import click

from loradex.cli.lazy import LazyCommands

SIDECAR_COMMANDS: dict[str, tuple[str, str]] = {
    "import": ("sidecar_import", "Read what other tools' files beside models say."),
    "export": ("sidecar_export", "Write such files, so that those tools show what loradex knows."),
    "undo": ("sidecar_undo", "Take an export back: every file as it was before."),
    "tools": ("sidecar_tools", "List the dialects that are read and written."),
}
"""Command name to its module and its line in the help."""


class SidecarCommands(LazyCommands):
    """The commands about other tools' files."""

    table = SIDECAR_COMMANDS


@click.group("sidecar", cls=SidecarCommands)
def sidecar_command() -> None:
    """Read and write what other tools keep beside models: CivitAI Helper, A1111, LoRA Manager …"""
