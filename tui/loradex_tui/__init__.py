"""The terminal UI: find, tag and rate models, and see what LoRAs do."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loradex.domain.tui_options import TuiOptions
    from loradex.paths import Home
    from loradex.settings import Settings


def run(home: Home, settings: Settings, options: TuiOptions) -> int:
    """Open the terminal UI on the catalog of `home` and return the exit code.

    Raises a `CatalogError` before anything is drawn when the catalog cannot be opened. When the UI
    itself fails, a report is kept, a sentence on stderr says where, and the code is 1.
    """
    from loradex.catalog.catalog import Catalog  # noqa: PLC0415 - Textual and SQLite load here
    from loradex_tui.heap import share_freed_memory  # noqa: PLC0415
    from loradex_tui.pictures.asking import Question  # noqa: PLC0415
    from loradex_tui.pictures.choice import choose, may_ask, over_ssh  # noqa: PLC0415
    from loradex_tui.terminal_look import (  # noqa: PLC0415
        locale_encoding,
        terminal_look,
        write_utf8,
    )

    environ = os.environ
    if not options.slow:
        # Textual draws sixty times a second at most; a result that comes just after a frame would
        # wait for the next.
        environ.setdefault("TEXTUAL_FPS", "120")
    gc.disable()  # until the first frame: what loads stays
    share_freed_memory()
    look = terminal_look(environ, locale_encoding())
    write_utf8()
    with Catalog.open(home) as catalog:
        with Question(ask=may_ask(environ)) as question:
            # The terminal answers while this loads; once Textual runs, it owns all input.
            from loradex_tui.app import LoradexApp  # noqa: PLC0415
            from loradex_tui.launch import Launch  # noqa: PLC0415
            from loradex_tui.pictures.remembered import TerminalMemory  # noqa: PLC0415

            answers = question.answers()
        memory = TerminalMemory(home)
        plain = options.ascii or look.ascii
        choice = choose(
            environ,
            answers,
            wish=options.images,
            slow=options.slow,
            plain=plain,
            remembered=memory.mode,
        )
        advise = over_ssh(environ) and not options.slow and memory.first_time("slow")
        launch = Launch(
            choice, question.typed, options.slow, advise, plain, look.ansi, options.theme
        )
        app = LoradexApp(catalog, settings, choice.mode, launch)
        # The drawing thread gets its turn within a millisecond when others compute.
        sys.setswitchinterval(0.001)
        app.run(mouse=options.mouse)
    if app.fault is not None:
        from loradex_tui.crash import keep_report, sentence  # noqa: PLC0415

        sys.stderr.write(sentence(app.fault, keep_report(home, app.fault)) + "\n")
        return 1
    return app.return_code or 0
