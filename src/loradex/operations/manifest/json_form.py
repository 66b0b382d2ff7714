"""A manifest as JSON: one object whose last member is an array, a model a line.

It is written and read a model at a time, so that its length does not matter; what another program
laid out anew is read as well, as long as the version comes before the models.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import IO

from loradex.domain.manifest import VERSION, Entry
from loradex.operations.manifest.checked import ManifestError, checked_entry
from loradex.operations.manifest.entries import entry_json

KEY = "loradex_manifest"
_PIECE = 256 * 1024
_LONGEST = 4 * 1024 * 1024
"""Characters of one model, or of anything before the models."""
_SPACE = " \t\r\n"


def write_json(file: IO[str], entries: Iterable[Entry], *, made_by: str, made_at: str) -> int:
    """Write a manifest; return how many models it has. Control characters leave as escapes."""
    head = {KEY: VERSION, "made_by": made_by, "made_at": made_at}
    file.write(json.dumps(head)[:-1] + ', "models": [')
    count = 0
    for count, entry in enumerate(entries, 1):
        file.write(("\n" if count == 1 else ",\n") + json.dumps(entry_json(entry)))
    file.write("\n]}\n")
    return count


def read_json(file: IO[str], name: str) -> Iterator[Entry]:
    """Yield the models of a manifest; raise `ManifestError` where it is none."""
    text = _Text(file, name)
    text.expect("{")
    version = None
    while True:
        key = text.value()
        text.expect(":")
        if key == "models":
            break
        value = text.value()
        if key == KEY:
            version = _checked_version(value, name)
        text.expect(",")
    if version is None:
        raise ManifestError(f"{name} is not a manifest of loradex.", hint=HOW)
    text.expect("[")
    if text.next() == "]":
        return
    number = 0
    while True:
        number += 1
        try:
            yield checked_entry(text.value())
        except ValueError as error:
            raise ManifestError(
                f"{name} cannot be read: model {number} {error}.", hint=HOW
            ) from error
        if text.next() != ",":
            break
        text.expect(",")
    text.expect("]")


HOW = "Write one with: loradex export -o FILE.json"


def checked_version(version: int, name: str) -> int:
    """Return a manifest's version; raise `ManifestError` for one that is newer than we are."""
    if version > VERSION:
        raise ManifestError(
            f"{name} was written by a newer loradex (manifest version {version}).",
            hint="Upgrade loradex to read it; nothing was changed.",
        )
    if version < 1:
        raise ManifestError(f"{name} is not a manifest of loradex.", hint=HOW)
    return version


def _checked_version(value: object, name: str) -> int:
    if type(value) is not int:
        raise ManifestError(f"{name} is not a manifest of loradex.", hint=HOW)
    return checked_version(value, name)


class _Text:
    """JSON read piece by piece."""

    def __init__(self, file: IO[str], name: str) -> None:
        self._file = file
        self._name = name
        self._buffer = ""
        self._at = 0
        self._decoder = json.JSONDecoder(parse_constant=_no_constant)

    def next(self) -> str:
        """Return the next character that is no space; empty at the end."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def expect(self, mark: str) -> None:
        """Pass over this character."""
        if self.next() != mark:
            raise self._wrong()
        self._at += 1

    def value(self) -> object:
        """Return the next value."""
        self.next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except (ValueError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._more():
                    raise self._wrong() from error
                continue
            # A number may go on in the next piece.
            if end == len(self._buffer) and self._more():
                continue
            self._at = end
            return value

    def _more(self) -> bool:
        if len(self._buffer) - self._at > _LONGEST:
            raise self._wrong()
        piece = self._file.read(_PIECE)
        self._buffer = self._buffer[self._at :] + piece
        self._at = 0
        return bool(piece)

    def _wrong(self) -> ManifestError:
        return ManifestError(
            f"{self._name} is not a whole manifest: it breaks off, or is damaged.", hint=HOW
        )


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
