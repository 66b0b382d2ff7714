"""Recipes and cells as JSON can hold them: all that is needed to draw the same pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TypeVar

import msgspec

from loradex.domain.grid import Cell
from loradex.domain.recipe import Recipe

_T = TypeVar("_T")


def recipe_to_plain(recipe: Recipe) -> dict[str, object]:
    """Return a recipe as objects, lists, texts and numbers."""
    return asdict(recipe)


def recipe_from_plain(plain: object) -> Recipe:
    """Return the recipe that `recipe_to_plain` wrote; raise `ValueError` for what is none."""
    return _read(plain, Recipe)


def cell_to_plain(cell: Cell) -> Mapping[str, object]:
    """Return a cell as objects, lists, texts and numbers."""
    return asdict(cell)


def cell_from_plain(plain: object) -> Cell:
    """Return the cell that `cell_to_plain` wrote; raise `ValueError` for what is none."""
    return _read(plain, Cell)


def _read(plain: object, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"no {kind.__name__.lower()}: {error}") from error
