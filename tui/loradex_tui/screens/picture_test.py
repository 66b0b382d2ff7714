"""Does this terminal show pictures? Each way is tried, and what a person saw is remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from PIL import Image, ImageDraw
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from loradex_tui.background import in_background
from loradex_tui.cells import cell_text
from loradex_tui.pictures.choice import Choice, PictureMode
from loradex_tui.pictures.picture_box import PictureBox
from loradex_tui.pictures.remembered import TerminalMemory
from loradex_tui.screens.dialog import Dialog, key_words

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_WAYS = {
    PictureMode.KITTY: "kitty: every pixel, in kitty from 0.28, Ghostty",
    PictureMode.SIXEL: "sixel: every pixel, in foot, WezTerm, Konsole",
    PictureMode.HALF: "half: coarse blocks, wherever there are colours",
    PictureMode.ASCII: "ascii: letters, for few colours or none",
    PictureMode.OFF: "off: no pictures",
}
_ORDER = tuple(_WAYS)
_ROWS = 9


class PictureTest(Dialog[PictureMode]):
    """Draws a test picture in each way that is asked for; the result is the way that was chosen.

    The app draws so from then on, and does so again in this terminal.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j,right,l,n", "step(1)", "Next way", show=False),
        Binding("up,k,left,h", "step(-1)", "Way before", show=False),
        Binding("y,enter", "seen", "I see it", show=False),
        Binding("f", "forget", "Forget", show=False),
    ]
    DEFAULT_CSS = """
    PictureTest > #box { width: 62; }
    PictureTest #ways { height: auto; margin: 0 0 1 0; }
    PictureTest #stage { height: 9; }
    PictureTest #question { margin: 1 0 0 0; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.mode = self._used = PictureMode.HALF

    @property
    def _loradex(self) -> LoradexApp:
        return cast("LoradexApp", self.app)

    def compose(self) -> ComposeResult:
        """The ways, the picture, the question."""
        with Vertical(id="box") as box:
            box.border_title = "Does this terminal show pictures?"
            yield Static(id="why", classes="told")
            yield Static(id="ways")
            with Vertical(id="stage"):
                yield PictureBox(self.mode, _ROWS)
            yield Static(id="question")
            yield Static(
                key_words(
                    ("y", "yes, draw so"), ("n", "no, the next way"), ("f", "forget"),
                    ("Esc", "leave"),
                )
            )  # fmt: skip

    def on_mount(self) -> None:
        """Begin with the way that is in use."""
        app = self._loradex
        self.mode = self._used = app.pictures
        choice = app.launch.pictures
        name = cell_text(choice.terminal.key)
        told = f"{name}: {choice.why}" if choice.why else name
        self.query_one("#why", Static).update(Content(told))
        self._show()

    def _show(self) -> None:
        lines = []
        for mode, words in _WAYS.items():
            here = mode is self.mode
            used = "  in use" if mode is self._used else ""
            style = "bold $foreground" if here else "$quiet"
            mark = ("❯ " if here else "  ", "$accent")
            lines.append(Content.assemble(mark, (words, style), (used, "$accent")))
        self.query_one("#ways", Static).update(Content("\n").join(lines))
        # All of the app draws so meanwhile: how it writes to the terminal depends on it.
        self._loradex.pictures = self.mode
        box = self.query_one(PictureBox)
        box.draw_as(self.mode)
        box.show(test_picture())
        self.query_one("#question", Static).update(
            "Show no pictures here?"
            if self.mode is PictureMode.OFF
            else "Do you see a red disc, a green triangle, a blue square?"
        )

    def action_step(self, step: int) -> None:
        """Try another way."""
        self.mode = _ORDER[(_ORDER.index(self.mode) + step) % len(_ORDER)]
        self._show()

    def action_leave(self) -> None:
        """Draw as before."""
        self._loradex.pictures = self._used
        super().action_leave()

    def action_seen(self) -> None:
        """Draw so, now and the next time."""
        app, mode = self._loradex, self.mode
        memory, terminal = TerminalMemory(app.catalog.home), app.launch.pictures.terminal

        def kept(_nothing: None) -> None:
            told = f"You chose it for {cell_text(terminal.key)}."
            app.launch = replace(app.launch, pictures=Choice(mode, told, terminal))
            self.dismiss(mode)

        in_background(self, "remember", lambda: memory.keep(terminal, mode), kept)

    def action_forget(self) -> None:
        """Let the terminal be looked at anew when loradex starts the next time."""
        memory, terminal = (
            TerminalMemory(self._loradex.catalog.home),
            self._loradex.launch.pictures.terminal,
        )

        def forgotten(_nothing: None) -> None:
            self.app.notify("Forgotten: the next start looks for itself.", timeout=4)

        in_background(self, "remember", lambda: memory.keep(terminal, None), forgotten)


def test_picture() -> Image.Image:
    """Return a picture that nobody takes for noise: three shapes before an evening sky."""
    width, height = 480, 200
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for y in range(height):
        share = y / height
        shade = (int(20 + 60 * share), int(24 + 40 * share), int(60 + 70 * share))
        draw.line([(0, y), (width, y)], fill=shade)
    draw.ellipse([40, 40, 160, 160], fill=(226, 70, 60))
    draw.polygon([(240, 36), (310, 164), (170, 164)], fill=(80, 190, 90))
    draw.rectangle([330, 44, 444, 158], fill=(70, 130, 230))
    return image
