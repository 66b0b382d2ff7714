"""Write a note in `$EDITOR`, so that what was written outlives whatever goes wrong after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from loradex.errors import LoradexError
from loradex.operations.note_drafts import Draft
from loradex.paths import Home


@contextmanager
def edited_note(home: Home, content_id: int, before: str) -> Iterator[str]:
    """Give the note as the person leaves it in the editor; the block is to save it.

    It is written in a file of `home` which is removed only when the block ends well: an error of
    the editor or of loradex names the file.
    """
    draft = Draft.of(home, content_id, before)
    kept = f"What you wrote is kept in {draft.path}."
    try:
        click.edit(filename=str(draft.path))
        yield draft.read()
    except click.ClickException as error:
        raise click.ClickException(f"{error.message}\n{kept}") from error
    except LoradexError as error:
        error.hint = f"{error.hint} {kept}" if error.hint else kept
        raise
    draft.discard()
