"""The list of the inbox: a model a line, with what is proposed of it, why, and how surely."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType

from loradex.operations.inbox.items import Group, Item
from loradex_tui.actions import bindings
from loradex_tui.cells import fit, fit_right
from loradex_tui.widgets.inbox_words import GROUP_MARKS, short_evidence, sure_text
from loradex_tui.widgets.model_list import FetchRows, ModelList
from loradex_tui.wording import kind_label, row_base, size_text

_SURE = 11
_LEAST_EVIDENCE = 20
_WITH_EVIDENCE = 70


@lru_cache(64)
def widths(width: int) -> tuple[int, int, int, int]:
    """Return the cells of name, proposal, evidence (0: none) and confidence, gaps included."""
    free = width - 4 - _SURE
    evidence = max(free // 4, _LEAST_EVIDENCE) if width >= _WITH_EVIDENCE else 0
    name = max((free - evidence) * 2 // 5, 12)
    return name, max(free - evidence - name, 0), evidence, _SURE


class InboxList(ModelList, inherit_bindings=False):
    """Models with what is proposed of them. `items` are those that were read."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list"), *bindings("inbox_list")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "inbox--tags",
        "inbox--question",
        "inbox--new",
        "inbox--why",
        "inbox--sure",
        "inbox--likely",
        "inbox--maybe",
    }
    DEFAULT_CSS = """
    InboxList > .inbox--tags { color: $chip; }
    InboxList > .inbox--question { color: $accent; }
    InboxList > .inbox--new { color: $quiet; }
    InboxList > .inbox--why { color: $quiet; }
    InboxList > .inbox--sure { color: $success; }
    InboxList > .inbox--likely { color: $foreground; }
    InboxList > .inbox--maybe { color: $quiet; }
    """

    def __init__(
        self,
        fetch_rows: FetchRows,
        items: Mapping[int, Item],
        kept: Callable[[int, str], bool],
        open_: Callable[[], None],
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(fetch_rows, id=id)
        self._items = items
        self._kept = kept
        """Whether a model's tag is checked."""
        self._open = open_

    @property
    def current_item(self) -> Item | None:
        """What is proposed of the model under the cursor; None while that is not known."""
        return None if self.current_id is None else self._items.get(self.current_id)

    def do_open(self) -> None:
        """Show the proposal, at once: the next key belongs to it."""
        self._open()

    def reload(self, ids: Iterable[int] | None = None) -> None:
        """Read these again (all when None): what is proposed may be other things."""
        super().reload(ids)
        self._fetch_soon()

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return one model, or a line that waits for its text."""
        id_ = self.window.ids[index]
        row = self.window.row(index)
        item = self._items.get(id_)
        marked = id_ in self.marks
        segments = [
            Segment("❯" if cursor else " ", base + self.tone("model--cursor")),
            Segment("*" if marked else " ", base + self.tone("model--mark")),
        ]
        if row is None or item is None or item.group is None:
            if row is None:
                self._fetch_soon()
            return [*segments, Segment(fit("  ·", width - 2), base + self.tone("model--wait"))]
        name, proposal, evidence, sure = widths(width)
        tone = _TONES[item.group]
        segments.append(Segment(f"{GROUP_MARKS[item.group]} ", base + self.tone(tone)))
        segments.append(
            Segment(
                fit(_name(item), name - 1) + " ",
                base + self.tone("model--mark" if marked else "model--name"),
            )
        )
        segments.append(
            Segment(fit(self._proposed(item), proposal - 1) + " ", base + self.tone(tone))
        )
        if evidence:
            why = short_evidence(item.evidence)
            segments.append(Segment(fit(why, evidence - 1) + " ", base + self.tone("inbox--why")))
        word = "" if item.group is Group.NEW else sure_text(item.sure)
        segments.append(
            Segment(fit_right(word, sure), base + self.tone(f"inbox--{_sure_tone(item.sure)}"))
        )
        return segments

    def _proposed(self, item: Item) -> str:
        """Return what is proposed; of tags those that are checked, of a new model what it is."""
        if item.group is Group.NEW:
            row = item.row
            what = (kind_label(row.kind), row_base(row), size_text(row.size))
            return " · ".join(part for part in what if part)
        if item.group is Group.MATCH:
            return item.proposed
        tags = [each.tag for each in item.tags if self._kept(item.row.id, each.tag)]
        return ", ".join(tags) or "none of its tags"


def _name(item: Item) -> str:
    """Return what a model is called: by its file where the hub's name is in doubt."""
    doubted = any(each.subject == "match" for each in item.questions)
    file_name = item.row.file_name
    return (file_name.rpartition(".")[0] or file_name) if doubted else item.row.name


_TONES = {Group.MATCH: "inbox--question", Group.TAGS: "inbox--tags", Group.NEW: "inbox--new"}


def _sure_tone(sure: float) -> str:
    word = sure_text(sure).partition(" ")[0]
    return word if word in ("sure", "likely") else "maybe"
