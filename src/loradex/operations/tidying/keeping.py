"""Keep a plan from a list of what shall go where, whoever wants it.

    plan_id = keep_plan(
        catalog,
        "doctor",                                # the plan's kind, one word
        "LoRAs that lie among checkpoints",      # what a person reads in `loradex plan list`
        [
            Wish(file_id, Place(library.id, os.fsencode(library.root), b"loras/neon.safetensors")),
            Wish(other_file_id, None),           # into the trash
            Wish(Place(library.id, os.fsencode(library.root), b"old.civitai.info"), None),
        ],
    )

A wish for a model (the catalog's id of its file) takes its sidecars and shards along, or leaves all
of them; one for a place is for that file alone. What cannot be done becomes a conflict of the plan,
with the reason. Nothing is written but the plan: `loradex apply` does it, `loradex undo` takes it
back. `draw_up` returns the plan without keeping it.
"""

# ruff: noqa: PTH114 - names are bytes here, which pathlib does not take

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from loradex.catalog.catalog import Catalog
from loradex.catalog.plan_store import KnownPlace
from loradex.domain.library import Layout
from loradex.domain.plans import Action, Conflict, LinkKind, MovePlan, Place
from loradex.operations.layouts.names import kind_by_name
from loradex.operations.moves.emptying import with_emptied_folders
from loradex.operations.moves.planning import Draft, Loose, Stays, Wanted, plan_moves
from loradex.operations.moves.trash_can import TrashKind, slot_for

_NO_TRASH = "Its disk has no trash folder that can be written to."


@dataclass(frozen=True, slots=True)
class Wish:
    """A file that shall go to a place, or into the trash (`target` is None)."""

    source: int | Place
    """The catalog's id of a model's file, or the place of any other file."""
    target: Place | None
    kept: int | None = None
    """Of a file in the trash: the id of one with the same bytes, without which it stays."""
    link: LinkKind | None = None
    """What is left in its place: a link to the one that is kept."""


def keep_plan(
    catalog: Catalog,
    kind: str,
    note: str,
    wishes: Iterable[Wish],
    *,
    about: Mapping[str, object] | None = None,
    trash: TrashKind = TrashKind.SYSTEM,
) -> int:
    """Keep a plan of these wishes; return its number. `about` says what was asked for."""
    plan = draw_up(catalog, kind, note, wishes, trash=trash)
    return catalog.plans.add(plan, json.dumps(dict(about or {})))


def draw_up(
    catalog: Catalog,
    kind: str,
    note: str,
    wishes: Iterable[Wish],
    *,
    conflicts: Iterable[Conflict] = (),
    trash: TrashKind = TrashKind.SYSTEM,
) -> MovePlan:
    """Return the plan of these wishes, with conflicts for those that cannot be done.

    `conflicts` are those that are known before. Folders that it leaves empty go, but for those in
    which a tool looks for models.
    """
    wishes = list(wishes)
    known = _known(catalog, wishes)
    links = _links_to(catalog, known.values())
    stays = list(conflicts)
    wanted: list[Wanted] = []
    loose: list[Loose] = []
    for wish in wishes:
        source = known.get(wish.source) if isinstance(wish.source, int) else wish.source
        if source is None:
            continue  # the catalog does not have it any more
        place = source.place if isinstance(source, KnownPlace) else source
        target = wish.target or slot_for(place, trash, os.environ)
        action = Action.MOVE if wish.target else Action.TRASH
        if target is None:
            file_id = source.file_id if isinstance(source, KnownPlace) else None
            stays.append(Conflict(place, _NO_TRASH, file_id=file_id))
        elif isinstance(source, KnownPlace):
            kept = known.get(wish.kept) if wish.kept is not None else None
            to_it = tuple(links.get(place.path, ()))
            wanted.append(
                Wanted(source, target, action=action, kept=kept, link=wish.link, links=to_it)
            )
        else:
            loose.append(Loose(source, target, action))
    plan = _with_loose(plan_moves(kind, note, wanted), loose)
    plan = replace(plan, conflicts=(*stays, *plan.conflicts))
    return with_emptied_folders(plan, folders_that_stay(catalog))


def folders_that_stay(catalog: Catalog) -> Callable[[Place], bool]:
    """Return a test for folders that stay also when they are empty: a tool looks into them."""
    libraries = {library.id: library for library in catalog.files.libraries()}
    folders = {id_: set(catalog.libraries.folders(id_)) for id_ in libraries}

    def stays(place: Place) -> bool:
        library = libraries.get(place.library_id)
        if library is None:
            return True
        relative = os.fsdecode(place.relative)
        of_a_tool = library.layout is not Layout.PLAIN and "/" not in relative
        return relative in folders[library.id] or (
            of_a_tool and (relative == "models" or kind_by_name(relative) is not None)
        )

    return stays


def _known(catalog: Catalog, wishes: Iterable[Wish]) -> dict[int, KnownPlace]:
    ids = {wish.source for wish in wishes if isinstance(wish.source, int)}
    ids |= {wish.kept for wish in wishes if wish.kept is not None}
    return {place.file_id: place for place in catalog.plans.places(ids)}


def _links_to(catalog: Catalog, known: Iterable[KnownPlace]) -> dict[bytes, list[KnownPlace]]:
    """Return the symbolic links of the libraries by the files they lead to.

    A link is a place of the same content, so only contents with several places are asked for.
    """
    contents = sorted({place.content_id for place in known if place.content_id is not None})
    several: list[int] = []
    for _, same in groupby(catalog.tidying.locations(contents), key=lambda one: one.content_id):
        ids = [one.file_id for one in same]
        several += ids if len(ids) > 1 else []
    found: dict[bytes, list[KnownPlace]] = {}
    for each in catalog.plans.places(several):
        if os.path.islink(each.place.path):
            found.setdefault(os.path.realpath(each.place.path), []).append(each)
    return found


def _with_loose(plan: MovePlan, loose: Iterable[Loose]) -> MovePlan:
    draft = Draft(list(plan.steps), list(plan.conflicts))
    for each in loose:
        if any(step.source == each.source for step in plan.steps):
            continue  # it goes with its model
        try:
            draft.add_loose(each)
        except Stays as reason:
            draft.conflicts.append(Conflict(each.source, str(reason)))
    return draft.plan(plan.kind, plan.note)
