"""Where the axes of a grid go, and which of its combinations are left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from loradex.domain.axes import Axis, AxisKind, Value
from loradex.domain.grid import Layout
from loradex.domain.recipe import GridModel
from loradex.errors import UsageError
from loradex.operations.grid_models import ModelFinder
from loradex.operations.grid_request import GridRequest
from loradex.operations.grid_values import read_values

_ACROSS = (
    AxisKind.STRENGTH,
    AxisKind.STRENGTH_CLIP,
    AxisKind.STRENGTH2,
    AxisKind.CONTROL_STRENGTH,
    AxisKind.DENOISING,
    AxisKind.GUIDANCE,
    AxisKind.STEPS,
    AxisKind.SAMPLER,
    AxisKind.SCHEDULE,
    AxisKind.SEED,
)
"""What reads best across, the first that a grid has."""


def layout_of(request: GridRequest, axes: Sequence[Axis], known: Collection[AxisKind]) -> Layout:
    """Return where each axis goes: as asked, the rest down, one of them across.

    `known` are the kinds that the grid says anything of, also those with one value, for which
    there is nothing to lay out. Raises `UsageError` for others.
    """
    across, down, pages = (
        _numbers(kinds, axes, known) for kinds in (request.x, request.y, request.pages)
    )
    placed = [*across, *down, *pages]
    for number in placed:
        if placed.count(number) > 1:
            raise UsageError(
                f"{axes[number].kind} is asked for across, down or on pages more than once."
            )
    rest = [number for number in range(len(axes)) if number not in placed]
    if not across and rest:
        best = min(rest, key=lambda number: _rank(axes[number].kind))
        across = (best,)
        rest.remove(best)
    return Layout(x=across, y=(*down, *rest), pages=pages)


def excluded(
    rules: Sequence[Mapping[AxisKind, tuple[str, ...]]],
    stated: Sequence[Axis],
    axes: Sequence[Axis],
    finder: ModelFinder,
) -> tuple[Mapping[int, frozenset[int]], ...]:
    """Return the rules by the numbers of `axes` and of their values.

    `stated` are all axes, also those with one value: such a one may stand in a rule, where it
    says nothing. Raises `UsageError` for a rule that leaves nothing out.
    """
    return tuple(_rule(rule, stated, axes, finder) for rule in rules)


def _rule(
    rule: Mapping[AxisKind, tuple[str, ...]],
    stated: Sequence[Axis],
    axes: Sequence[Axis],
    finder: ModelFinder,
) -> Mapping[int, frozenset[int]]:
    numbers: dict[int, frozenset[int]] = {}
    met = True
    for kind, texts in rule.items():
        wanted = {_identity(one.value) for one in read_values(kind, texts, finder)}
        met = met and any(
            _identity(one.value) in wanted
            for axis in stated
            if axis.kind is kind
            for one in axis.values
        )
        for at, axis in enumerate(axes):
            values = frozenset(
                number
                for number, one in enumerate(axis.values)
                if axis.kind is kind and _identity(one.value) in wanted
            )
            if values:
                numbers[at] = values
    if met and numbers:
        return numbers
    words = " ".join(f"{kind}={','.join(texts)}" for kind, texts in rule.items())
    raise UsageError(
        f"The grid has nothing to exclude at {words}.",
        hint="Exclude by values of axes that the grid varies.",
    )


def _identity(value: Value) -> object:
    """Return what makes two values the same: a checkpoint may have got its companions since."""
    return ("model", value.content_id) if isinstance(value, GridModel) else value


def _numbers(
    kinds: Sequence[AxisKind], axes: Sequence[Axis], known: Collection[AxisKind]
) -> tuple[int, ...]:
    numbers: list[int] = []
    for kind in kinds:
        if kind not in known:
            raise UsageError(
                f"This grid does not vary {kind}, so it cannot be laid out by it.",
                hint=f"It varies {', '.join(dict.fromkeys(axis.kind for axis in axes))}.",
            )
        numbers += [number for number, axis in enumerate(axes) if axis.kind is kind]
    return tuple(numbers)


def _rank(kind: AxisKind) -> int:
    return _ACROSS.index(kind) if kind in _ACROSS else len(_ACROSS)
