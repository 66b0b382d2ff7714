"""What a person saw in which terminal: a small file in the home folder."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from loradex.errors import SettingsError
from loradex.paths import Home
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.terminals import Terminal

_FILE = "terminals.json"
_MOST_BYTES = 64_000
_MOST_ENTRIES = 100


class TerminalMemory:
    """Picture modes by terminal, and advice that was given once.

    A file that cannot be read counts as empty: it holds habits only.
    """

    def __init__(self, home: Home) -> None:
        self._path = home.root / _FILE

    def first_time(self, advice: str) -> bool:
        """Tell whether an advice was never given before, and note that it is now."""
        known = self._read("advice")
        if advice in known:
            return False
        with suppress(OSError):
            self._write("advice", {**known, advice: "given"})
        return True

    def mode(self, terminal: Terminal) -> PictureMode | None:
        """Return what was chosen for a terminal of this name and version, if anything was."""
        with suppress(ValueError):
            return PictureMode(self._read("pictures").get(terminal.key, ""))
        return None

    def keep(self, terminal: Terminal, mode: PictureMode | None) -> None:
        """Remember a choice, or forget it when None. Raises `SettingsError`."""
        known = self._read("pictures")
        known.pop(terminal.key, None)
        if mode is not None:
            known[terminal.key] = mode.value
        try:
            self._write("pictures", dict(list(known.items())[-_MOST_ENTRIES:]))
        except OSError as error:
            raise SettingsError(
                f"What you saw cannot be kept in {self._path}: {error.strerror}.",
                hint="It holds until loradex ends; LORADEX_IMAGES says it for good.",
            ) from error

    def _read(self, part: str) -> dict[str, str]:
        known = self._all().get(part)
        if not isinstance(known, dict):
            return {}
        return {key: value for key, value in known.items() if isinstance(value, str)}

    def _all(self) -> dict[str, object]:
        try:
            with self._path.open("rb") as file:
                found = json.loads(file.read(_MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, part: str, entries: dict[str, str]) -> None:
        text = json.dumps({**self._all(), part: entries}, indent=1)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self._path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(draft).replace(self._path)
        except BaseException:
            with suppress(OSError):
                Path(draft).unlink()
            raise
