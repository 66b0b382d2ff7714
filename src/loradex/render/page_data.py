"""All that a page's script needs: the axes, the distinct cells, and which one stands where."""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from loradex.domain.grid import FailedCell, GridPlan, Place, RenderedCell
from loradex.domain.text import display_lines, display_text
from loradex.render.captions import (
    TEXT_KINDS,
    axis_name,
    base_values,
    shared_facts,
    value_text,
    varied_axes,
)
from loradex.render.page_pictures import PagePicture, small_side


def page_data(
    plan: GridPlan,
    finished: Mapping[str, RenderedCell],
    failed: Mapping[str, FailedCell],
    pictures: Mapping[str, PagePicture],
    folder: Path,
    *,
    notes: Sequence[str],
) -> dict[str, object]:
    """Return the data block of a page in `folder`, as JSON can hold it.

    Axes are those that vary. `places` has the cell number of each combination of their values,
    the last axis fastest, and `bases` that of the same without LoRA; -1 where there is none.
    """
    spec = plan.spec
    varied = sorted(varied_axes(spec))
    numbers = {cell.key: number for number, cell in enumerate(plan.cells)}
    lengths = [spec.lengths[axis] for axis in varied]
    places = [-1] * math.prod(lengths)
    bases = list(places)
    for placement in plan.placements:
        at = _index([placement.at[axis] for axis in varied], lengths)
        places[at] = numbers[placement.cell.key]
        if placement.base_key is not None:
            bases[at] = numbers.get(placement.base_key, -1)
    layout = spec.layout
    return {
        "facts": [[fact.name, fact.text] for fact in shared_facts(spec)],
        "notes": [display_text(note, 500) for note in notes],
        "axes": _axes(plan, varied),
        "x": [varied.index(axis) for axis in layout.x if axis in varied],
        "y": [varied.index(axis) for axis in layout.y if axis in varied],
        "shape": _shape(plan),
        "small": small_side(sum(cell.key in finished for cell in plan.cells)),
        "places": places,
        "bases": bases,
        "cells": [
            _cell(finished.get(cell.key), failed.get(cell.key), pictures.get(cell.key), folder)
            for cell in plan.cells
        ],
    }


def _index(at: Sequence[int], lengths: Sequence[int]) -> int:
    index = 0
    for number, length in zip(at, lengths, strict=True):
        index = index * length + number
    return index


def _axes(plan: GridPlan, varied: Sequence[int]) -> list[dict[str, object]]:
    bases = base_values(plan)
    made: list[dict[str, object]] = []
    for number in varied:
        axis = plan.spec.axes[number]
        count = len(axis.values)
        made.append(
            {
                "name": axis_name(axis),
                "isText": axis.kind in TEXT_KINDS,
                "values": [value_text(axis, value) for value in range(count)],
                "base": [value for value in range(count) if (number, value) in bases],
            }
        )
    return made


def _shape(plan: GridPlan) -> Place:
    """Return the width and height that every picture of the grid fits into."""
    sizes = [(cell.recipe.settings.width, cell.recipe.settings.height) for cell in plan.cells]
    if not sizes:
        return plan.spec.settings.width, plan.spec.settings.height
    return max(width for width, _ in sizes), max(height for _, height in sizes)


def _cell(
    done: RenderedCell | None,
    broken: FailedCell | None,
    picture: PagePicture | None,
    folder: Path,
) -> dict[str, object]:
    """Return one cell for the script: a picture, the reason why there is none, or nothing yet."""
    if done is not None and picture is not None:
        return {
            "small": f"data:image/webp;base64,{base64.b64encode(picture.small).decode('ascii')}",
            "size": [done.width, done.height],
            "full": picture.full is not None,
            "file": _link(Path(done.path), folder),
            "parameters": display_lines(done.infotext),
            "seconds": f"{done.seconds:.1f}",
        }
    if done is not None:
        return {"error": "Its file cannot be read."}
    return {"error": display_lines(broken.message[:2000])} if broken is not None else {}


def _link(target: Path, folder: Path) -> str:
    """Return a relative address of `target` from a page in `folder`."""
    try:
        relative = os.path.relpath(target.absolute(), folder.absolute())
    except ValueError:  # another drive of Windows, which nothing relative leads to
        return target.absolute().as_uri()
    return "/".join(quote(part, safe="") for part in Path(relative).parts)
