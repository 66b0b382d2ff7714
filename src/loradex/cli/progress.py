"""Progress on stderr: one line with rate and time left for people, JSON lines for programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from loradex.cli.columns import cell_width, fit, terminal_width
from loradex.cli.output import is_terminal
from loradex.cli.words import duration_text, size_text
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.text import display_text

DRAW_EVERY = 0.1
_LEAST_ITEM = 12
"""Cells below which the beginning of a name tells nothing."""
SAY_EVERY = 10.0
"""Seconds between lines where the line cannot be drawn over."""

progress_option = click.option(
    "--progress",
    "progress",
    type=click.Choice(["auto", "none", "json"]),
    default="auto",
    help="How progress is shown: a line on stderr, not at all, or JSON lines on stdout.",
)


class TerminalSink:
    """Draws one line over and over; where stderr is no terminal, says a line now and then."""

    def __init__(self) -> None:
        self._live = is_terminal(sys.stderr)
        self._drawn = 0.0
        self._stage = ""
        self._started = time.monotonic()

    def progress(self, event: Progress) -> None:
        """Draw where the work is, at most ten times a second."""
        now = time.monotonic()
        if event.stage != self._stage:
            self._stage, self._started, self._drawn = event.stage, now, 0.0 if self._live else now
        finished = event.total is not None and event.done >= event.total
        if now - self._drawn < (DRAW_EVERY if self._live else SAY_EVERY) and not (
            finished and self._live
        ):
            return
        self._drawn = now
        if self._live:
            line = _line(event, now - self._started, terminal_width() - 1)
            click.echo(f"\r\x1b[2K{line}", err=True, nl=False)
        else:
            click.echo(_line(event, now - self._started), err=True)

    def problem(self, event: Problem) -> None:
        """Print what failed; the line is drawn again below it."""
        self.clear()
        click.echo(f"  {display_text(event.item)}: {display_text(event.message)}", err=True)
        if event.hint:
            click.echo(f"    {display_text(event.hint)}", err=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._live:
            click.echo("\r\x1b[2K", err=True, nl=False)


class QuietSink:
    """Shows problems only."""

    def progress(self, event: Progress) -> None:
        """Show nothing."""

    def problem(self, event: Problem) -> None:
        """Print what failed."""
        click.echo(f"  {display_text(event.item)}: {display_text(event.message)}", err=True)


class JsonSink:
    """One JSON object a line on stdout. A reader that went away cancels the work."""

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel
        self._told = 0.0

    def tell(self, event: str, **fields: object) -> None:
        """Write one event."""
        try:
            click.echo(json.dumps({"event": event, **fields}))
        except BrokenPipeError:
            self._cancel.cancel()

    def progress(self, event: Progress) -> None:
        """Write where the work is, at most ten times a second."""
        now = time.monotonic()
        if now - self._told >= DRAW_EVERY or event.done == event.total:
            self._told = now
            self.tell(
                "progress",
                stage=event.stage,
                done=event.done,
                total=event.total,
                unit=event.unit,
                item=event.item,
            )

    def problem(self, event: Problem) -> None:
        """Write what failed."""
        self.tell("problem", item=event.item, message=event.message, hint=event.hint)


@contextmanager
def shown_progress(mode: str, cancel: CancelToken) -> Iterator[ProgressSink]:
    """Give the sink for a mode of `progress_option`; a drawn line is taken away at the end."""
    if mode == "json":
        yield JsonSink(cancel)
    elif mode == "none":
        yield QuietSink()
    else:
        sink = TerminalSink()
        try:
            yield sink
        finally:
            sink.clear()


def _line(event: Progress, seconds: float, room: int | None = None) -> str:
    """Return the line, in `room` cells: first the item goes, then all that rate and time tell."""
    speed = _speed(event, seconds)
    lines = [f"{event.stage} {text}{speed}" for text in _amounts(event)]
    item = f"  {display_text(event.item)}" if event.item else ""
    if room is None:
        return lines[0] + item
    line = next((line for line in lines if cell_width(line) <= room), lines[-1])
    if line is lines[0] and room - cell_width(line) >= _LEAST_ITEM:
        line += item
    return fit(line, room)


def _amounts(event: Progress) -> list[str]:
    """Return how far it is, shorter and shorter."""
    unit = "" if event.unit == "bytes" else f" {event.unit}"
    done = f"{_amount(event, event.done)}{unit}"
    if event.total is None:
        return [done]
    if not event.total:
        return [f"{_amount(event, event.done)} of {_amount(event, 0)}{unit}", done]
    share = f"{100 * event.done / event.total:.0f} %"
    whole = f"{_amount(event, event.done)} of {_amount(event, event.total)} ({share}){unit}"
    return [whole, f"{done} ({share})", share]


def _speed(event: Progress, seconds: float) -> str:
    if seconds <= 1 or not event.done:
        return ""
    rate = event.done / seconds
    text = f" · {_amount(event, rate)}/s" if rate >= 1 or event.unit == "bytes" else ""
    if event.total is not None and event.done < event.total:
        text += f" · {duration_text((event.total - event.done) / rate)} left"
    return text


def _amount(event: Progress, number: float) -> str:
    return size_text(number) if event.unit == "bytes" else f"{number:,.0f}"
