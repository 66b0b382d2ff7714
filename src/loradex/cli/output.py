"""Standard output that ends early: a reader that has enough, a disk that is full."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from loradex.domain.text import display_text
from loradex.errors import UsageError


class ReaderGone(Exception):
    """Whoever read our output (`head`, a pager) has enough. Not an error of anybody's."""


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """Raise `ReaderGone` for a broken pipe: click would make a failure of it."""
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderGone from error


def allow_any_text() -> None:
    """Let characters that the output's encoding lacks be written as escapes, not as an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a person sees this stream; None, as Python calls a closed one, is nobody's."""
    return stream is not None and stream.isatty()


def print_paths(places: Iterable[bytes], end: bytes) -> None:
    """Print paths byte for byte, so that a script can open them; made safe for a terminal."""
    if sys.stdout is None:
        return
    if is_terminal(sys.stdout):
        for place in places:
            click.echo(display_text(os.fsdecode(place)))
        return
    sys.stdout.flush()
    for place in places:
        sys.stdout.buffer.write(place + end)
    sys.stdout.buffer.flush()


def one_form(*, null: bool, **forms: bool) -> None:
    """Refuse options for several forms of output at once, and `-0` without `--paths`."""
    asked = [f"--{name.removeprefix('as_')}" for name, wanted in forms.items() if wanted]
    if len(asked) > 1:
        raise UsageError(
            f"{' and '.join(asked)} do not go together.", hint="Leave all of them out but one."
        )
    if null and asked != ["--paths"]:
        raise UsageError("-0 is for paths only.", hint="Add --paths, or leave it out.")


def drop_output() -> None:
    """Send what is still to be written nowhere, so that Python does not stumble over it at exit."""
    if sys.stdout is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
