"""The list of models on a hub: what a search found, or what is newer than what is owned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.message import Message

from loradex.domain.hub import HubImage, HubModel, HubVersion
from loradex_tui.actions import bindings
from loradex_tui.cells import fit, fit_right
from loradex_tui.widgets.line_list import LineList
from loradex_tui.wording import short_count, size_text

_GUTTER = 4
_LEAST_NAME = 18


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A model of a hub as a line: `version` is what would be downloaded."""

    hub: str
    model: HubModel
    version: HubVersion | None
    size_bytes: int | None
    owned: frozenset[int]
    """Ids of its versions that are in the library."""
    picture: HubImage | None
    page_url: str = ""
    withheld: str = ""
    """Why nothing can be downloaded; empty when something can."""
    update: bool = False
    have: str = ""
    """Name of the newest version that is owned, of an update."""

    def reference(self, version: HubVersion) -> str:
        """Return what names a version to the download plan."""
        if version.slug is not None:
            return f"hf:{version.slug}" if self.hub == "huggingface" else version.slug
        return f"version:{version.id}"

    @property
    def mark(self) -> str:
        """`✓` when the version is owned, `·` when another one is."""
        if self.version is not None and self.version.id in self.owned:
            return "✓"
        return "·" if self.owned else " "


class FoundList(LineList):
    """Models of a hub, with a cursor; near its end it asks for more."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("found")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "found--name",
        "found--quiet",
        "found--base",
        "found--owned",
        "found--cursor",
    }
    DEFAULT_CSS = """
    FoundList > .found--name { color: $foreground; }
    FoundList > .found--quiet { color: $quiet; }
    FoundList > .found--base { color: $primary; }
    FoundList > .found--owned { color: $accent; }
    FoundList > .found--cursor { color: $primary; text-style: bold; }
    """

    class Opened(Message):
        """The person wants to see the details."""

    class NearEnd(Message):
        """The cursor comes near the last line."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[FoundLine] = []

    @property
    def current(self) -> FoundLine | None:
        """The line under the cursor."""
        return self.lines[self.cursor] if self.cursor < len(self.lines) else None

    def show(self, lines: list[FoundLine], *, keep: bool = False) -> None:
        """Show these lines; the cursor stays where it is with `keep`, else it goes on top."""
        self.lines = lines
        if not keep:
            self.scroll_to(y=0, animate=False, force=True)
        self.set_line_count(len(lines), self.cursor if keep else 0)

    def move_to(self, index: int) -> None:
        """Move, and ask for more in good time."""
        super().move_to(index)
        if self.cursor >= len(self.lines) - 5:
            self.post_message(self.NearEnd())

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return mark, name, and as many of kind, base, date, size and downloads as fit."""
        line = self.lines[index]
        version = line.version
        tail = [
            (version.base_model if version else "", 12, "base", False),
            (size_text(line.size_bytes) if line.size_bytes else "", 8, "quiet", True),
            ((version.published_at or "")[:10] if version else "", 11, "quiet", True),
            (line.model.type, 12, "quiet", False),
            (short_count(line.model.downloads, "↓"), 8, "quiet", True),
        ]
        room = width - _GUTTER
        shown = []
        for part in tail:
            if room - part[1] < _LEAST_NAME:
                break
            room -= part[1]
            shown.append(part)
        name = line.model.name or f"model {line.model.id}"
        if version is not None and version.name:
            name = f"{name}  {version.name}"

        def style(kind: str) -> Style:
            return base + self.tone(f"found--{kind}")

        return [
            Segment("❯ " if cursor else "  ", style("cursor")),
            Segment(f"{line.mark} ", style("owned")),
            Segment(fit(name, max(room - 1, 0)) + " ", style("name")),
            *(
                Segment((fit_right if right else fit)(text, cells - 1) + " ", style(kind))
                for text, cells, kind, right in shown
            ),
        ]

    def do_open_found(self) -> None:
        """Go to the details."""
        self.post_message(self.Opened())
