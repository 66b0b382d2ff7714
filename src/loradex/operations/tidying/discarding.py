"""Put models into the trash because a person says so, and tell what that would cost.

`advising` proposes only what a hub still gives to everybody. This takes what it is told to take:
the trash gives it back. So that nobody is surprised when the trash is emptied one day, each model
comes with what speaks for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.domain.library import FileState
from loradex.domain.plans import MovePlan
from loradex.operations.moves.trash_can import TrashKind
from loradex.operations.tidying.advising import again
from loradex.operations.tidying.chosen import about_models, chosen_ids
from loradex.operations.tidying.keeping import Wish, draw_up


@dataclass(frozen=True, slots=True)
class Discard:
    """Which models go."""

    query: str = ""
    models: frozenset[int] | None = None
    """Of what the query finds, only these; None: all of it."""
    trash: TrashKind = TrashKind.SYSTEM

    @property
    def about(self) -> dict[str, object]:
        """The same as `plan show` tells it."""
        return {"query": self.query, "anyway": True, **about_models(self.models)}


@dataclass(frozen=True, slots=True)
class Loss:
    """What is lost with a model once the trash is emptied."""

    content_id: int
    name: str
    files: int
    nbytes: int
    """Of all its files."""
    again: str
    """The command that fetches it from a hub; empty when no hub is known to give it."""
    rating: int | None
    favourite: bool
    judged: bool
    """The person judged it."""
    tags: int
    uses: int
    """Pictures it was used in, by their recipes."""
    grids: int


@dataclass(frozen=True, slots=True)
class DiscardPlan:
    """The plan, and what would be lost, what cannot be had again first."""

    plan: MovePlan
    losses: tuple[Loss, ...]

    @property
    def nbytes(self) -> int:
        """Bytes that go."""
        return sum(loss.nbytes for loss in self.losses)


def plan_discard(catalog: Catalog, discard: Discard) -> DiscardPlan:
    """Return the plan that puts all files of these models into the trash; nothing is written.

    What cannot go becomes a conflict. Raises `QueryError`.
    """
    ids = chosen_ids(catalog, discard.query, discard.models)
    files = [
        file for file in catalog.tidying.locations(ids) if file.state != FileState.OFFLINE.value
    ]
    losses = _losses(catalog, ids, [file.content_id for file in files])
    one = losses[0].name if len(losses) == 1 else f"{len(losses):,} models"
    wishes = [Wish(file.file_id, None) for file in files]
    plan = draw_up(catalog, "trash", f"Trash {one}", wishes, trash=discard.trash)
    return DiscardPlan(plan, losses)


def _losses(catalog: Catalog, ids: list[int], places: list[int]) -> tuple[Loss, ...]:
    fetched = again(catalog, ids)
    uses = catalog.tidying.uses(ids)
    counts: dict[int, int] = {}
    for content_id in places:
        counts[content_id] = counts.get(content_id, 0) + 1
    losses = []
    for row in catalog.rows([id_ for id_ in ids if id_ in counts]):
        use = uses.get(row.id)
        losses.append(
            Loss(
                content_id=row.id,
                name=row.name,
                files=counts[row.id],
                nbytes=row.size * counts[row.id],
                again=fetched.get(row.id, ""),
                rating=row.rating,
                favourite=row.favourite,
                judged=bool(use and use.verdicts),
                tags=len(row.tags),
                uses=use.uses if use else 0,
                grids=use.grids if use else 0,
            )
        )
    return tuple(sorted(losses, key=lambda loss: (bool(loss.again), -loss.nbytes)))
