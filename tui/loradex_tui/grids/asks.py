"""What a list of models asks for: a quick grid, a grid put together, a probe."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.operations.probe_forecast import ProbeOffer, probe_offer
from loradex_tui.background import in_background
from loradex_tui.grids import starts
from loradex_tui.screens.grid_builder import GridBuilder, build_new
from loradex_tui.screens.place import Place
from loradex_tui.screens.probe_dialog import ProbeAsked, ProbeDialog
from loradex_tui.screens.quick_grid import QuickAnswer, QuickGrid, QuickOffer, quick_offer


def quick(place: Place, ids: Sequence[int]) -> None:
    """Offer a quick grid of these LoRAs, then draw it or put it together further."""
    app = place.place_app

    def answered(answer: QuickAnswer | None) -> None:
        if answer is None:
            return
        if answer.what == "draw":
            app.start_grid(answer.request)
        else:
            app.push_screen(GridBuilder(answer.request, ids))

    def ask(offer: QuickOffer) -> None:
        app.push_screen(QuickGrid(offer), answered)

    in_background(place, "offer", lambda: quick_offer(app.catalog, ids), ask)


def build(place: Place, ids: Sequence[int]) -> None:
    """Put a grid of these models together."""
    build_new(place.place_app, ids)


def probe(place: Place, ids: Sequence[int], *, again: bool = False) -> None:
    """Ask how closely to look at these LoRAs, then probe them and show what comes out."""
    app = place.place_app

    def answered(asked: ProbeAsked | None) -> None:
        if asked is not None:
            starts.probe(app, asked)

    def ask(offer: ProbeOffer) -> None:
        app.push_screen(ProbeDialog(offer, again=again), answered)

    in_background(place, "probe", lambda: probe_offer(app.catalog, ids), ask)
