"""Ask how closely to look at LoRAs: on which checkpoint, how many pictures, how long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from loradex.domain.probing import Depth
from loradex.errors import LoradexError
from loradex.operations.grid_forecast import Forecaster
from loradex.operations.probe_forecast import ProbeForecast, ProbeOffer
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.grids.check import told
from loradex_tui.jobs.words import left_text
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.screens.quick_grid import CheckpointList
from loradex_tui.wording import count_text

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_TIME = re.compile(r"(?:\d+(?:\.\d+)?[smhd])+", re.IGNORECASE)
_DEPTHS = {
    Depth.QUICK: "quick: the first pictures only",
    Depth.NORMAL: "usual: more seeds where it stays open",
    Depth.THOROUGH: "thorough: more seeds and strengths",
}


@dataclass(frozen=True, slots=True)
class ProbeAsked:
    """What to probe, on what, and how closely. `budget` is a time such as `30m`, or empty."""

    models: tuple[int, ...]
    checkpoints: tuple[int, ...]
    depth: Depth = Depth.NORMAL
    budget: str = ""
    again: bool = False


class ProbeDialog(Dialog[ProbeAsked]):
    """The result is what to probe."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "Start", show=False, priority=True),
        Binding("left,h", "depth(-1)", "Less", show=False),
        Binding("right,l", "depth(1)", "More", show=False),
        Binding("a", "again", "Again", show=False),
    ]
    DEFAULT_CSS = """
    ProbeDialog > #box { width: 84; padding: 1 2; }
    ProbeDialog Horizontal { height: auto; margin: 0 0 1 0; }
    ProbeDialog .label { width: 12; color: $quiet; }
    ProbeDialog #depth, ProbeDialog #forecast { width: 1fr; height: auto; }
    ProbeDialog Input { width: 20; }
    ProbeDialog #how { width: 1fr; padding: 0 1; color: $quiet; }
    """

    def __init__(self, offer: ProbeOffer, *, again: bool = False) -> None:
        super().__init__()
        self._offer = offer
        self._depth = Depth.NORMAL
        self._again = again or (len(offer.models) == 1 and offer.known == 1)
        self._forecaster: Forecaster | None = None
        self._asked: ProbeAsked | None = None

    def compose(self) -> ComposeResult:
        """The choices, and what they come to."""
        models = self._offer.models
        name = cell_text(models[0].name, 50) if len(models) == 1 else f"{len(models)} LoRAs"
        with VerticalScroll(id="box", can_focus=False) as box:
            box.border_title = Content(f"Probe {name}")
            with Horizontal():
                yield Static("Checkpoint", classes="label")
                if self._offer.choose:
                    yield CheckpointList(self._offer.checkpoints)
                else:
                    yield Static("each on the one that fits it best")
            with Horizontal():
                yield Static("How closely", classes="label")
                yield Static(id="depth")
            with Horizontal():
                yield Static("Budget", classes="label")
                yield Input(placeholder="none", id="budget")
                yield Static("90s, 30m or 2h; none is without end", id="how")
            with Horizontal():
                yield Static("Takes", classes="label")
                yield Static(Content.styled("reckoning …", "$quiet"), id="forecast")
            yield Static(
                key_words(
                    ("Enter", "starts"), ("h l", "how closely"), ("Tab", "next"),
                    ("a", "known ones too"), ("Esc", "leaves"),
                ),
                classes="told",
            )  # fmt: skip

    def on_mount(self) -> None:
        """Reckon with what is chosen first."""
        self._forecaster = Forecaster(cast("LoradexApp", self.app).catalog.home)
        for list_ in self.query(CheckpointList):
            list_.focus()
        self._ask()

    def on_unmount(self) -> None:
        """End what reckons."""
        if self._forecaster is not None:
            self._forecaster.close()

    def asked(self) -> ProbeAsked:
        """Return what the fields say."""
        lists = self.query(CheckpointList)
        chosen = [list_.chosen.id for list_ in lists] or [row.id for row in self._offer.checkpoints]
        return ProbeAsked(
            tuple(row.id for row in self._offer.models),
            tuple(chosen),
            self._depth,
            self.query_one("#budget", Input).value.strip(),
            self._again,
        )

    def _ask(self) -> None:
        words = [
            (f" {each.value} " if each is not self._depth else f"❯{each.value}❮",
             "bold $accent" if each is self._depth else "$quiet")
            for each in _DEPTHS
        ]  # fmt: skip
        explained = _DEPTHS[self._depth].partition(": ")[2]
        self.query_one("#depth", Static).update(
            Content.assemble(*words, (f"  {explained}", "$quiet"))
        )
        asked, forecaster = self.asked(), self._forecaster
        if forecaster is None or asked == self._asked:
            return
        self._asked = asked
        self.query_one("#forecast", Static).update(Content.styled("reckoning …", "$quiet"))
        in_background(
            self,
            "forecast",
            lambda: forecaster.probes(
                asked.models, asked.checkpoints, asked.depth, again=asked.again
            ),
            partial(self._know, asked),
            partial(self._failed, asked),
        )

    def _know(self, asked: ProbeAsked, found: ProbeForecast) -> None:
        if asked == self._asked:
            self.query_one("#forecast", Static).update(probe_forecast_text(found))

    def _failed(self, asked: ProbeAsked, error: LoradexError) -> None:
        if asked == self._asked:
            fault = Content.styled(f"✗ {cell_text(told(error))}", "$error")
            self.query_one("#forecast", Static).update(fault)

    def on_line_list_moved(self) -> None:
        """Another checkpoint."""
        self._ask()

    def action_depth(self, step: int) -> None:
        """Look more or less closely."""
        depths = list(_DEPTHS)
        self._depth = depths[min(max(depths.index(self._depth) + step, 0), len(depths) - 1)]
        self._ask()

    def action_again(self) -> None:
        """Probe those that are known as well, or not."""
        self._again = not self._again
        self._ask()

    def action_start(self) -> None:
        """Start, unless the budget cannot be read."""
        asked = self.asked()
        if asked.budget and not _is_time(asked.budget):
            self.app.notify("A budget is a time: 90s, 30m or 2h.", severity="warning")
            return
        self.dismiss(asked)


def probe_forecast_text(found: ProbeForecast) -> Content:
    """Return how many pictures there are at first and at most, and how long the first take."""
    if not found.todo:
        known = "known already: a probes it again" if found.known else "nothing to probe"
        return Content("\n").join(
            [Content.styled(known, "$success" if found.known else "$error"), *_faults(found)]
        )
    parts: list[tuple[str, str]] = [
        (f"{count_text(found.first, 'picture')} at first", "bold $foreground"),
        (f", at most {found.most:,}" if found.most > found.first else "", "$quiet"),
    ]
    if found.exist:
        parts.append((f" · {found.exist:,} of them drawn already", "$success"))
    if found.seconds is not None:
        parts.append((f" · the first take about {left_text(max(found.seconds, 1.0))}", ""))
    else:
        parts.append((" · time not known: nothing was drawn with this here yet", "$quiet"))
    if found.known:
        parts.append((f" · {found.known:,} known already (a probes them again)", "$quiet"))
    return Content("\n").join([Content.assemble(*parts), *_faults(found)])


def _faults(found: ProbeForecast) -> list[Content]:
    return [Content.styled(f"✗ {cell_text(fault, 200)}", "$error") for fault in found.faults[:3]]


def _is_time(text: str) -> bool:
    return _TIME.fullmatch(text) is not None
