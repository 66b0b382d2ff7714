"""What is measured of one program: its start, its keys, its refills, its memory."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from .screen import Screen
from .session import Session
from .subjects import Line, Subject

SIZE = (140, 45)
HELD = 1 / 30
"""Seconds between the keys of one that is held."""
PAGES = 1 / 8
TYPED = 1 / 8


@dataclass
class Figures:
    """Lists of what was measured: seconds, bytes, MB."""

    start: list[float] = field(default_factory=list)
    imports: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)
    held_bytes: list[float] = field(default_factory=list)
    held_cpu: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    typed: list[float] = field(default_factory=list)
    refill: list[float] = field(default_factory=list)
    rest_bytes: list[float] = field(default_factory=list)
    start_bytes: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


def import_seconds(subject: Subject, environment: Mapping[str, str]) -> float:
    """Return the seconds an interpreter needs that loads what the program's start loads."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {subject.imports}"], check=True, env=environment)
    return time.perf_counter() - began


def measure(
    subject: Subject,
    environment: Mapping[str, str],
    figures: Figures,
    keys: int,
    busy: Callable[[Session], None] | None = None,
) -> None:
    """Run the program once. `busy` sets off what shall run beside it, when it has started."""
    figures.imports.append(import_seconds(subject, environment))
    with Session(subject.command, SIZE, environment) as session:
        shown = session.until(subject.line, 90)
        figures.start.append(shown - session.began)
        session.settle(1.0)
        figures.start_bytes.append(session.received)
        if busy is not None:
            busy(session)
        _hold(session, subject, figures, keys)
        _turn_pages(session, subject, figures, keys // 6)
        _rest(session, subject, figures)
        if subject.search:
            _type(session, figures)
        _refill(session, subject, figures, subject.filters if busy is None else subject.filters[:2])
        figures.memory.append(session.peak_memory())


def _hold(session: Session, subject: Subject, figures: Figures, keys: int) -> None:
    """Hold a key; note how long each press takes until the cursor's line is another."""
    received, cpu = session.received, session.cpu()
    for _ in _beat(session, keys, HELD):
        before = subject.line(session.screen)

        def moved(screen: Screen, before: Line | None = before) -> bool:
            return subject.line(screen) not in (before, None)

        figures.held.append(_until_shown(session, b"j", moved))
    figures.held_bytes.append((session.received - received) / keys)
    figures.held_cpu.append((session.cpu() - cpu) / keys)


def _turn_pages(session: Session, subject: Subject, figures: Figures, keys: int) -> None:
    """Turn pages; note how long each takes until all rows of another one are there."""
    for _ in _beat(session, keys, PAGES):
        turned = partial(subject.turned, subject.page(session.screen))
        figures.pages.append(_until_shown(session, b"\x1b[6~", turned))


def _beat(session: Session, keys: int, every: float) -> Iterator[None]:
    """Return so many times, in a steady beat; a late one puts off those after it."""
    due = time.perf_counter()
    for _ in range(keys):
        session.read_for(due - time.perf_counter())
        yield
        due = max(due + every, time.perf_counter())


def _until_shown(session: Session, key: bytes, shown: Callable[[Screen], bool]) -> float:
    pressed = time.perf_counter()
    session.write(key)
    return session.until(shown, 20) - pressed


def _rest(session: Session, subject: Subject, figures: Figures) -> None:
    """Press a key and wait until all that follows is drawn, the details too."""
    for _ in range(6):
        session.read_for(0.6)
        before = session.received
        session.write(b"j")
        session.read_for(0.6)
        figures.rest_bytes.append(session.received - before)


def _type(session: Session, figures: Figures) -> None:
    session.write(b"/")
    session.read_for(0.5)
    typed = ""
    for character in "neon knight":
        session.read_for(TYPED)
        typed += character
        pressed = time.perf_counter()
        session.write(character.encode())
        shown = session.until(lambda screen, text=typed: f" {text}" in screen.lines[2], 20)
        figures.typed.append(shown - pressed)
    session.read_for(0.6)
    session.write(b"\r\x1b")
    session.read_for(1.0)


def _refill(session: Session, subject: Subject, figures: Figures, filters: Sequence[bytes]) -> None:
    """Choose filters in turn. While a scan counts on, only the first, which stays where it is."""
    session.write(subject.before)
    session.read_for(1.0)
    for keys in (*filters, *(filters if subject.before else ())):
        for move in keys[:-1]:
            session.write(bytes([move]))
            session.read_for(0.3)
        count = subject.count(session.screen)
        pressed = time.perf_counter()
        session.write(keys[-1:])

        def refilled(screen: Screen, count: int | None = count) -> bool:
            return subject.count(screen) not in (count, None) and subject.line(screen) is not None

        figures.refill.append(session.until(refilled, 120) - pressed)
        session.read_for(0.8)
    session.write(subject.after)


def worst(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def middle(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)
