"""Write a note in `$EDITOR`, so that what was written outlives whatever goes wrong after."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from loradex.errors import LoradexError
from loradex.paths import Home


@contextmanager
def edited_note(home: Home, content_id: int, before: str) -> Iterator[str]:
    """Give the note as the person leaves it in the editor; the block is to save it.

    It is written in a file of `home` which is removed only when the block ends well: an error of
    the editor or of loradex names the file.
    """
    folder = home.root / "notes"
    folder.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"note-{content_id}-", suffix=".txt", dir=folder)
    path, kept = Path(name), f"What you wrote is kept in {name}."
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(before)
    try:
        click.edit(filename=name)
        text = _read(path)
        yield before if text == before.rstrip("\n") else text
    except click.ClickException as error:
        raise click.ClickException(f"{error.message}\n{kept}") from error
    except LoradexError as error:
        error.hint = f"{error.hint} {kept}" if error.hint else kept
        raise
    path.unlink()


def _read(path: Path) -> str:
    """Return a note without the line end that editors add, whatever they wrote."""
    text = path.read_bytes().decode("utf-8-sig", "backslashreplace")
    return text.replace("\r\n", "\n").rstrip("\n")
