"""A grid while it is put together: rows of text, where each goes, and the request they make."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from loradex.domain.axes import AxisKind
from loradex.operations.grid_request import AxisRequest, GridRequest
from loradex.operations.grid_typing import joined_texts, split_texts

FIRST_KINDS = (
    AxisKind.LORA,
    AxisKind.CHECKPOINT,
    AxisKind.STRENGTH,
    AxisKind.PROMPT,
    AxisKind.NEGATIVE,
    AxisKind.TRIGGER,
    AxisKind.SEED,
    AxisKind.STEPS,
    AxisKind.GUIDANCE,
    AxisKind.SAMPLER,
    AxisKind.SIZE,
)
"""What every builder shows, said or not."""


class Side(StrEnum):
    """Where the values of an axis go; `auto` leaves it to what reads best."""

    AUTO = "auto"
    ACROSS = "across"
    DOWN = "down"
    PAGES = "pages"


@dataclass(frozen=True, slots=True)
class AxisRow:
    """One thing of the grid. `find` is, for a prompt part, the text that is replaced."""

    kind: AxisKind
    text: str = ""
    find: str = ""


@dataclass(frozen=True, slots=True)
class GridForm:
    """All rows, in the order they are shown, and the rest of the request as it is.

    `sides` holds the kinds that a person put somewhere, outermost first.
    """

    rows: tuple[AxisRow, ...]
    sides: tuple[tuple[AxisKind, Side], ...] = ()
    rest: GridRequest = field(default_factory=lambda: GridRequest(()))

    def side(self, kind: AxisKind) -> Side:
        """Return where a kind goes."""
        return next((side for one, side in self.sides if one is kind), Side.AUTO)

    def put(self, kind: AxisKind, step: int) -> GridForm:
        """Return the form with a kind at the next place, or at the one before."""
        order = list(Side)
        side = order[(order.index(self.side(kind)) + step) % len(order)]
        others = tuple(one for one in self.sides if one[0] is not kind)
        return replace(self, sides=others if side is Side.AUTO else (*others, (kind, side)))

    def turned(self) -> GridForm:
        """Return the form with what goes across and what goes down swapped."""
        swap = {Side.ACROSS: Side.DOWN, Side.DOWN: Side.ACROSS}
        return replace(self, sides=tuple((kind, swap.get(s, s)) for kind, s in self.sides))

    def with_text(self, index: int, text: str) -> GridForm:
        """Return the form with another text in one row."""
        rows = list(self.rows)
        rows[index] = replace(rows[index], text=text)
        return replace(self, rows=tuple(rows))

    def with_row(self, row: AxisRow) -> GridForm:
        """Return the form with a row more, unless it has that one."""
        if any(one.kind is row.kind and one.find == row.find for one in self.rows):
            return self
        return replace(self, rows=(*self.rows, row))

    def without(self, index: int) -> GridForm:
        """Return the form with a row emptied, or gone if it is none of the first ones."""
        row = self.rows[index]
        sides = tuple(one for one in self.sides if one[0] is not row.kind)
        form = replace(self, sides=sides)
        if row.kind in FIRST_KINDS:
            return form.with_text(index, "")
        return replace(form, rows=tuple(one for n, one in enumerate(self.rows) if n != index))

    def request(self) -> GridRequest:
        """Return what is asked for; raise `UsageError` for a quote that is never closed."""
        axes = tuple(
            AxisRequest(row.kind, split_texts(row.kind, row.text), row.find) for row in self.rows
        )
        said = {axis.kind for axis in axes if axis.texts}

        def kinds(side: Side) -> tuple[AxisKind, ...]:
            return tuple(kind for kind, one in self.sides if one is side and kind in said)

        return replace(
            self.rest, axes=axes, x=kinds(Side.ACROSS), y=kinds(Side.DOWN), pages=kinds(Side.PAGES)
        )


def form_of(request: GridRequest) -> GridForm:
    """Return the form that makes this request."""
    said = {(axis.kind, axis.find): joined_texts(axis.kind, axis.texts) for axis in request.axes}
    rows = [AxisRow(kind, said.pop((kind, ""), "")) for kind in FIRST_KINDS]
    rows += [AxisRow(kind, text, find) for (kind, find), text in said.items()]
    sides = [
        (kind, side)
        for side, kinds in (
            (Side.ACROSS, request.x),
            (Side.DOWN, request.y),
            (Side.PAGES, request.pages),
        )
        for kind in kinds
    ]
    return GridForm(tuple(rows), tuple(sides), replace(request, axes=(), x=(), y=(), pages=()))
