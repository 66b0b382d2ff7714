"""Prompt editing over the steps, as A1111 has it.

`[from:to:when]`, `[to:when]` and `[from::when]`: a `when` with a point is a share of all steps,
without one a step; what stands before it holds up to and with that step. `[a|b]` takes turns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TypeAlias

from loradex.render.prompts.brackets import matched_brackets
from loradex.render.unreadable import UnreadableText

_DEEPEST = 40
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


@dataclass(frozen=True, slots=True)
class Stage:
    """The text that holds up to and with the step `last`, counted from 1."""

    last: int
    text: str


@dataclass(frozen=True, slots=True)
class _Change:
    before: _Nodes
    after: _Nodes
    when: str


@dataclass(frozen=True, slots=True)
class _Turns:
    options: tuple[_Nodes, ...]


_Nodes: TypeAlias = "tuple[str | _Change | _Turns, ...]"


def stages(text: str, steps: int) -> tuple[Stage, ...]:
    """Return the texts that a prompt becomes over `steps` steps; one when nothing is edited.

    Raises `UnreadableText` when edits are nested deeper than anybody means.
    """
    nodes = _Tree(text).nodes(0, len(text), 0)
    if all(isinstance(node, str) for node in nodes):
        return (Stage(steps, text),)
    texts = ((step, _at(nodes, step, steps)) for step in range(1, steps + 1))
    runs = (list(run) for _, run in groupby(texts, key=lambda pair: pair[1]))
    return tuple(Stage(run[-1][0], run[-1][1]) for run in runs)


def stage_at(parts: tuple[Stage, ...], call: int, calls: int) -> int:
    """Return which stage holds at the `call`-th of `calls` evaluations, both from 0.

    Samplers of second order call the network twice a step; the share of the way counts.
    """
    steps = parts[-1].last
    step = call * steps // calls + 1
    return next(number for number, part in enumerate(parts) if step <= part.last)


def joint_stages(
    prompts: Sequence[tuple[Stage, ...]], calls: int
) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Return when any of several prompts changes: (first call, the stage of each prompt).

    The calls of the network are counted from 0 to `calls` - 1.
    """
    found: list[tuple[int, tuple[int, ...]]] = []
    for call in range(calls):
        now = tuple(stage_at(parts, call, calls) for parts in prompts)
        if not found or found[-1][1] != now:
            found.append((call, now))
    return tuple(found)


def _at(nodes: _Nodes, step: int, steps: int) -> str:
    said = []
    for node in nodes:
        if isinstance(node, str):
            said.append(node)
        elif isinstance(node, _Turns):
            said.append(_at(node.options[(step - 1) % len(node.options)], step, steps))
        else:
            when = float(node.when) * (steps if "." in node.when else 1)
            said.append(_at(node.before if step <= int(when) else node.after, step, steps))
    return "".join(said)


class _Tree:
    """Reads edits out of a text; brackets that are none stay as they are."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pairs = matched_brackets(text)

    def nodes(self, start: int, end: int, depth: int) -> _Nodes:
        found: list[str | _Change | _Turns] = []
        kept = at = start
        while at < end:
            closing = self._pairs.get(at, end) if self._text[at] == "[" else end
            edit = self._edit(at, closing, depth) if closing < end else None
            if edit is None:
                at += 2 if self._text[at] == "\\" else 1
                continue
            found += [self._text[kept:at], edit]
            kept = at = closing + 1
        return tuple(node for node in (*found, self._text[kept:end]) if node != "")

    def _edit(self, opening: int, closing: int, depth: int) -> _Change | _Turns | None:
        """Return the edit between two square brackets; None when they only weigh words."""
        bars, colons = self._marks(opening + 1, closing)
        if bars:
            parts = self._parts(opening, closing, bars, depth)
            return _Turns(tuple(parts))
        when = self._text[colons[-1] + 1 : closing].strip() if colons else ""
        if not 1 <= len(colons) <= 2 or not _NUMBER.fullmatch(when):
            return None
        parts = self._parts(opening, colons[-1], colons[:-1], depth)
        return _Change(parts[0] if len(parts) == 2 else (), parts[-1], when)

    def _parts(self, opening: int, closing: int, marks: list[int], depth: int) -> list[_Nodes]:
        if depth >= _DEEPEST:
            raise UnreadableText(
                "Prompt edits are nested too deeply", text=self._text, position=opening
            )
        bounds = pairwise((opening, *marks, closing))
        return [self.nodes(start + 1, end, depth + 1) for start, end in bounds]

    def _marks(self, start: int, end: int) -> tuple[list[int], list[int]]:
        """Return where `|` and `:` stand on this level, outside of inner brackets."""
        bars: list[int] = []
        colons: list[int] = []
        at = start
        while at < end:
            letter = self._text[at]
            if letter == "\\":
                at += 1
            elif self._pairs.get(at, end) < end:
                at = self._pairs[at]
            elif letter == "|":
                bars.append(at)
            elif letter == ":" and self._text[max(at - 9, 0) : at].lower() != "embedding":
                colons.append(at)
            at += 1
        return bars, colons
