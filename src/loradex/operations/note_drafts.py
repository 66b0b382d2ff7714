"""A note in the person's own editor: kept in a file until it is saved in the catalog."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from loradex.errors import UsageError
from loradex.paths import Home

_USUAL = ("sensible-editor", "nano", "vim", "vi")


@dataclass(frozen=True, slots=True)
class Draft:
    """A note that is being written. Its file goes when `discard` is called, and only then."""

    path: Path
    before: str

    @classmethod
    def of(cls, home: Home, content_id: int, note: str) -> Draft:
        """Write a note to a new file below `home`."""
        folder = home.root / "notes"
        folder.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f"note-{content_id}-", suffix=".txt", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(note)
        return cls(Path(name), note)

    def read(self) -> str:
        """Return the note without the line end that editors add, whatever they wrote."""
        text = self.path.read_bytes().decode("utf-8-sig", "backslashreplace")
        text = text.replace("\r\n", "\n").rstrip("\n")
        return self.before if text == self.before.rstrip("\n") else text

    def discard(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)


def editor_command() -> list[str]:
    """Return the program of `$VISUAL` or `$EDITOR`, else one that is there.

    Raises `UsageError` when there is none.
    """
    for name in ("VISUAL", "EDITOR"):
        words = shlex.split(os.environ.get(name, ""), posix=os.name == "posix")
        if words:
            return words
    if sys.platform == "win32":
        return ["notepad"]
    for name in _USUAL:
        if shutil.which(name):
            return [name]
    raise UsageError("There is no editor.", hint="Name one: export EDITOR=nano")


def edit_draft(draft: Draft) -> str:
    """Let the person edit a draft in their editor, in this terminal; return what they wrote.

    Raises `UsageError`, which names the file, when the editor cannot be started or fails.
    """
    command = editor_command()
    kept = f"What you wrote is kept in {draft.path}."
    try:
        ended = subprocess.run([*command, str(draft.path)], check=False)  # noqa: S603 - no shell
    except OSError as error:
        raise UsageError(
            f"{command[0]} could not be started: {error.strerror}.",
            hint=f"Name another: export EDITOR=nano. {kept}",
        ) from error
    if ended.returncode:
        raise UsageError(f"{command[0]} ended with an error.", hint=kept)
    return draft.read()
