"""Say what a LoRA does, beside what probes measured of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from loradex.catalog.catalog import Catalog
from loradex.domain.verdict_words import findings_line, headline, kind_words
from loradex.domain.verdicts import Finding, Verdict, VerdictKind, VerdictSource
from loradex.errors import LoradexError, UsageError
from loradex.operations.own_verdicts import (
    WITH_STRENGTH,
    OwnWord,
    finding_of,
    finding_text,
    findings_now,
    say,
    take_back,
)
from loradex.operations.verdicts import OF_WORDS
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text, fit
from loradex_tui.grids.check import told
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.screens.place import Place
from loradex_tui.undo import Deed
from loradex_tui.widgets.line_list import LineList

_KINDS = (
    VerdictKind.USABLE, VerdictKind.BEST, VerdictKind.BURNS, VerdictKind.COLLAPSES,
    VerdictKind.NEEDS_TRIGGER, VerdictKind.ALWAYS_ON, VerdictKind.DEAD_TRIGGER,
    VerdictKind.REDUNDANT_TRIGGER, VerdictKind.NO_EFFECT, VerdictKind.DOES_NOT_FIT,
)  # fmt: skip
_ABOVE = (VerdictKind.BURNS, VerdictKind.COLLAPSES)
_VALUE = 14


@dataclass(frozen=True, slots=True)
class VerdictOffer:
    """What counts of a model now, and what its latest probe measured."""

    content_id: int
    name: str
    findings: tuple[Finding, ...]
    probe: Verdict | None


def verdict_offer(catalog: Catalog, content_id: int) -> VerdictOffer:
    """Return what is said of a model now."""
    (row,) = catalog.rows([content_id])
    verdicts = catalog.verdicts.of(content_id)
    probe = next((one for one in verdicts if one.source is VerdictSource.PROBE), None)
    return VerdictOffer(content_id, row.name, findings_now(catalog, content_id), probe)


def judge(place: Place, content_id: int, then: Callable[[], None]) -> None:
    """Let a person say what a model does; `then` shows that it was said, or taken back."""
    app, catalog = place.place_app, place.place_app.catalog

    def ask(offer: VerdictOffer) -> None:
        name = cell_text(offer.name, 40)

        def said(before: OwnWord) -> None:
            def undone() -> str:
                take_back(catalog, before)
                return f"Took back what you said of {name}."

            app.did(Deed(f"the verdict on {name}", undone, then))
            line = headline(catalog.verdicts.of(content_id)) or "nothing"
            app.notify(f"{name}: {cell_text(line, 120)} · u undo", timeout=5)
            then()

        def answered(findings: tuple[Finding, ...] | None) -> None:
            if findings is not None:
                in_background(
                    place, "say", lambda: say(catalog, content_id, findings), said,
                    exclusive=False,
                )  # fmt: skip

        app.push_screen(VerdictDialog(offer), answered)

    in_background(place, "say-offer", lambda: verdict_offer(catalog, content_id), ask)


class _Kinds(LineList):
    """A line for each thing that can be said."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"kind--probe", "kind--fault"}
    DEFAULT_CSS = """
    _Kinds { height: 10; background: $panel; }
    _Kinds > .kind--probe { color: $secondary; }
    _Kinds > .kind--fault { color: $error; }
    """

    def __init__(self, offer: VerdictOffer) -> None:
        super().__init__()
        self.said: dict[VerdictKind, str] = _texts(offer.findings)
        self.probe = offer.probe
        self.line_count = len(_KINDS)

    @property
    def kind(self) -> VerdictKind:
        return _KINDS[self.cursor]

    @property
    def faults(self) -> Mapping[VerdictKind, str]:
        found: dict[VerdictKind, str] = {}
        for kind, text in self.said.items():
            try:
                _findings(kind, text)
            except UsageError as error:
                found[kind] = told(error)
        return found

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        kind = _KINDS[index]
        said = self.said.get(kind)
        box = "[ ]" if said is None else "[x]"
        name = f"{kind_words(kind)} above" if kind in _ABOVE else kind_words(kind)
        fault = self.faults.get(kind, "")
        measured = [one for one in self.probe.findings if one.kind is kind] if self.probe else []
        beside = f"✗ {fault}" if fault else f"probe: {findings_line(measured)}" if measured else ""
        style = base + self.tone("kind--fault" if fault else "kind--probe")
        return [
            Segment(f"{'❯' if cursor else ' '} {box} ", base),
            Segment(fit(name, 24), base),
            Segment(fit(said or "", _VALUE), base),
            Segment(fit(beside, max(width - 30 - _VALUE, 0)), style),
        ]

    def toggle(self) -> None:
        kind = self.kind
        if kind in self.said:
            del self.said[kind]
        else:
            self.said[kind] = _texts(self.probe.findings if self.probe else ()).get(kind, "")
        self.redraw(self.cursor)

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        event.stop()
        self.toggle()


class VerdictDialog(Dialog[tuple[Finding, ...]]):
    """The result is all that the person says; empty takes their word back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,ctrl+s", "take", "Take", show=False, priority=True),
        Binding("space,x", "choose", "Say", show=False),
        Binding("e,tab", "value", "Value", show=False),
    ]
    DEFAULT_CSS = """
    VerdictDialog > #box { width: 92; padding: 0 1; }
    VerdictDialog Input { width: 1fr; margin: 1 0 0 0; }
    """

    def __init__(self, offer: VerdictOffer) -> None:
        super().__init__()
        self._offer = offer

    def compose(self) -> ComposeResult:
        """What can be said, a field for numbers and words, and the keys."""
        with Vertical(id="box") as box:
            box.border_title = Content(f"What {cell_text(self._offer.name, 50)} does")
            yield Static(self._measured(), classes="told")
            yield _Kinds(self._offer)
            yield Input(
                placeholder="a strength, a range or a word, for the line above",
                select_on_focus=False,
            )
            yield Static(id="how", classes="told")
            yield Static(
                key_words(
                    ("Space", "says it"), ("0–9", "types a strength"), ("e", "a word"),
                    ("Enter", "keeps all"), ("Esc", "leaves"),
                ),
                classes="told",
            )  # fmt: skip

    def _measured(self) -> Content:
        probe = self._offer.probe
        if probe is None:
            return Content("No probe has looked at it yet: p in the library does.")
        line = findings_line(probe.findings) or "nothing"
        return Content.assemble(
            f"Probed on {cell_text(probe.checkpoint, 40)}: ", (cell_text(line, 200), "$secondary")
        )

    @property
    def kinds(self) -> _Kinds:
        """The lines."""
        return self.query_one(_Kinds)

    def on_mount(self) -> None:
        """Begin with the lines."""
        self.kinds.focus()
        self._say_how()

    def _say_how(self) -> None:
        kind = self.kinds.kind
        what = "nothing more"
        if kind is VerdictKind.USABLE:
            what = "a range: 0.4..0.9"
        elif kind in WITH_STRENGTH:
            what = "a strength: 0.7"
        elif kind in OF_WORDS:
            what = "the trigger word, or nothing"
        self.query_one("#how", Static).update(Content(f"{kind_words(kind)} takes {what}."))

    def on_line_list_moved(self) -> None:
        """Another line."""
        if self.is_mounted and self.query(Input):
            self._say_how()

    def on_key(self, event: events.Key) -> None:
        """A number begins a strength."""
        if not event.character or event.character not in "0123456789.-":
            return
        event.stop()
        if self.focused is self.kinds:
            self._edit(event.character)
        else:
            # It was on its way to the lines when the field got the focus.
            self.query_one(Input).insert_text_at_cursor(event.character)

    def _edit(self, text: str) -> None:
        kind = self.kinds.kind
        if kind is not VerdictKind.USABLE and kind not in WITH_STRENGTH and kind not in OF_WORDS:
            self.app.notify(f"{kind_words(kind)} takes no number.", severity="warning", timeout=3)
            return
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)
        # At once: the next key of a word that is typed quickly belongs to the field.
        self.set_focus(field)
        self._typed(text)

    def _typed(self, text: str) -> None:
        self.kinds.said[self.kinds.kind] = text
        self.kinds.redraw(self.kinds.cursor)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check as one types."""
        if self.focused is event.input:
            self._typed(event.value)

    def action_choose(self) -> None:
        """Say this, or no longer."""
        self.kinds.toggle()

    def action_value(self) -> None:
        """Type the value of the line, or go back to the lines."""
        if self.focused is self.kinds:
            self._edit(self.kinds.said.get(self.kinds.kind, ""))
        else:
            self.kinds.focus()

    def action_take(self) -> None:
        """From the field to the lines; from there away with all that was said."""
        if self.focused is not self.kinds:
            # The lines first, so that emptying the field is no edit.
            self.set_focus(self.kinds)
            self.query_one(Input).value = ""
            return
        try:
            findings = [one for kind in _KINDS if kind in self.kinds.said
                        for one in _findings(kind, self.kinds.said[kind])]  # fmt: skip
        except LoradexError as error:
            self.app.notify(told(error), severity="warning", timeout=5)
            return
        self.dismiss(tuple(findings))


def _texts(findings: Sequence[Finding]) -> dict[VerdictKind, str]:
    """Return what is said by kind; several words of a kind stand between commas."""
    said: dict[VerdictKind, str] = {}
    for one in findings:
        if one.kind not in _KINDS:
            continue
        text = finding_text(one)
        said[one.kind] = f"{said[one.kind]}, {text}" if said.get(one.kind) else text
    return said


def _findings(kind: VerdictKind, text: str) -> list[Finding]:
    if kind not in OF_WORDS:
        return [finding_of(kind, text)]
    words = [word.strip() for word in text.split(",") if word.strip()]
    return [finding_of(kind, word) for word in words or [""]]
