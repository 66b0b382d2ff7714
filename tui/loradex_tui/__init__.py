"""The terminal UI: find, tag and rate models, and see what LoRAs do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loradex.paths import Home
    from loradex.settings import Settings


def run(home: Home, settings: Settings, *, images: str = "", slow: bool = False) -> int:
    """Open the terminal UI on the catalog of `home` and return the exit code.

    `images` is how pictures are drawn, by name; empty or `auto` leaves it to what the terminal can.
    `slow` sends little over a slow line. Raises a `CatalogError` before anything is drawn when the
    catalog cannot be opened.
    """
    from loradex.catalog.catalog import Catalog  # noqa: PLC0415 - Textual and SQLite load here
    from loradex_tui.pictures.asking import Question  # noqa: PLC0415
    from loradex_tui.pictures.choice import choose, may_ask, over_ssh  # noqa: PLC0415

    environ = os.environ
    with Catalog.open(home) as catalog:
        with Question(ask=may_ask(environ)) as question:
            # The terminal answers while this loads; once Textual runs, it owns all input.
            from loradex_tui.app import LoradexApp  # noqa: PLC0415
            from loradex_tui.launch import Launch  # noqa: PLC0415
            from loradex_tui.pictures.remembered import TerminalMemory  # noqa: PLC0415

            answers = question.answers()
        memory = TerminalMemory(home)
        choice = choose(environ, answers, wish=images, slow=slow, remembered=memory.mode)
        advise = over_ssh(environ) and not slow and memory.first_time("slow")
        launch = Launch(choice, question.typed, slow, advise)
        app = LoradexApp(catalog, settings, choice.mode, launch)
        app.run()
        return app.return_code or 0
