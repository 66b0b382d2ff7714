"""What a person means by something typed or pasted: a folder to add, or things to download."""

from __future__ import annotations

import re
import shlex
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled
from loradex.operations.downloads.by_hash import hash_in
from loradex.operations.downloads.references import references_in
from loradex.operations.libraries import Proposal, propose
from loradex.operations.walk import walk
from loradex.paths import expanded

SECONDS = 3.0
"""How long a folder's models are counted before somebody waits for it."""
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_PASTED = re.compile(
    r"https?://\S+|(?:urn:)?air:\S+|hf:[\w.-]+/\S+|(?:model|version):\d{1,10}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One of both at most is there."""

    folder: Path | None = None
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FolderSight:
    """A folder that may become libraries: what that means, and how much is in it."""

    proposal: Proposal
    models: int
    nbytes: int
    more: bool
    """There are more models than were counted; `nbytes` is 0 then."""


def read_wish(text: str) -> Wish:
    """Return what a text means; raise `UsageError` for a list that is too long.

    A path, however a terminal or a file manager writes it when a folder is dropped there, is a
    folder; all else is references, one a line.
    """
    lines = references_in(text.splitlines())
    if len(lines) == 1 and (folder := _folder(lines[0])) is not None:
        return Wish(folder=folder)
    return Wish(references=tuple(dict.fromkeys(lines)))


def names_downloads(text: str) -> bool:
    """Tell whether a text that was pasted surely names things to download, and nothing else."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return 0 < len(lines) <= 1_000 and all(
        _PASTED.fullmatch(line) or (hash_in(line) and len(line) >= 64) for line in lines
    )


def see_folder(
    catalog: Catalog,
    folder: Path,
    *,
    with_extra: bool = False,
    cancel: CancelToken,
    seconds: float = SECONDS,
) -> FolderSight:
    """Return what adding a folder would bring; raises like `propose`, and `Cancelled`."""
    proposal = propose(catalog, folder, with_extra=with_extra)
    models, nbytes = 0, 0
    end = time.monotonic() + seconds
    for addition in proposal.additions:
        counted = 0
        enough = CancelToken()

        def count(found: int, enough: CancelToken = enough) -> None:
            nonlocal counted
            counted = found
            if cancel.cancelled or time.monotonic() > end:
                enough.cancel()

        try:
            seen = walk(bytes(addition.root.path), addition.root.ignore, enough, count)
        except Cancelled:
            cancel.check()
            return FolderSight(proposal, models + counted, 0, more=True)
        models += len(seen.stamps)
        nbytes += sum(stamp[1] for stamp in seen.stamps)
    return FolderSight(proposal, models, nbytes, more=False)


def _folder(line: str) -> Path | None:
    """Return the folder that a line names, None when it is no path."""
    if line.lower().startswith("file://"):
        return Path(unquote(urlsplit(line).path))
    plain = line
    if line[:1] in "'\"" or "\\ " in line:
        with suppress(ValueError):  # a quote that is not closed is being typed
            plain = "".join(shlex.split(line)[:1]) or line
    if plain.startswith(("/", "~", "./", "../")) or plain in (".", "..") or _DRIVE.match(plain):
        return expanded(Path(plain))
    if "://" not in plain and ":" not in plain and hash_in(plain) is None:
        with suppress(OSError, ValueError):
            if Path(plain).is_dir():
                return Path(plain).absolute()
    return None
