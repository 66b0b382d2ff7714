"""What a template makes of a few models, for whoever is still writing it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from loradex.catalog.catalog import Catalog
from loradex.domain.library import Library
from loradex.domain.plans import Place
from loradex.domain.text import display_text
from loradex.operations.path_template import PathTemplate
from loradex.operations.tidying.organising import (
    Tidy,
    organise_template,
    plan_tidy,
    rename_template,
)

TemplateKind = Literal["organise", "rename", "consolidate"]


@dataclass(frozen=True, slots=True)
class Example:
    """One file, by its library's name and its path below; safe to print."""

    source: str
    target: str
    """Where it goes; empty when it stays."""
    stays: str = ""
    """Why it stays."""


def read_template(kind: TemplateKind, text: str) -> PathTemplate:
    """Read a template for this sort of plan; raise `TemplateError`."""
    return rename_template(text) if kind == "rename" else organise_template(text)


def spread(ids: Sequence[int], count: int = 5) -> list[int]:
    """Return some of these, from all over them."""
    if len(ids) <= count:
        return list(ids)
    return [ids[number * (len(ids) - 1) // (count - 1)] for number in range(count)]


def examples(
    catalog: Catalog,
    kind: TemplateKind,
    template: PathTemplate,
    ids: Sequence[int],
    into: Library | None = None,
    *,
    suffix: bool = True,
) -> list[Example]:
    """Return what becomes of the first file of each of these models, as if there were no others."""
    tidy = Tidy(kind, template, into=into, suffix=suffix, models=frozenset(ids))
    plan = plan_tidy(catalog, tidy)
    names = {library.id: library.name for library in catalog.files.libraries()}

    def text(place: Place) -> str:
        return display_text(
            f"{names.get(place.library_id, '?')}/{os.fsdecode(place.relative)}", 4096
        )

    goes = {step.file_id: step for step in plan.moves if step.file_id is not None}
    stays = {conflict.file_id: conflict for conflict in plan.conflicts}
    found = []
    seen: set[int] = set()
    for file in catalog.tidying.locations(ids):
        if file.content_id in seen:
            continue
        seen.add(file.content_id)
        step, conflict = goes.get(file.file_id), stays.get(file.file_id)
        if step is not None and step.source is not None:
            found.append(Example(text(step.source), text(step.target)))
        elif conflict is not None:
            found.append(Example(text(conflict.source), "", conflict.reason))
        else:
            library = names.get(file.library_id, "?")
            shown = display_text(f"{library}/{os.fsdecode(file.raw_path)}", 4096)
            found.append(Example(shown, "", "It is there already."))
    return found
