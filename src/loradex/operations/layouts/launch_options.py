"""Folders given as options in a tool's start scripts. The scripts are read as text, never run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from loradex.operations.layouts.names import entries
from loradex.operations.layouts.reading import read_text

_SCRIPTS = (".sh", ".bat", ".cmd", ".ps1", ".command")
_MAX_SCRIPTS = 30
_OPTION = re.compile(r"""(--[a-z][a-z-]+)(?:=|[ \t]+)("[^"]*"|'[^']*'|(?!--)[^\s"']+)""")
_REMARK = re.compile(r"\s*(?:#|::|@?rem\b)", re.IGNORECASE)


def launch_options(
    folder: Path, wanted: Collection[str], notes: list[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield option, value and script's name for the wanted options; remarks do not count."""
    scripts = sorted(name for name in entries(folder) if name.lower().endswith(_SCRIPTS))
    for name in scripts[:_MAX_SCRIPTS]:
        text = read_text(folder / name, notes) or ""
        for line in text.splitlines():
            if "--" not in line or _REMARK.match(line):
                continue
            for option, value in _OPTION.findall(line.replace('\\"', '"')):
                if option in wanted:
                    yield option, value.strip("\"'"), name
