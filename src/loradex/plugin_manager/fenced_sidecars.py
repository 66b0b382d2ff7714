"""A dialect of sidecars that a plugin brings, made as trustworthy as the files are not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice

from loradex.domain.sidecars import SidecarClaims, SidecarDocument, SidecarKey, SidecarModel
from loradex.domain.text import display_text
from loradex.errors import PluginError
from loradex.plugin_api import SidecarDialect, SidecarWriter
from loradex.plugin_manager.fence import Fence
from loradex.plugin_manager.loading import LoadedPlugin
from loradex.plugin_manager.record_checks import checked_optional, checked_rows, shown

READ_LIMIT = 60.0
"""Seconds for one call: some hundred files to read, or one to write."""
MOST_DIALECTS = 50

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_SUFFIX = re.compile(r"\.[A-Za-z0-9][A-Za-z0-9._-]{0,40}")
_Note = Callable[[PluginError], None]
Reading = SidecarClaims | None | PluginError


class FencedDialect:
    """A dialect behind a fence. `tools` is empty when it cannot be written."""

    def __init__(self, dialect: SidecarDialect, fence: Fence, note: _Note) -> None:
        self._dialect = dialect
        self._fence = fence
        self._note = note
        self.name = _checked(_NAME, dialect.name, "name")
        self.label = display_text(str(dialect.label), 60)
        self.suffix = _checked(_SUFFIX, dialect.suffix, "suffix").lower()
        self.after_full_name = dialect.after_full_name is True
        self.rank = dialect.rank if type(dialect.rank) is int else 1000
        self.tools: tuple[str, ...] = ()
        self.indent: int | None = None
        self.adds_to: tuple[str, ...] = ()
        if isinstance(dialect, SidecarWriter):
            self.tools = tuple(_checked(_NAME, tool, "tool") for tool in dialect.tools)
            self.indent = dialect.indent if dialect.indent in (1, 2, 3, 4) else None
            self.adds_to = tuple(_checked(_NAME, name, "name") for name in dialect.adds_to)

    @property
    def is_json(self) -> bool:
        """Its files are JSON; otherwise plain text."""
        return self.suffix.endswith((".json", ".info"))

    def read(self, documents: Sequence[SidecarDocument]) -> list[Reading]:
        """Return what each document says, None for one of another dialect.

        One that the plugin fails on leaves an error in its place; the others are not lost.
        """
        if not documents:
            return []
        try:
            return list(self._fence.call(partial(self._read_all, documents), READ_LIMIT))
        except PluginError as error:
            if len(documents) == 1:
                self._note(error)
                return [error]
        return [reading for document in documents for reading in self.read([document])]

    def keys(self, model: SidecarModel, existing: Mapping[str, object]) -> list[SidecarKey]:
        """Return the keys that the dialect would write; raise `PluginError` when it fails."""
        writer = self._dialect
        if not isinstance(writer, SidecarWriter):
            return []
        keys = self._fence.call(
            lambda: checked_rows(list(writer.keys(model, existing)), SidecarKey), READ_LIMIT
        )
        return keys

    def _read_all(self, documents: Sequence[SidecarDocument]) -> list[SidecarClaims | None]:
        read = self._dialect.read
        return [checked_optional(read(document), SidecarClaims) for document in documents]


def dialects_of(plugin: LoadedPlugin, note: _Note) -> list[FencedDialect]:
    """Return the dialects that a plugin brings; one that is none is noted and left out."""
    found = []
    for answer in plugin.hooks.sidecar_dialect():
        for dialect in islice(answer, MOST_DIALECTS):
            if not isinstance(dialect, SidecarDialect):
                note(PluginError(f"It answered {shown(dialect)} where a SidecarDialect was due."))
                continue
            try:
                found.append(FencedDialect(dialect, plugin.fence, note))
            except PluginError as error:
                note(error)
    return found


def _checked(form: re.Pattern[str], value: object, what: str) -> str:
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise PluginError(f"A dialect's {what} cannot be {shown(value)}.")
    return value
