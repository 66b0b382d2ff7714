"""All that is known of one model, from every corner of the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.domain.finding import CustomValue
from loradex.domain.library import FileState
from loradex.domain.models import HubMatch, ModelDetails
from loradex.domain.picture_recipes import Uses
from loradex.operations.hub_words import licence_words

if TYPE_CHECKING:
    from loradex.operations.tidying.trashed import GoneToTrash


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A file of another tool beside a model: whose form it has, where, and in which state."""

    dialect: str
    path: str
    state: str


@dataclass(frozen=True, slots=True)
class Beyond:
    """What is known of a model beyond its `ModelDetails`."""

    custom: Mapping[str, CustomValue] = field(default_factory=dict)
    collections: tuple[str, ...] = ()
    uses: Uses | None = None
    licence: tuple[str, ...] = ()
    """What the hub's licence says, in sentences; empty when nothing is known of it."""
    sidecars: tuple[Sidecar, ...] = ()
    trash: Mapping[int, GoneToTrash] = field(default_factory=dict)
    """Of files that are missing, by their ids: those that a plan put into the trash."""


@dataclass(frozen=True, slots=True)
class AboutModel:
    """Everything about a model."""

    details: ModelDetails
    beyond: Beyond


def about_model(catalog: Catalog, content_id: int) -> AboutModel:
    """Return everything about a model; raise `BadReference` when it is not there (any more)."""
    details = catalog.details(content_id)
    sidecars = catalog.sidecars.claims([content_id]).get(content_id, ())
    return AboutModel(
        details,
        Beyond(
            catalog.fields.values([content_id]).get(content_id, {}),
            tuple(catalog.collections.holding(content_id)),
            catalog.recipes.uses(content_id),
            _licence(catalog, details.match),
            tuple(Sidecar(each.dialect, each.path, each.state) for each in sidecars),
            gone_to_trash(catalog, details),
        ),
    )


def gone_to_trash(catalog: Catalog, details: ModelDetails) -> dict[int, GoneToTrash]:
    """Return which of a model's missing files a plan has put into the trash, by their ids."""
    missing = [file.id for file in details.files if file.state is FileState.MISSING]
    if not missing:
        return {}
    from loradex.operations.tidying.trashed import trash_of  # noqa: PLC0415 - seldom needed

    return trash_of(catalog, missing)


def _licence(catalog: Catalog, match: HubMatch | None) -> tuple[str, ...]:
    if match is None:
        return ()
    known = catalog.known.models(match.hub, [match.model_id]).get(match.model_id)
    return licence_words(known.model.licence) if known else ()
