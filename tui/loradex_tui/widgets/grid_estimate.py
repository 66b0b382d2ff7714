"""What a grid comes to while it is put together: its pictures at once, its time a moment later."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from loradex.domain.axes import Axis
from loradex.errors import LoradexError
from loradex.operations.grid_forecast import Forecaster, GridForecast
from loradex.operations.grid_request import GridRequest
from loradex.operations.grid_sketch import GridSketch
from loradex.render.captions import KIND_NAMES
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.grids.check import GridCheck, told
from loradex_tui.jobs.words import left_text
from loradex_tui.wording import count_text, size_text

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_AFTER = 0.4
"""Seconds after the last key, so that a number is not looked up digit by digit."""


class GridEstimate(Static):
    """A few lines about what was last given to `show`."""

    DEFAULT_CSS = "GridEstimate { height: auto; width: 1fr; color: $quiet; }"

    def __init__(self) -> None:
        super().__init__()
        self._check: GridCheck | None = None
        self._told: Content | None = None
        self._asked: GridRequest | None = None
        self._wait: Timer | None = None
        self._forecaster: Forecaster | None = None

    def on_mount(self) -> None:
        """Start what reckons times: it takes a while."""
        self._forecaster = Forecaster(cast("LoradexApp", self.app).catalog.home)

    def on_unmount(self) -> None:
        """End what reckons times."""
        if self._forecaster is not None:
            self._forecaster.close()

    def show(self, check: GridCheck) -> None:
        """Tell what was found; how long it takes follows."""
        self._check = check
        if check.request != self._asked:
            self._asked, self._told = check.request, None
            if self._wait is not None:
                self._wait.stop()
            if check.request is not None:
                self._wait = self.set_timer(_AFTER, partial(self._look, check.request))
        self._draw()

    def _look(self, request: GridRequest) -> None:
        forecaster = self._forecaster
        if forecaster is None:
            return
        in_background(
            self,
            "forecast",
            lambda: forecaster.forecast(request),
            partial(self._know, request),
            partial(self._failed, request),
        )

    def _know(self, request: GridRequest, found: GridForecast) -> None:
        if request == self._asked:
            self._told = forecast_text(found)
            self._draw()

    def _failed(self, request: GridRequest, error: LoradexError) -> None:
        if request == self._asked:
            self._told = Content.styled(f"✗ {cell_text(told(error))}", "$error")
            self._draw()

    def _draw(self) -> None:
        check = self._check
        if check is None:
            return
        if check.fault:
            self.update(Content.styled(f"✗ {cell_text(check.fault, 600)}", "$error"))
        elif check.faults:
            number = len(check.faults)
            self.update(Content.styled(f"✗ {count_text(number, 'row')} to be put right.", "$error"))
        elif check.sketch is not None:
            waiting = Content.styled("reckoning how long …", "$quiet")
            self.update(Content("\n").join([sketch_text(check.sketch), self._told or waiting]))


def sketch_text(sketch: GridSketch) -> Content:
    """Return how many pictures there are, and how that many."""
    factors = " × ".join(_factor(axis) for axis in sketch.axes) or "one cell"
    parts: list[tuple[str, str]] = [
        (count_text(sketch.pictures, "picture"), "bold $foreground"),
        (f"  {factors}", "$quiet"),
    ]
    if sketch.places != sketch.pictures:
        parts.append((f", in {sketch.places:,} places", "$quiet"))
    if sketch.unhashed:
        parts.append((f"  {count_text(sketch.unhashed, 'model')} to be hashed first", "$warning"))
    return Content.assemble(*parts)


def _factor(axis: Axis) -> str:
    name = KIND_NAMES[axis.kind]
    # "LoRA" and "VAE" keep their letters; "Strength" is no name.
    plain = name if name[1:2].isupper() or name.startswith("LoRA") else name[:1].lower() + name[1:]
    plural = plain if plain.endswith("s") else f"{plain}s"
    return f"{len(axis.values):,} {plural}"


def forecast_text(found: GridForecast) -> Content:
    """Return how long it takes, what exists, where it is drawn, and what is loaded first."""
    todo = found.pictures - found.exist
    parts: list[tuple[str, str]] = []
    if not todo:
        parts.append(("all of them are drawn already", "$success"))
    elif found.seconds is None:
        parts.append(("time not known: nothing was drawn with this here yet", "$quiet"))
    else:
        parts.append((f"about {left_text(max(found.seconds, 1.0))} here", "$foreground"))
    if found.exist and todo:
        parts.append((f" · {found.exist:,} of them drawn already", "$success"))
    parts.append((f" · about {size_text(found.memory_bytes)} of memory", "$quiet"))
    if found.devices == ("cpu",):
        parts.append((" · no GPU: on the CPU, which is slow", "$warning"))
    else:
        parts.append((f" · on {', '.join(found.devices)}", "$quiet"))
    if found.downloads:
        size = sum(size for _, size in found.downloads)
        names = ", ".join(name for name, _ in found.downloads)
        parts.append((f"\nbrings {size_text(size)} first: {cell_text(names)}", "$warning"))
    return Content.assemble(*parts)
