"""Say on stderr what went wrong inside plugins; the work itself was not affected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.cli.context import Context
    from loradex.plugin_api import Event
    from loradex.plugin_manager import Plugins


def report_problems(plugins: Plugins) -> None:
    """Print each plugin's problems, one line each."""
    for problem in plugins.problems:
        times = f" ({problem.times} times)" if problem.times > 1 else ""
        text = f"Plugin {problem.plugin}, {problem.task}: {problem.message}{times}"
        click.echo(display_text(text), err=True)


def notify(context: Context, event: Event) -> None:
    """Tell all plugins of an event, and print what failed in any of them."""
    plugins = context.plugins()
    plugins.notify(event)
    report_problems(plugins)
