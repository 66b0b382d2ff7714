"""Turn a found plugin into one whose hooks can be called, or say why not."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pluggy

from loradex.domain.text import display_text
from loradex.errors import PluginError
from loradex.plugin_api import API_VERSION, hooks
from loradex.plugin_manager.discovery import FoundPlugin
from loradex.plugin_manager.fence import Fence

LOAD_LIMIT = 60.0
"""Seconds. Long, because a plugin may import something heavy from a cold disk."""


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin and its hooks. Each has a hook table of its own, so none can wrap another's."""

    name: str
    hooks: pluggy.HookRelay
    fence: Fence

    def implements(self, hook: str) -> bool:
        """True when the plugin has the hook of this name."""
        caller: pluggy.HookCaller = getattr(self.hooks, hook)
        return bool(caller.get_hookimpls())


def load_plugin(found: FoundPlugin, limit: float = LOAD_LIMIT) -> LoadedPlugin:
    """Import `found` and check it; raise `PluginError` saying what is wrong with it."""
    fence = Fence(found.name)
    plugin, version = fence.call(lambda: _import(found), limit)
    _check_version(version)
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    try:
        manager.register(plugin, found.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        message = " ".join(display_text(str(error).replace("\n", " ")).split())
        raise PluginError(f"A hook does not fit: {message}.") from error
    return LoadedPlugin(found.name, manager.hook, fence)


def _import(found: FoundPlugin) -> tuple[object, object]:
    plugin = found.load()
    return plugin, getattr(plugin, "LORADEX_API", None)


def _check_version(version: object) -> None:
    if version is None:
        raise PluginError(f'It does not say for which API it is: LORADEX_API = "{API_VERSION}".')
    match = re.fullmatch(r"(\d{1,4})\.(\d{1,4})", version) if isinstance(version, str) else None
    if match is None:
        raise PluginError(f'Its LORADEX_API is not of the form "{API_VERSION}".')
    major, minor = (int(part) for part in API_VERSION.split("."))
    if int(match[1]) != major or int(match[2]) > minor:
        raise PluginError(f"It is for plugin API {version}; this loradex has {API_VERSION}.")
