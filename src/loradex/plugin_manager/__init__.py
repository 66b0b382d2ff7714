"""Finds, loads and isolates plugins."""

from __future__ import annotations

from loradex.plugin_manager.checks import ProposedTag
from loradex.plugin_manager.discovery import FoundPlugin, Origin, find_plugins
from loradex.plugin_manager.fenced_measures import FencedMeasure
from loradex.plugin_manager.fenced_sidecars import FencedDialect
from loradex.plugin_manager.plugins import (
    PluginProblem,
    Plugins,
    load_plugins,
)

__all__ = [
    "FencedDialect",
    "FencedMeasure",
    "FoundPlugin",
    "Origin",
    "PluginProblem",
    "Plugins",
    "ProposedTag",
    "find_plugins",
    "load_plugins",
]
