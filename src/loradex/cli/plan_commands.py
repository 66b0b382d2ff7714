"""`loradex plan`: draw up what shall become of files, look at it, edit it, do it."""

from __future__ import annotations

import click

from loradex.cli.lazy import LazyCommands

PLAN_COMMANDS: dict[str, tuple[str, str]] = {
    "organise": ("plan_organise", "Sort files into folders and names by a template."),
    "rename": ("plan_organise", "Give files other names by a template; they stay in their folder."),
    "consolidate": ("plan_organise", "Bring the files of several libraries into one."),
    "dedupe": ("plan_dedupe", "Let copies go, or leave links in their place."),
    "trash": ("plan_trash", "Find what may go when room is short: what hubs still have."),
    "list": ("plan_list", "List the plans there are, newest first."),
    "show": ("plan_list", "Show a plan: what goes where, and what stays."),
    "edit": ("plan_edit", "Change a plan in your editor, or leave models out of it."),
    "delete": ("plan_list", "Delete plans that were not begun."),
    "apply": ("apply", "The same as `loradex apply`."),
}
"""Command name to its module and its line in the help."""


class PlanCommands(LazyCommands):
    """The commands about plans."""

    table = PLAN_COMMANDS


@click.group("plan", cls=PlanCommands)
def plan_command() -> None:
    """Draw up changes to files, look at them, edit them, and do them.

    Drawing a plan up changes no file. `loradex apply` does it, may be stopped anywhere and goes on
    when it is called again; `loradex undo` takes it back, today or next month.
    """
