"""The first moment of the terminal UI: what was typed too early, and a line that is slow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual._xterm_parser import XTermParser  # the parser that reads all other keys

from loradex_tui.pictures.views import send

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

SLOW_POLL = 1.0
"""Seconds between two looks at what runs, where each look sends something."""
_NO_MOTION = "\x1b[?1003l"
"""Stop telling of a mouse that only moves (xterm's any-event tracking); clicks go on."""
_MOST_KEYS = 200


def begin(app: LoradexApp) -> None:
    """Start as `app.launch` says."""
    launch = app.launch
    for event in list(XTermParser().feed(launch.typed))[:_MOST_KEYS] if launch.typed else ():
        if isinstance(event, events.Key):
            app.post_message(event)
    if launch.slow:
        app.jobs.every = SLOW_POLL
        app.animation_level = "none"
        send(app, _NO_MOTION)
    elif launch.advise_slow:
        app.notify("Over a slow line, `loradex --slow` sends less. This is told once.", timeout=8)
