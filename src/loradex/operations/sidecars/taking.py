"""Make a person's own what they wrote in another tool: notes and favourites.

Only where the person has none here, and only when they ask: no import writes to what is the
person's by itself. What was taken once, and taken off since, does not come back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.person_store import NOTE_LIMIT
from loradex.operations.sidecars.claims_json import read_claims
from loradex.operations.sidecars.judging import SidecarState

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.catalog.sidecar_store import StoredClaims
    from loradex.plugin_manager import FencedDialect

_REFUSED = (SidecarState.REFUSED.value, SidecarState.OTHER.value)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a person wrote about a model in another tool, and has nothing of the kind here."""

    content_id: int
    sidecar_id: int
    note: str
    """Empty where there is none to be taken."""
    favourite: bool
    taken: str
    """What the sidecar's row is to say once it is taken."""


def offers(
    catalog: Catalog, dialects: Sequence[FencedDialect], content_ids: Sequence[int]
) -> list[Offer]:
    """Return what could become the person's own; of several tools' notes the best ranked one's."""
    ranks = {dialect.name: dialect.rank for dialect in dialects}
    people = catalog.sidecars.people(content_ids)
    found = []
    for id_, stored in catalog.sidecars.claims(content_ids).items():
        note, favourite = people.get(id_, ("", False))
        ordered = sorted(stored, key=lambda each: (ranks.get(each.dialect, 1000), -each.mtime_ns))
        for offer in _offers(id_, ordered, has_note=bool(note), has_favourite=favourite):
            found.append(offer)
            break
    return found


def take(catalog: Catalog, some: Sequence[Offer]) -> None:
    """Write these notes and favourites as the person's own."""
    favourites = [offer.content_id for offer in some if offer.favourite]
    if favourites:
        catalog.person.set_favourite(favourites, True)
    for offer in some:
        if offer.note:
            catalog.person.set_note(offer.content_id, offer.note)
    catalog.sidecars.mark_taken({offer.sidecar_id: offer.taken for offer in some})


def _offers(
    content_id: int, stored: Sequence[StoredClaims], *, has_note: bool, has_favourite: bool
) -> Iterator[Offer]:
    for each in stored:
        if each.state in _REFUSED:
            continue
        claims = read_claims(each.claims)
        before = json.loads(each.taken or "{}")
        digest = hashlib.sha256(claims.note.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        wants_note = (
            bool(claims.note)
            and not has_note
            and len(claims.note) <= NOTE_LIMIT
            and before.get("note") != digest
        )
        wants_favourite = claims.favourite and not has_favourite and not before.get("favourite")
        if wants_note or wants_favourite:
            taken = dict(before)
            if wants_note:
                taken["note"] = digest
            if wants_favourite:
                taken["favourite"] = True
            yield Offer(
                content_id,
                each.sidecar_id,
                claims.note if wants_note else "",
                wants_favourite,
                json.dumps(taken),
            )
