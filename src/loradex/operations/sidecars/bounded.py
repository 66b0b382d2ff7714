"""Read a sidecar whole, within bounds, and turn its bytes into a document."""

from __future__ import annotations

import codecs
import json
import os
import stat
from dataclasses import dataclass

from loradex.domain.text import display_text
from loradex.errors import LoradexError

MOST_BYTES = 8 * 1024 * 1024
"""The largest that tools write hold a preview as text, which they bound to about this."""
DEEPEST = 64


class SidecarRefused(LoradexError):
    """A sidecar that is not read or written; the message is a sentence without a subject's name."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file's bytes, and its size and time when they were read."""

    data: bytes
    size: int
    mtime_ns: int
    mode: int
    link: bool
    """The name is a link to the file."""


def read_file(path: bytes) -> ReadFile | None:
    """Return a regular file's bytes, None when there is none; raise `SidecarRefused` otherwise."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SidecarRefused(f"It cannot be opened: {error.strerror or error}.") from error
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise SidecarRefused("It is no plain file.")
        if info.st_size > MOST_BYTES:
            raise SidecarRefused(f"It has more than {MOST_BYTES // 1024**2} MiB.")
        data = _read(descriptor)
        link = os.path.islink(path)  # noqa: PTH114 - bytes
    except OSError as error:
        raise SidecarRefused(f"It cannot be read: {error.strerror or error}.") from error
    finally:
        os.close(descriptor)
    return ReadFile(data, info.st_size, info.st_mtime_ns, stat.S_IMODE(info.st_mode), link)


def text_of(data: bytes) -> str:
    """Return a file's bytes as text: UTF-8, or UTF-16 where a mark says so; what does not fit is
    replaced.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def json_of(data: bytes) -> object:
    """Return a file's bytes as JSON; raise `SidecarRefused` when they are none, or nested too deep.

    NaN and infinities, which are no JSON, become None.
    """
    try:
        value: object = json.loads(text_of(data), parse_constant=lambda _name: None)
    except RecursionError as error:
        raise SidecarRefused("It is nested too deep.") from error
    except ValueError as error:
        raise SidecarRefused(f"It is no JSON: {display_text(str(error), 100)}.") from error
    _check_depth(value)
    return value


def json_bytes(value: object, indent: int | None) -> bytes:
    """Return a document as a tool writes it; raise `SidecarRefused` when JSON cannot hold it."""
    try:
        try:
            text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
            return text.encode("utf-8")
        except UnicodeEncodeError:  # lone surrogates, which only escapes can write
            return json.dumps(value, indent=indent, allow_nan=False).encode("ascii")
    except ValueError as error:
        raise SidecarRefused("It holds a number that JSON has no words for.") from error


def _read(descriptor: int) -> bytes:
    pieces, room = [], MOST_BYTES + 1
    while room > 0 and (piece := os.read(descriptor, min(room, 1 << 20))):
        pieces.append(piece)
        room -= len(piece)
    if room <= 0:
        raise SidecarRefused(f"It has more than {MOST_BYTES // 1024**2} MiB.")
    return b"".join(pieces)


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            member
            for each in level
            for member in (each.values() if isinstance(each, dict) else _list(each))
            if isinstance(member, dict | list)
        ]
        if not level:
            return
    raise SidecarRefused("It is nested too deep.")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
