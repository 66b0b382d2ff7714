"""The lines of a plan: what stays and why first, then what goes, a heading for each folder."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from loradex.domain.plans import OUTSIDE, Conflict, Place, StepState
from loradex.domain.text import display_text
from loradex.operations.tidying.overview import Overview, PlanItem

T = TypeVar("T")
FOLDED_FROM = 6
"""Files that stay for one reason are folded away from this many on: the reason tells most."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A line above others. `key` tells it from all other headings."""

    key: str
    text: str
    count: int
    nbytes: int
    stays: bool = False
    failed: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One model that goes: where it is now, and what it is called where it goes."""

    item: PlanItem
    source: str
    target: str
    """Empty when nothing of its name changes."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One file that stays."""

    conflict: Conflict
    source: str


Line = Heading | Row | Stay


class PlanTable:
    """All lines of a plan, and those that are shown: without what is folded or narrowed away."""

    def __init__(self, view: Overview) -> None:
        self.view = view
        several = len(view.libraries) > 1
        self._short = {id_: f"{name}/" if several else "" for id_, name in view.libraries.items()}
        self._groups = [*self._failed(), *self._stays(), *self._going()]
        self.folded = {
            heading.key
            for heading, lines in self._groups
            if heading.stays and len(lines) >= FOLDED_FROM
        }
        self._haystacks: dict[int, str] = {}

    def lines(self, words: str = "") -> list[Line]:
        """Return the lines to show: all, or those with all of these words and their headings."""
        wanted = words.casefold().split()
        shown: list[Line] = []
        for number, (heading, lines) in enumerate(self._groups):
            if not wanted:
                folded = heading.key in self.folded
                shown.append(replace(heading, folded=folded) if folded else heading)
                if not folded:
                    shown += lines
                continue
            beside = heading.text.casefold()
            found = [
                line
                for place, line in enumerate(lines)
                if all(word in beside or word in self._hay(number, place, line) for word in wanted)
            ]
            if found:
                nbytes = sum(line.item.nbytes for line in found if isinstance(line, Row))
                shown.append(replace(heading, count=len(found), nbytes=nbytes))
                shown += found
        return shown

    def _hay(self, number: int, place: int, line: Row | Stay) -> str:
        key = number * 10_000_000 + place
        if key not in self._haystacks:
            target = line.target if isinstance(line, Row) else ""
            self._haystacks[key] = f"{line.source}\n{target}".casefold()
        return self._haystacks[key]

    def _failed(self) -> Iterable[tuple[Heading, list[Row | Stay]]]:
        failed = [item for item in self.view.items if item.state is StepState.FAILED]
        for reason, items in _by(failed, lambda item: item.reason):
            rows: list[Row | Stay] = [self._row(item) for item in items]
            yield Heading(
                f"failed {reason}", f"could not be done: {display_text(reason, 400)}",
                len(rows), sum(item.nbytes for item in items), stays=True, failed=True,
            ), rows  # fmt: skip

    def _stays(self) -> Iterable[tuple[Heading, list[Row | Stay]]]:
        for reason, conflicts in _by(self.view.conflicts, lambda each: each.reason):
            rows: list[Row | Stay] = [Stay(each, self._place(each.source)) for each in conflicts]
            verb = "stays" if len(rows) == 1 else "stay"
            text = f"{verb}: {display_text(reason, 400)}"
            yield Heading(f"stays {reason}", text, len(rows), 0, stays=True), rows

    def _going(self) -> Iterable[tuple[Heading, list[Row | Stay]]]:
        going = [item for item in self.view.items if item.state is not StepState.FAILED]
        groups: defaultdict[tuple[str, int, bytes, bytes], list[PlanItem]] = defaultdict(list)
        for item in going:
            groups[_folder_key(item)].append(item)
        for key in sorted(groups, key=lambda key: (key[0] != "", key[2], key[3])):
            items = sorted(
                groups[key], key=lambda item: (item.target.name.lower(), item.source.relative)
            )
            rows: list[Row | Stay] = [self._row(item) for item in items]
            nbytes = sum(item.nbytes for item in items)
            yield Heading(f"{key}", self._folder_text(items[0]), len(rows), nbytes), rows

    def _row(self, item: PlanItem) -> Row:
        source, target = item.source, item.target
        if item.kept is not None:
            return Row(item, self._name_in(source), f"= {self._place(item.kept)}")
        if target.library_id == OUTSIDE:
            return Row(item, self._name_in(source), "")
        name = display_text(os.fsdecode(target.name), 4096)
        if source.library_id == OUTSIDE:
            return Row(item, name, "")
        same_folder = source.folder == target.folder
        text = self._name_in(source) if same_folder else self._place(source)
        return Row(item, text, "" if source.name == target.name else name)

    def _name_in(self, place: Place) -> str:
        return display_text(os.fsdecode(place.name), 4096)

    def _place(self, place: Place) -> str:
        if place.library_id == OUTSIDE:
            return f"trash/{self._name_in(place)}"
        before = self._short.get(place.library_id)
        if before is None:
            return place.shown
        return display_text(before + os.fsdecode(place.relative), 4096)

    def _folder_text(self, item: PlanItem) -> str:
        source, target = item.source, item.target
        if target.library_id == OUTSIDE:
            copies = ": copies of what stays" if item.kept else ""
            return f"→ trash, out of {self._folder(source)}{copies}"
        where = self._folder(target)
        if source.library_id == OUTSIDE:
            return f"→ {where}, out of the trash"
        if item.what == "copy":
            return f"⇒ {where}, on another disk"
        return f"{where}, new names" if source.folder == target.folder else f"→ {where}"

    def _folder(self, place: Place) -> str:
        name = self.view.libraries.get(place.library_id)
        folder = os.fsdecode(place.relative[: len(place.relative) - len(place.name)])
        if name is None:
            return display_text(os.fsdecode(place.folder) + "/", 4096)
        return display_text(f"{name}/{folder}", 4096)


def _folder_key(item: PlanItem) -> tuple[str, int, bytes, bytes]:
    """Return what the lines below one heading have in common."""
    source, target = item.source, item.target
    if target.library_id == OUTSIDE:
        return ("trash", source.library_id, source.root, source.folder + bytes([bool(item.kept)]))
    out = b"" if source.library_id != OUTSIDE else b"out"
    crosses = item.what if item.what == "copy" else ""
    names = b"names" if source.folder == target.folder else b""
    return (crosses, target.library_id, target.root + b"/" + target.folder, out + names)


def _by(items: Collection[T], reason: Callable[[T], str]) -> list[tuple[str, list[T]]]:
    """Return items by a reason, the most frequent one first."""
    counts = Counter(map(reason, items))
    groups: dict[str, list[T]] = {each: [] for each, _ in counts.most_common()}
    for item in items:
        groups[reason(item)].append(item)
    return list(groups.items())
