"""The terminal UI: find, tag and rate models, and see what LoRAs do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loradex.paths import Home
    from loradex.settings import Settings


def run(home: Home, settings: Settings) -> int:
    """Open the terminal UI on the catalog of `home` and return the exit code.

    Raises a `CatalogError` before anything is drawn when the catalog cannot be opened.
    """
    from loradex.catalog.catalog import Catalog  # noqa: PLC0415 - Textual and SQLite load here
    from loradex_tui.pictures.choice import choose_picture_mode  # noqa: PLC0415

    with Catalog.open(home) as catalog:
        # The terminal is asked what it can draw now: once Textual runs, it owns all input.
        mode = choose_picture_mode()
        from loradex_tui.app import LoradexApp  # noqa: PLC0415

        app = LoradexApp(catalog, settings, mode)
        app.run()
        return app.return_code or 0
