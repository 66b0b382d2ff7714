"""How long a grid would take, told while it is being asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.errors import LoradexError
from loradex.operations.grid_request import GridRequest
from loradex.operations.grids import GridPreview, preview_grid
from loradex.render.prompts.prompt import parse_prompt
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.wording import count_text

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_AFTER = 0.4
"""Seconds after the last key, so that a number is not looked up digit by digit."""


class GridEstimate(Static):
    """One line about the request that was last given to `ask`; nothing while nothing is known."""

    DEFAULT_CSS = """
    GridEstimate { height: auto; width: 1fr; color: $quiet; display: none; }
    GridEstimate.-told { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._asked: GridRequest | None = None
        self._wait: Timer | None = None

    def ask(self, request: GridRequest | None) -> None:
        """Tell soon what drawing this takes; None for a request that is not whole yet."""
        if request == self._asked:
            return
        self._asked = request
        if self._wait is not None:
            self._wait.stop()
        self._tell(Content())
        if request is not None:
            self._wait = self.set_timer(_AFTER, partial(self._look, request))

    def _look(self, request: GridRequest) -> None:
        catalog = cast("LoradexApp", self.app).catalog
        in_background(
            self,
            "estimate",
            lambda: quick_preview(catalog, request),
            partial(self._show, request),
            partial(self._failed, request),
        )

    def _show(self, request: GridRequest, preview: GridPreview | None) -> None:
        if request == self._asked and preview is not None:
            self._tell(_told(preview))

    def _failed(self, request: GridRequest, error: LoradexError) -> None:
        if request == self._asked:
            self._tell(Content.styled(f"✗ {cell_text(str(error))}", "$error"))

    def _tell(self, told: Content) -> None:
        self.set_class(bool(told.plain), "-told")
        self.update(told)


def quick_preview(catalog: Catalog, request: GridRequest) -> GridPreview | None:
    """Return what a request would draw; None where finding out takes long, or would be a guess.

    That is before all its models are hashed, and before the checkpoint has drawn anything. Raises
    what drawing would, for a name that no LoRA has as well.
    """
    checkpoints = [int(text) for text in request.texts(AxisKind.CHECKPOINT)]
    ids = [*checkpoints, *(int(text) for text in request.texts(AxisKind.LORA))]
    for prompt in request.texts(AxisKind.PROMPT):
        ids += [catalog.resolve(tag.name) for tag in parse_prompt(prompt).loras]
    if any(row.sha256 is None for row in catalog.rows(ids)):
        return None
    if not all(catalog.grids.lately(checkpoint, 1) for checkpoint in checkpoints):
        return None
    return preview_grid(catalog, request)


def _told(preview: GridPreview) -> Content:
    parts = [count_text(preview.pictures, "picture")]
    if preview.finished:
        parts.append(f"{preview.finished:,} drawn already")
    if preview.seconds is not None:
        parts.append(f"about {_time_text(preview.seconds)}")
    return Content(", ".join(parts))


def _time_text(seconds: float) -> str:
    """Return a time in one unit: `40 s`, `12 min`, `2.5 h`."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
