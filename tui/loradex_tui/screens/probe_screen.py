"""Probes while they run, and what they found: findings with their numbers and pictures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from loradex.catalog.catalog import Catalog
from loradex.domain.models import ModelRow
from loradex.domain.verdict_words import counting, headline
from loradex.domain.verdicts import Finding, Verdict, VerdictKind, VerdictSource
from loradex.operations.child_job import JobStatus
from loradex.operations.own_verdicts import own_word, take_back
from loradex.operations.probe_pictures import ProbePair, probe_pair
from loradex.operations.verdicts import dismiss
from loradex_tui.actions import bindings
from loradex_tui.actions.grids import ProbeSituation
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text, fit
from loradex_tui.grids import starts
from loradex_tui.jobs.words import amount_text, left_text, share_text
from loradex_tui.pictures.picture_box import PictureBox
from loradex_tui.pictures.store import PANE
from loradex_tui.screens.place import Place
from loradex_tui.undo import Deed
from loradex_tui.widgets.line_list import LineList
from loradex_tui.widgets.probe_numbers import numbers_text

_MARKS = {
    VerdictKind.USABLE: "✓", VerdictKind.BEST: "★", VerdictKind.BURNS: "▲",
    VerdictKind.COLLAPSES: "▲", VerdictKind.DEAD_TRIGGER: "✗", VerdictKind.NO_EFFECT: "✗",
    VerdictKind.DOES_NOT_FIT: "✗", VerdictKind.UNDECIDED: "?",
}  # fmt: skip
_LOOK_EVERY = 1.0
"""Seconds between two looks into the catalog while a probe runs."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A model with what is said of it; `probe` is the latest probe's verdict."""

    row: ModelRow
    verdicts: tuple[Verdict, ...]
    probe: Verdict | None
    pair: ProbePair | None


def _known(catalog: Catalog, content_id: int) -> _Known:
    (row,) = catalog.rows([content_id])
    verdicts = tuple(catalog.verdicts.of(content_id))
    probes = [one for one in verdicts if one.source is VerdictSource.PROBE]
    probe = max(probes, key=lambda one: one.created_at, default=None)
    return _Known(row, verdicts, probe, probe_pair(catalog, probe) if probe else None)


class FindingList(LineList):
    """A line for each finding of the probe; those that do not count say so."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("verdict")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"finding--off"}
    DEFAULT_CSS = """
    FindingList { height: auto; max-height: 9; background: $surface; }
    FindingList > .finding--off { color: $quiet; text-style: strike; }
    """

    class Wanted(Message):
        """The person wants something."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self) -> None:
        super().__init__()
        self.findings: tuple[Finding, ...] = ()
        self.off: frozenset[VerdictKind] = frozenset()

    def show(self, known: _Known) -> None:
        """Show what its probe found."""
        self.findings = known.probe.findings if known.probe else ()
        said = [finding for _, finding in counting(known.verdicts)]
        self.off = frozenset(one.kind for one in self.findings if one not in said)
        self.styles.height = max(len(self.findings), 1)
        self.set_line_count(len(self.findings), self.cursor)

    @property
    def current(self) -> Finding | None:
        """The finding under the cursor."""
        return self.findings[self.cursor] if self.cursor < len(self.findings) else None

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return its mark and its sentence."""
        one = self.findings[index]
        off = one.kind in self.off
        told = f"{one.sentence}  (not so, you say)" if off else one.sentence
        style = base + self.tone("finding--off") if off else base
        mark = _MARKS.get(one.kind, "◆")
        edge = "❯" if cursor else " "
        return [Segment(f"{edge} {mark} ", base), Segment(fit(told, width - 4), style)]

    def do_open_probe_grid(self) -> None:
        """Look at the pictures."""
        self.post_message(self.Wanted("pictures"))

    def do_dismiss(self) -> None:
        """Say that the finding is not so."""
        self.post_message(self.Wanted("dismiss"))

    def do_judge(self) -> None:
        """Say what the LoRA does."""
        self.post_message(self.Wanted("judge"))

    def do_next_model(self) -> None:
        """The next model."""
        self.post_message(self.Wanted("next"))

    def do_previous_model(self) -> None:
        """The model before."""
        self.post_message(self.Wanted("previous"))

    def do_again(self) -> None:
        """Probe it once more."""
        self.post_message(self.Wanted("again"))

    def do_numbers_down(self) -> None:
        """Scroll the numbers down."""
        self.post_message(self.Wanted("numbers_down"))

    def do_numbers_up(self) -> None:
        """Scroll the numbers up."""
        self.post_message(self.Wanted("numbers_up"))

    def do_copy_verdict(self) -> None:
        """Copy the verdict."""
        self.post_message(self.Wanted("copy"))

    def do_back(self) -> None:
        """Leave."""
        self.post_message(self.Wanted("back"))


class ProbeScreen(Place):
    """Shows what is known of these models, and the probe that runs."""

    HERE = "Grids"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as Textual does
    DEFAULT_CSS = """
    ProbeScreen #run { height: auto; padding: 0 1; color: $quiet; }
    ProbeScreen #sheet { height: 1fr; }
    ProbeScreen #said { height: auto; padding: 0 1 1 1; }
    ProbeScreen #below { height: 1fr; }
    ProbeScreen #numbers { width: 1fr; padding: 1 1 0 1; }
    ProbeScreen #pictures { width: 46; padding: 0 1; }
    ProbeScreen.-narrow #pictures { width: 30; }
    ProbeScreen #pictures Static { color: $quiet; height: 1; content-align: center middle; }
    """

    def __init__(self, models: Sequence[int]) -> None:
        super().__init__()
        self._models = tuple(models)
        self._at = 0
        self._known: _Known | None = None
        self._ended = ""
        self._looked = 0.0

    def compose_body(self) -> ComposeResult:
        """What runs, what was found in words, in numbers, and in a pair of pictures."""
        yield Static(id="run")
        with Vertical(id="sheet", classes="pane") as sheet:
            sheet.border_title = "Verdict"
            yield Static(id="said")
            yield FindingList()
            with Horizontal(id="below"):
                with VerticalScroll(id="numbers", can_focus=False):
                    yield Static(id="told")
                with Vertical(id="pictures"):
                    yield Static(id="without")
                    yield PictureBox(self.place_app.pictures, 8, id="base")
                    yield Static(id="with")
                    yield PictureBox(self.place_app.pictures, 8, id="lora")

    def on_mount(self) -> None:
        """Look at what is known."""
        super().on_mount()
        self.query_one(FindingList).focus()
        self._reload()

    def on_screen_resume(self) -> None:
        """Something may have been said meanwhile."""
        super().on_screen_resume()
        if self.is_mounted:
            self._reload()

    def on_resize(self, event: events.Resize) -> None:
        """Give the pair of pictures what room there is."""
        super().on_resize(event)
        for box in self.query(PictureBox):
            box.most_rows = max((event.size.height - 16) // 2, 4)

    @property
    def situation(self) -> ProbeSituation:
        """What can be done with what is shown."""
        known = self._known
        finding = self.query_one(FindingList).current
        return ProbeSituation(
            self.place_app.around,
            model=known is not None,
            grid=known is not None and known.probe is not None and known.probe.grid_id is not None,
            finding=finding.kind.value if finding else "",
        )

    @property
    def _content_id(self) -> int:
        return self._models[self._at]

    def job_moved(self, name: str, status: JobStatus) -> None:
        """A probe goes on, or has ended."""
        super().job_moved(name, status)
        if name != starts.PROBE:
            return
        self._ended = "" if status.state == "running" else (status.message or status.state)
        self._draw_run(status)
        now = time.monotonic()
        if status.state != "running" or now - self._looked > _LOOK_EVERY:
            self._looked = now
            self._reload()

    def _reload(self) -> None:
        catalog, id_ = self.place_app.catalog, self._content_id
        in_background(self, "verdict", lambda: _known(catalog, id_), self._show)

    def _show(self, known: _Known) -> None:
        changed = self._known is None or self._known.pair != known.pair
        self._known = known
        counted = f"{self._at + 1} of {len(self._models)}  " if len(self._models) > 1 else ""
        title = f"{counted}{cell_text(known.row.name, 60)}"
        self.query_one("#sheet").border_title = Content(title)
        said = headline(known.verdicts)
        self.query_one("#said", Static).update(_said(said, known))
        self.query_one(FindingList).show(known)
        evidence = known.probe.evidence if known.probe else None
        self.query_one("#told", Static).update(
            numbers_text(evidence) if evidence else Content.styled(_NOTHING, "$quiet")
        )
        if changed:
            self._show_pair(known.pair)
        self._draw_run(self.place_app.jobs.status(starts.PROBE))
        self.refresh_hints()

    def _show_pair(self, pair: ProbePair | None) -> None:
        for box, label, path, words in (
            ("#base", "#without", pair.base if pair else None, "without the LoRA"),
            ("#lora", "#with", pair.lora if pair else None, pair.words if pair else ""),
        ):
            self.query_one(label, Static).update(Content(cell_text(words, 60) if path else ""))
            self._show_picture(self.query_one(box, PictureBox), path)

    def _show_picture(self, box: PictureBox, path: Path | None) -> None:
        if path is None:
            box.show(None)
            return
        load = self.place_app.picture_store.load
        in_background(
            self, f"picture {box.id}", lambda: load(path, PANE), box.show, lambda _e: box.show(None)
        )

    def _draw_run(self, status: JobStatus | None) -> None:
        if status is not None and status.state == "running":
            pace = next(
                (one.pace for one in self.place_app.jobs.running if one.name == starts.PROBE),
                None,
            )
            left = left_text(pace.seconds_left) if pace else ""
            parts = [
                f"{status.stage or 'Starting'} {cell_text(status.item, 60)}".strip(),
                share_text(status),
                amount_text(status) if status.stage else "",
                f"{left} left in this round" if left else "",
                "ctrl+x stops, what is measured is kept",
            ]
            told = " · ".join(part for part in parts if part)
            self.query_one("#run", Static).update(Content.styled(f"▸ {told}", "$accent"))
        else:
            self.query_one("#run", Static).update(Content(cell_text(self._ended, 300)))

    def on_line_list_moved(self) -> None:
        """Another finding."""
        self.refresh_hints()

    def on_finding_list_wanted(self, event: FindingList.Wanted) -> None:
        """Do what is asked."""
        getattr(self, f"_{event.what}")()

    def _pictures(self) -> None:
        from loradex_tui.screens.grid_screen import GridScreen  # noqa: PLC0415 - seldom used

        probe = self._known.probe if self._known else None
        if probe is not None and probe.grid_id is not None:
            self.app.push_screen(GridScreen(probe.grid_id))

    def _dismiss(self) -> None:
        """Say that a finding is not so; `u` lets it count again."""
        catalog, id_ = self.place_app.catalog, self._content_id
        finding = self.query_one(FindingList).current
        if finding is None:
            return
        before = own_word(catalog, id_)

        def undone() -> str:
            take_back(catalog, before)
            return "It counts again."

        def done(_nothing: None) -> None:
            self.place_app.did(Deed("what is not so", undone, self._reload))
            self.app.notify("Not so, you say: it does not count · u undo", timeout=4)
            self._reload()

        in_background(
            self, "dismiss", lambda: dismiss(catalog, [id_], [finding.kind]), done, exclusive=False
        )

    def _judge(self) -> None:
        from loradex_tui.screens.verdict_dialog import judge  # noqa: PLC0415 - seldom used

        judge(self, self._content_id, self._reload)

    def _numbers_down(self) -> None:
        self.query_one("#numbers").scroll_page_down(animate=False, force=True)

    def _numbers_up(self) -> None:
        self.query_one("#numbers").scroll_page_up(animate=False, force=True)

    def _next(self) -> None:
        self._turn(1)

    def _previous(self) -> None:
        self._turn(-1)

    def _turn(self, step: int) -> None:
        self._at = (self._at + step) % len(self._models)
        self._reload()

    def _again(self) -> None:
        from loradex_tui.grids import asks  # noqa: PLC0415 - much is behind it

        asks.probe(self, [self._content_id], again=True)

    def _copy(self) -> None:
        if self._known is not None:
            self.copy(f"{self._known.row.name}: {headline(self._known.verdicts)}", "verdict")

    def _back(self) -> None:
        self.dismiss()


_NOTHING = "Nothing is measured yet."


def _said(line: str, known: _Known) -> Content:
    """Return what counts, and who says so."""
    if not line:
        return Content.styled("No verdict yet.", "$quiet")
    own = any(one.source is VerdictSource.PERSON and one.findings for one in known.verdicts)
    probe = known.probe
    who = "you say" if own else f"probed on {cell_text(probe.checkpoint, 40)}" if probe else ""
    return Content.assemble((cell_text(line, 300), "bold $foreground"), (f"   {who}", "$quiet"))
