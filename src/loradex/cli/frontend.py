"""Open a front end by its entry point, so that the command line imports none."""

from __future__ import annotations

from importlib.metadata import entry_points

from loradex.cli.context import Context
from loradex.domain.tui_options import TuiOptions
from loradex.errors import PluginError


def open_tui(context: Context, options: TuiOptions | None = None) -> int:
    """Open the terminal UI and return its exit code."""
    found = entry_points(group="loradex.frontends", name="tui")
    for entry in found:
        try:
            run = entry.load()
        except ImportError as error:
            raise PluginError(
                f"The terminal UI cannot be loaded: {error}.",
                hint="Install loradex again: `pip install --force-reinstall loradex`.",
            ) from error
        return int(run(context.home, context.settings(), options or TuiOptions()))
    raise PluginError(
        "The terminal UI is not installed.", hint="Install loradex again: `pip install loradex`."
    )
